"""A small cast: one rally, a few cities, and people who pledge from them."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from maps import gazetteer as gazetteers
from maps.gazetteer import Place, gazetteer
from maps.models import City
from pledges import addresses, announcing, mailroom, planning, pledging, sealing, tally, trustees
from pledges.models import Announcement, Letter, Pledge, Rally, Staff
from pledges.models.announcement import Kind
from pledges.pledging import Where
from pledges.publishing import reading, snapshot
from pledges.publishing.reading import Published
from rallyreg import catcher as catching
from rallyreg.embedded.process import wait_until
from rallyreg.embedded.programs import free_port

NOON = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)
DAY, AT = date(2026, 4, 21), time(19, 0)
TEXTS = {
    "en": {"subject": "The date", "body": "We meet.", "reason": "Time is short."},
    "ru": {"subject": "Дата", "body": "Встречаемся.", "reason": "Время не ждёт."},
}
CITIES = Path(gazetteers.__file__).parent / "data" / "cities.csv"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The places are loaded once, before all tests; no test changes them for another."""
    with django_db_blocker.unblock():
        gazetteers.load(CITIES)


@pytest.fixture
def places(db: None) -> Iterator[None]:
    """The places are there, also after a test that emptied the tables to commit for real."""
    if not City.objects.exists():
        gazetteers.load(CITIES)
    gazetteers.reset()
    reading.forget()
    cache.clear()
    yield
    gazetteers.reset()
    reading.forget()


@pytest.fixture
def keys_dir(settings: Any, tmp_path: Path) -> Path:
    """Rally keys of the tests lie in a folder of their own."""
    settings.KEYS_DIR = tmp_path / "keys"
    return settings.KEYS_DIR


@pytest.fixture
def rally(places: None, keys_dir: Path) -> Rally:
    return Rally.objects.create(
        slug="clean-air",
        texts={
            "en": {"title": "Clean Air", "cause": "For clean air", "asks": "The committee asks", "about": "About us"},
            "ru": {"title": "Чистый воздух", "cause": "За чистый воздух", "asks": "Зовёт комитет", "about": "О нас"},
        },
        threshold=100,
        opens_at=NOON - timedelta(days=1),
        public_key=trustees.make_key_here("clean-air"),
    )


@pytest.fixture
def kazan(places: None) -> Place:
    return gazetteer().by_id[551487]


@pytest.fixture
def tver(places: None) -> Place:
    return gazetteer().by_id[480060]


@pytest.fixture
def berlin(places: None) -> Place:
    return gazetteer().by_id[2950159]


def where(place: Place) -> Where:
    return Where(place.region_id, place.id)


@pytest.fixture
def ask(rally: Rally) -> Callable[..., Pledge]:
    """Somebody fills in the form; no letter has been written yet."""

    def asked(
        place: Place, address: str, *, forget: bool = False, language: str = "en", now: datetime = NOON
    ) -> Pledge:
        sealed = sealing.seal_to_mailroom(address, slug=rally.slug)
        handle = pledging.make_pledge(
            rally=rally, where=where(place), sealed=sealed, forget=forget, language=language, now=now
        )
        return Pledge.objects.get(handle_hash=sealing.token_hash(handle))

    return asked


@pytest.fixture
def mailed(ask: Callable[..., Pledge]) -> Callable[..., Pledge]:
    """Their letter is written, as the mailroom does before it sends."""

    def written(place: Place, address: str, *, now: datetime = NOON, **more: Any) -> Pledge:
        pledge = ask(place, address, now=now, **more)
        mailroom.prepare(Letter.objects.select_related("pledge__rally").get(pk=pledge.pk), now=now)
        Pledge.objects.filter(pk=pledge.pk).update(mailed_at=pledging.to_minute(now))
        return Pledge.objects.get(pk=pledge.pk)

    return written


