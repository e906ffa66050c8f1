"""The crossing announces itself: to the page, the calendar, the feed, and once to everyone who pledged."""

import base64
import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.journeys.systems import PATIENCE, Console, System, eventually, link_in

VLADIVOSTOK, TVER, MOSCOW = 2013348, 480060, 524901
DAY = datetime.now(UTC).date() + timedelta(days=30)
ISO, SHORT = DAY.isoformat(), f"{DAY:%Y%m%d}"
SUBJECTS = {"en": "The date is set", "ru": "Дата назначена"}
SITES = {
    VLADIVOSTOK: {"place_en": "Harbour Square", "place_ru": "площадь у порта", "note_en": "By the anchor"},
    MOSCOW: {"place_en": "River Meadow", "place_ru": "луг у реки", "latitude": "55.7", "longitude": "37.5"},
}
WORDS = {"kind": "date", "day": ISO, "at": "14:00", "form": "march"}
WORDS |= {f"subject_{language}": subject for language, subject in SUBJECTS.items()}
WORDS |= {"body_en": "We come together.", "body_ru": "Мы собираемся.", "reason_en": "", "reason_ru": ""}

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def organizer(system: System) -> Console:
    return system.staff("olga@example.org", "organizer")


@pytest.fixture(scope="module")
def admin(system: System) -> Console:
    return system.staff("anna@example.org", "admin")


@pytest.fixture(scope="module")
def plan(system, organizer, admin):
    """An open rally whose plan one member of staff has drafted and another has approved, at the console."""

    def approved(slug: str, threshold: int) -> str:
        system.open_rally(slug, threshold)
        for city, words in SITES.items():
            assert "/plan/" in organizer.submit(f"/plan/{slug}/{city}/", words | {"status": "planned"}).url
        drafted = organizer.submit(f"/announce/new/?rally={slug}", WORDS)
        path = re.search(r"/announce/\d+/", drafted.url)[0]
        seen = re.search(r'name="hash" value="(\w{64})"', admin.get(path).text)[1]
        assert admin.submit(path, {"hash": seen}, to=f"{path}approve/").status == 200
        return slug

    return approved


def ask(system, rally, name, city, language):
    system.browser.post(f"/{language}/{rally}/pledge/", {"city": city, "email": f"{name}@example.org"})


def confirm(system, name):
    """Press the button behind the letter's link; the letter."""
    letter = system.letter_to(f"{name}@example.org")
    system.browser.post(link_in(letter, "confirm"), {})
    return letter


def pledge(system, rally, name, city, language):
    """The whole way into the count; the confirmation letter."""
    ask(system, rally, name, city, language)
    return confirm(system, name)


def announcements_to(system, name):
    return [mail for mail in system.mail_to(f"{name}@example.org") if mail["Subject"] in SUBJECTS.values()]


def text_of(mail):
    return mail.get_body("plain").get_content()


def status(system, rally):
    return system.browser.json(f"/api/v1/{rally}/tally.json")["status"]


