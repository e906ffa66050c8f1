import io
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from maps.gazetteer import Place
from pledges import mailroom, sealing, tally, trustees
from pledges.models import (
    AnnouncementLetter,
    Change,
    CityTally,
    Letter,
    Pledge,
    PublishedTally,
    Rally,
    Record,
    SealedAddress,
    Staff,
)
from pledges.models.announcement import Announcement, Kind

from .conftest import NOON


def run(command: str, *args: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


# --- simulate ---


@pytest.fixture(autouse=True)
def trying_out(settings: Any) -> None:
    settings.DEBUG = True


def test_simulate_refuses_where_people_are_counted_in_earnest(rally: Rally, settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG"):
        run("simulate", rally="clean-air", pledges=1)
    assert not Pledge.objects.exists()


def test_simulated_pledges_are_tallied_exactly(rally: Rally) -> None:
    out = run("simulate", rally="clean-air", pledges=12)

    rally.refresh_from_db()
    assert rally.confirmed == Pledge.objects.counted().count() == 12
    assert tally.differences(rally.pk) == []
    assert "clean-air: 12 confirmed, 0 removed, recount equal" in out


def test_simulated_mailboxes_are_new_ones_in_each_run(rally: Rally) -> None:
    run("simulate", rally="clean-air", pledges=3)
    run("simulate", rally="clean-air", pledges=3)

    assert Pledge.objects.values("fingerprint").distinct().count() == 6


def test_simulated_mailboxes_that_ask_to_be_forgotten_leave_no_address(rally: Rally) -> None:
    run("simulate", rally="clean-air", pledges=4, forget=1)

    assert Pledge.objects.filter(forget=True).count() == 4
    assert not SealedAddress.objects.exists()


def test_a_mailroom_at_work_finds_no_simulated_letter_to_send(rally: Rally) -> None:
    run("simulate", rally="clean-air", pledges=2)

    assert mailroom.claim(now=NOON + timedelta(days=5000)) == []
    assert not Letter.objects.exists()
    assert not Pledge.objects.filter(mailed_at=None).exists()


def test_simulate_keeps_to_its_rate(rally: Rally) -> None:
    out = run("simulate", rally="clean-air", pledges=4, rate=10)

    *_, rate = re.findall(r"s, (\d+) a second", out)
    assert int(rate) <= 14  # four in 0.3 s: the first needs no waiting


def test_simulate_refuses_without_the_mailrooms_keys(rally: Rally, settings: Any) -> None:
    settings.MAILROOM_KEY = {}

    with pytest.raises(CommandError, match="mailroom's keys"):
        run("simulate", rally="clean-air", pledges=1)


def test_simulate_refuses_a_rally_that_is_over(rally: Rally) -> None:
    Rally.objects.update(over_at=NOON)

    with pytest.raises(CommandError, match="takes no pledges"):
        run("simulate", rally="clean-air", pledges=1)


def test_simulate_refuses_a_rally_that_is_not_there(places: None) -> None:
    with pytest.raises(CommandError, match="no rally elsewhere"):
        run("simulate", rally="elsewhere", pledges=1)


# --- recount ---


def test_recount_check_passes_where_tallies_and_waiting_changes_equal_the_pledges(
    pledge_from: Callable[..., Pledge], kazan: Place, count: Callable[..., Rally]
) -> None:
    pledge_from(kazan, "ada@example.org")
    count()
    pledge_from(kazan, "bob@example.org")

    assert "exact" in run("recount", check=True)


def test_recount_check_fails_on_a_planted_error_and_names_the_place(
    pledge_from: Callable[..., Pledge], kazan: Place, count: Callable[..., Rally]
) -> None:
    pledge_from(kazan, "ada@example.org")
    count()
    CityTally.objects.filter(city_id=kazan.id).update(confirmed=5)
    out = io.StringIO()

    with pytest.raises(CommandError, match="clean-air") as failed:
        call_command("recount", check=True, stdout=out)

    assert failed.value.returncode == 1
    assert "Kazan: tally (5, 0), pledges (1, 0)" in out.getvalue()


def test_recount_mends_a_planted_error(
    pledge_from: Callable[..., Pledge], kazan: Place, tver: Place, count: Callable[..., Rally]
) -> None:
    pledge_from(kazan, "ada@example.org")
    pledge_from(tver, "bob@example.org")
    rally = count()
    CityTally.objects.filter(city_id=kazan.id).update(confirmed=5)
    Rally.objects.update(confirmed=7)

    out = run("recount", rally="clean-air")

    rally.refresh_from_db()
    assert "clean-air: rebuilt" in out
    assert rally.confirmed == 2
    assert "exact" in run("recount", check=True)


def test_recount_check_changes_nothing(
    pledge_from: Callable[..., Pledge], kazan: Place, count: Callable[..., Rally]
) -> None:
    pledge_from(kazan, "ada@example.org")
    count()
    Rally.objects.update(confirmed=7)

    with pytest.raises(CommandError):
        run("recount", check=True)

    assert Rally.objects.get().confirmed == 7


# --- verify_ledger ---


@pytest.fixture
def ledger_file(pledge_from: Callable[..., Pledge], kazan: Place, count: Callable[..., Rally], tmp_path: Path) -> Path:
    """Three rows."""
    for minute in range(3):
        pledge_from(kazan, f"mailbox-{minute}@example.org")
        rally = count(NOON + timedelta(minutes=minute))
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(f"{row.line}\n" for row in rally.ledger.order_by("n")), encoding="utf-8")
    return path


def test_verify_ledger_passes_an_untouched_file(ledger_file: Path) -> None:
    assert run("verify_ledger", str(ledger_file)).strip() == "3 rows verified, last total 3"


def test_verify_ledger_finds_a_changed_row(ledger_file: Path) -> None:
    lines = ledger_file.read_text(encoding="utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"confirmed": 200})
    ledger_file.write_text("\n".join(lines), encoding="utf-8")

    with pytest.raises(CommandError, match="row 2 has been changed") as failed:
        run("verify_ledger", str(ledger_file))

    assert failed.value.returncode == 1


def test_verify_ledger_finds_a_row_left_out(ledger_file: Path) -> None:
    lines = ledger_file.read_text(encoding="utf-8").splitlines()
    ledger_file.write_text("\n".join([lines[0], lines[2]]), encoding="utf-8")

    with pytest.raises(CommandError, match="row 2 does not follow"):
        run("verify_ledger", str(ledger_file))


def test_verify_ledger_reads_stdin(ledger_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(ledger_file.read_text(encoding="utf-8")))

    assert "3 rows verified" in run("verify_ledger", "-")


@pytest.fixture
def ledger_url(ledger_file: Path) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/ledger.jsonl" else 404)
            self.end_headers()
            self.wfile.write(ledger_file.read_bytes())

        def log_message(self, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ledger.jsonl"
    server.shutdown()
    server.server_close()


def test_verify_ledger_reads_an_address(ledger_url: str) -> None:
    assert "3 rows verified" in run("verify_ledger", ledger_url)


@pytest.mark.parametrize("end", ["nowhere", "/no/such/file"])
def test_verify_ledger_says_what_it_cannot_read(ledger_url: str, end: str) -> None:
    source = ledger_url.replace("ledger.jsonl", end) if end == "nowhere" else end

    with pytest.raises(CommandError, match="cannot be read"):
        run("verify_ledger", source)


# --- make_rally_key ---


def shares_in(out: str) -> list[str]:
    """The shares as a trustee would type them from paper."""
    parts = out.split("Share ")[1:]
    return [" ".join(re.findall(r"\d+\. ([a-z]+)", part)) for part in parts]


def pinned_in(out: str) -> bytes:
    slug, _, public = out.strip().splitlines()[-1].partition(":")
    assert slug == "clean-air"
    return sealing.from_text(public)


def test_any_two_of_three_shares_open_the_key_and_one_does_not(rally: Rally) -> None:
    out = run("make_rally_key", rally="clean-air", shares=3, threshold=2)

    shares = shares_in(out)
    assert len(shares) == 3
    for pair in itertools.combinations(shares, 2):
        assert trustees.public_half(trustees.combine(pair)) == pinned_in(out)
    with pytest.raises(trustees.SharesDoNotFit):
        trustees.combine(shares[:1])


def test_the_public_half_is_stored_with_the_rally_and_recorded_without_shares(rally: Rally) -> None:
    out = run("make_rally_key", rally="clean-air", shares=3, threshold=2)

    rally.refresh_from_db()
    assert bytes(rally.public_key or b"") == pinned_in(out)
    recorded = json.dumps(list(Record.objects.filter(act="rally key made").values_list("detail", flat=True)))
    assert sealing.to_text(pinned_in(out)) in recorded
    assert not any(word in recorded.split('"') for word in shares_in(out)[0].split())


def test_a_key_can_be_made_before_its_rally(db: None) -> None:
    assert pinned_in(run("make_rally_key", rally="clean-air", shares=1, threshold=1))


def test_a_rally_that_holds_addresses_gets_no_second_key(
    rally: Rally, pledge_from: Callable[..., Pledge], kazan: Place
) -> None:
    pledge_from(kazan, "ada@example.org")

    with pytest.raises(CommandError, match="sealed to its present key"):
        run("make_rally_key", rally="clean-air", shares=3, threshold=2)

    assert bytes(Rally.objects.get().public_key or b"") == bytes(rally.public_key or b"")


@pytest.mark.parametrize(("shares", "threshold"), [(2, 3), (3, 1), (17, 2), (0, 0)])
def test_impossible_shares_are_refused(db: None, shares: int, threshold: int) -> None:
    with pytest.raises(CommandError):
        run("make_rally_key", rally="clean-air", shares=shares, threshold=threshold)


# --- shred ---


@pytest.fixture
def full(
    rally: Rally,
    pledge_from: Callable[..., Pledge],
    ask: Callable[..., Pledge],
    kazan: Place,
    count: Callable[..., Rally],
    organizer: Staff,
) -> Rally:
    """A rally that holds some of everything."""
    pledge = pledge_from(kazan, "ada@example.org")
    count()
    pledge_from(kazan, "bob@example.org")
    ask(kazan, "eve@example.org")
    news = Announcement.objects.create(
        rally=rally, kind=Kind.NEWS, content={}, content_hash="", drafted_by=organizer, drafted_at=NOON
    )
    AnnouncementLetter.objects.create(announcement=news, pledge=pledge)
    return rally


def test_shredding_leaves_no_row_and_keeps_what_was_published(full: Rally) -> None:
    Rally.objects.update(over_at=NOON)
    published = list(PublishedTally.objects.values_list("city_id", "confirmed", "shown"))

    out = run("shred", rally="clean-air", yes=True)

    for model in (Pledge, SealedAddress, Letter, AnnouncementLetter, Change):
        assert not model.objects.exists()  # type: ignore[attr-defined]
    full.refresh_from_db()
    assert full.shredded_at
    assert full.confirmed == full.ledger.count() == 1
    assert list(PublishedTally.objects.values_list("city_id", "confirmed", "shown")) == published
    assert re.search(r"3 pledges\n\s+3 letters\n\s+2 sealed addresses\n\s+1 announcement letters\n\s+1 changes", out)
    assert Record.objects.filter(act="rally shredded").count() == 1


def test_shredding_leaves_other_rallies_alone(full: Rally, kazan: Place) -> None:
    Rally.objects.update(cancelled_at=NOON)
    other = Rally.objects.create(slug="other", threshold=10)
    Pledge.objects.create(rally=other, region_id=kazan.region_id, handle_hash=b"1" * 32, asked_at=NOON)

    run("shred", rally="clean-air", yes=True)

    assert Pledge.objects.get().rally == other


def test_shredding_works_in_batches(full: Rally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pledges.shredding.BATCH", 2)

    run("shred", rally="clean-air", yes_really=True)

    assert not Pledge.objects.exists()


def test_a_running_rally_is_shredded_only_if_really_meant(full: Rally) -> None:
    with pytest.raises(CommandError, match="neither over nor cancelled"):
        run("shred", rally="clean-air", yes=True)
    assert Pledge.objects.count() == 3

    run("shred", rally="clean-air", yes_really=True)

    full.refresh_from_db()
    assert not full.is_taking_pledges()
    assert not Pledge.objects.exists()


def test_without_yes_nothing_is_deleted(full: Rally) -> None:
    Rally.objects.update(over_at=NOON)

    with pytest.raises(CommandError, match="--yes"):
        run("shred", rally="clean-air")

    assert Pledge.objects.count() == 3


def test_a_shredded_rally_is_not_recounted(full: Rally) -> None:
    run("shred", rally="clean-air", yes_really=True)

    run("recount", check=True)
    with pytest.raises(CommandError, match="shredded"):
        run("recount", check=True, rally="clean-air")