@pytest.fixture
def pledge_from(mailed: Callable[..., Pledge]) -> Callable[..., Pledge]:
    """They confirm."""

    def confirmed(place: Place, address: str, *, now: datetime = NOON, **more: Any) -> Pledge:
        return pledging.confirm(mailed(place, address, now=now, **more).pk, now=now)

    return confirmed


@pytest.fixture
def count(rally: Rally) -> Callable[..., Rally]:
    """One tick of the tally worker; the rally as it is then."""

    def ticked(now: datetime = NOON) -> Rally:
        tally.fold(rally.pk, now=now)
        snapshot.publish(rally.pk, now=now)
        reading.forget()
        rally.refresh_from_db()
        return rally

    return ticked


@pytest.fixture
def published(rally: Rally, count: Callable[..., Rally]) -> Callable[..., Published]:
    """The rally as published, with whatever a test says of it."""
    count()
    body = reading.read(rally.slug).body

    def seen(figures=None, announcement=None, **changed):
        cities = [(figures or {}).get(place.id) for place in gazetteer().places]
        found = Published(body | {"cities": cities, "cities_version": gazetteer().version} | changed)
        if announcement:
            found.__dict__["announcement"] = announcement  # as if it had been read
        return found

    return seen


@pytest.fixture
def organizer(db: None) -> Staff:
    return Staff.objects.create_staff(email="organizer@example.org", role="organizer", password=None)


@pytest.fixture
def admin(db: None) -> Staff:
    return Staff.objects.create_staff(email="admin@example.org", role="admin", password=None)


@pytest.fixture
def sites(rally: Rally, kazan: Place, organizer: Staff) -> None:
    planning.put_site(
        rally=rally,
        city=kazan,
        place={"en": "Freedom Square", "ru": "площадь Свободы"},
        note={"en": "By the fountain", "ru": "У фонтана"},
        by=organizer,
        now=NOON,
        latitude=55.79,
        longitude=49.12,
    )


@pytest.fixture
def plan(rally: Rally, sites: None, organizer: Staff) -> Callable[..., Announcement]:
    """The organizer drafts."""

    def drafted(kind: Kind = Kind.DATE, **more: Any) -> Announcement:
        options = {"texts": TEXTS, "day": DAY, "at": AT, "by": organizer, "now": NOON} | more
        return announcing.draft(rally=rally, kind=kind, **options)

    return drafted


@pytest.fixture
def approved(plan: Callable[..., Announcement], admin: Staff) -> Callable[..., Announcement]:
    """And the admin approves."""

    def ready(kind: Kind = Kind.DATE, **more: Any) -> Announcement:
        drafted = plan(kind, **more)
        announcing.approve(announcement=drafted, seen_hash=drafted.content_hash, by=admin, now=NOON)
        return drafted

    return ready


def mailbox(address: str) -> bytes:
    return sealing.fingerprint(addresses.canonical(address))


class CaughtMail:
    """The mail catcher of this run of the tests."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def mails(self) -> list[EmailMessage]:
        """What has arrived in this test, oldest first."""
        return [message_from_bytes(raw, policy=SMTP) for raw in self.raw()]

    def raw(self) -> list[bytes]:
        return [path.read_bytes() for path in catching.mails(self.directory)]


@pytest.fixture(scope="session")
def catcher_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    directory, port = tmp_path_factory.mktemp("mail"), free_port()
    command = [sys.executable, "-m", "rallyreg.catcher", "--port", str(port), "--dir", str(directory)]
    with subprocess.Popen(command) as process:
        assert wait_until(lambda: _listens(port), seconds=20)
        yield directory, port
        process.terminate()


@pytest.fixture
def catcher(catcher_process: tuple[Path, int], settings: Any) -> CaughtMail:
    directory, port = catcher_process
    for path in catching.mails(directory):
        path.unlink()
    settings.EMAIL_URLS = [f"smtp://127.0.0.1:{port}"]
    return CaughtMail(directory)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