def is_signed(told):
    """Whether the signature holds, checked as a stranger would."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told["public_key"]))
    signed = {name: told[name] for name in told.keys() - {"sha256", "public_key", "signature"}}
    said = json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    key.verify(base64.b64decode(told["signature"]), said)  # raises where it does not
    return True


@pytest.fixture(scope="module")
def announced(system, plan):
    """A rally of one, announced, whose letter is out."""
    rally = plan("announced", threshold=1)
    pledge(system, rally, "early-bird", VLADIVOSTOK, "en")
    assert eventually(lambda: announcements_to(system, "early-bird"))
    return rally


def test_the_crossing_announces_itself_to_the_page_and_once_to_everyone(system, plan):
    rally, browser = plan("crossing", threshold=8), system.browser
    people = {f"{word}-{city}-{n}": (city, word) for city in (VLADIVOSTOK, TVER) for word in ("en", "ru") for n in "12"}
    for name, (city, language) in people.items():
        ask(system, rally, name, city, language)
    for name in people:
        assert "14:00" not in confirm(system, name)
    assert eventually(lambda: status(system, rally) == "announced")

    assert eventually(lambda: all(announcements_to(system, name) for name in people))
    for name, (city, language) in people.items():
        (mail,) = announcements_to(system, name)
        said = text_of(mail)
        assert mail["Subject"] == SUBJECTS[language]
        assert f"{DAY.day}" in said
        assert "14:00" in said
        own = {"en": "Harbour Square", "ru": "площадь у порта"}[language]
        local = {"en": "Vladivostok, local time", "ru": "Владивосток"}[language]
        if city == VLADIVOSTOK:
            assert own in said
            assert local in said
        else:  # Tver has no site: the nearest city that has one comes first
            assert own not in said
            assert re.search(r"^- (\S+)", said, re.M)[1] == {"en": "Moscow", "ru": "Москва"}[language]

    assert eventually(lambda: SUBJECTS["en"] in browser.get(f"/en/{rally}/").text)
    assert f'datetime="{ISO}T14:00"' in browser.get(f"/en/{rally}/").text
    city = browser.get(f"/en/{rally}/cities/{VLADIVOSTOK}/").text
    assert "Harbour Square" in city
    assert f'datetime="{ISO}T14:00:00+10:00"' in city
    assert f"/cities/{MOSCOW}/" in browser.get(f"/en/{rally}/cities/{TVER}/").text
    assert f"DTSTART:{SHORT}T140000\r" in browser.get(f"/en/{rally}/rally.ics").text.replace("\n", "\r")
    ics = browser.get(f"/en/{rally}/cities/{VLADIVOSTOK}/rally.ics").text
    assert f"DTSTART:{SHORT}T040000Z" in ics
    assert "Harbour Square" in ics
    assert SUBJECTS["ru"] in browser.get(f"/ru/{rally}/feed.atom").text
    told = browser.json(f"/api/v1/{rally}/announcement.json")["announcement"]
    assert (told["number"], told["content"]["date"]) == (1, ISO)
    assert set(told["content"]["sites"]) == {str(city) for city in SITES}
    assert is_signed(told)
    told["content"]["date"] = "2000-01-01"
    with pytest.raises(InvalidSignature):
        is_signed(told)


def test_a_late_joiner_learns_date_and_site_from_the_confirmation_letter_and_gets_no_second_one(system, announced):
    with system.database() as database:  # two minutes pass
        database.execute(
            "UPDATE pledges_announcement SET published_at = published_at - interval '2 minutes' WHERE rally_id = %s",
            [rally_id(database, announced)],
        )

    before = system.count(announced)
    letter = pledge(system, announced, "late-1", VLADIVOSTOK, "en")
    assert f"{DAY:%B} {DAY.year}, 14:00 (Vladivostok, local time)" in letter
    assert "Harbour Square" in letter
    assert eventually(lambda: system.count(announced) == before + 1)
    letters_are_written_again(system, announced)

    assert len(system.mail_to("late-1@example.org")) == 1
    assert len(announcements_to(system, "early-bird")) == 1


def test_a_joiner_of_the_same_minute_gets_no_second_letter_either(system, announced):
    before = system.count(announced)

    assert "Harbour Square" in pledge(system, announced, "late-2", VLADIVOSTOK, "en")
    assert eventually(lambda: system.count(announced) == before + 1)
    with system.database() as database:  # as if both had happened in one minute, whatever the clock said meanwhile
        of_rally = [rally_id(database, announced)]
        database.execute(
            "UPDATE pledges_announcement SET published_at = date_trunc('minute', published_at) + interval '59 s'"
            " WHERE rally_id = %s",
            of_rally,
        )
        database.execute(
            "UPDATE pledges_pledge SET mailed_at = date_trunc('minute', a.published_at) FROM pledges_announcement a"
            " WHERE a.rally_id = pledges_pledge.rally_id AND a.rally_id = %s",
            of_rally,
        )
    letters_are_written_again(system, announced)

    assert not announcements_to(system, "late-2")


def rally_id(database, slug):
    return database.execute("SELECT id FROM pledges_rally WHERE slug = %s", [slug]).fetchone()[0]


def letters_are_written_again(system, rally):
    """Let the announcer look once more who is owed a letter, as it does each minute, and send to them."""
    with system.database() as database:
        of_rally = [rally_id(database, rally)]
        database.execute("UPDATE pledges_announcement SET letters_written_at = NULL WHERE rally_id = %s", of_rally)
        written = "SELECT letters_written_at IS NOT NULL FROM pledges_announcement WHERE rally_id = %s"
        assert eventually(lambda: database.execute(written, of_rally).fetchone()[0])
        waiting = """
            SELECT count(*) FROM pledges_announcementletter l JOIN pledges_announcement a ON a.id = l.announcement_id
            WHERE a.rally_id = %s AND l.state = 0
        """
        assert eventually(lambda: database.execute(waiting, of_rally).fetchone() == (0,))


def test_killing_the_announcer_in_mid_run_loses_no_letter_and_repeats_few(system, plan):
    rally = plan("killed", threshold=60)
    folder = system.state / "mail"
    before = len(os.listdir(folder))
    (announcer,) = system.pids("-Q announce")

    with ThreadPoolExecutor() as pool:
        simulation = pool.submit(system.manage, "simulate", "--rally", rally, "--pledges", "60")
        until = time.monotonic() + PATIENCE
        while len(os.listdir(folder)) < before + 5 and time.monotonic() < until:
            time.sleep(0.0005)
        os.kill(announcer, signal.SIGKILL)
        simulation.result()
    cut = len(os.listdir(folder)) - before
    with system.database() as database:  # six minutes pass: what the dead one had claimed is anybody's again
        database.execute("UPDATE pledges_announcementletter SET claimed_at = claimed_at - interval '6 minutes'")
    assert 5 <= cut < 60

    assert eventually(lambda: len(set(letters_of_the_simulation(system))) == 60)
    letters_are_written_again(system, rally)
    sent = letters_of_the_simulation(system)
    assert len({address for address, _ in sent}) == len({message for _, message in sent}) == len(set(sent)) == 60
    assert len(sent) - 60 <= 20


def letters_of_the_simulation(system):
    mails = [mail for mail in system.mails() if mail["X-RcptTo"].startswith("sim-")]
    return [(mail["X-RcptTo"], mail["Message-ID"]) for mail in mails if mail["Subject"] in SUBJECTS.values()]
