import signal
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from maps.gazetteer import gazetteer
from pledges import pledging, sealing, tally, trustees
from pledges.demo import cast, people, replay
from pledges.demo.curve import curve_2021, through
from pledges.demo.progress import Progress
from pledges.demo.stage import Script, Stage
from pledges.demo.trickle import people_a_minute, trickle
from pledges.models import Announcement, AnnouncementLetter, Letter, Pledge, Rally, SealedAddress
from pledges.models.announcement import LetterState
from pledges.publishing import ledger, reading

from .conftest import CaughtMail

NOW = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)
SMALL = 4_000  # threshold; everything else is in proportion


@pytest.fixture
def quiet() -> Progress:
    return Progress(OutputWrapper(StringIO()))


@pytest.fixture
def demo(places: None, keys_dir: Any, quiet: Progress) -> Rally:
    """A small campaign, as `demo --start` makes it."""
    replay.start(threshold=SMALL, now=NOW, progress=quiet, step=timedelta(hours=6))
    return Rally.objects.get(slug=cast.SLUG)


@pytest.fixture(autouse=True)
def debug(settings: Any) -> None:
    """The test runner turns it off, and the demo runs nowhere without it."""
    settings.DEBUG = True


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("demo", *args, stdout=out, **options)
    return out.getvalue()


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 100_000)), min_size=2, max_size=12))
def test_a_curve_goes_through_its_points_and_never_falls(steps: list[tuple[int, int]]) -> None:
    points, at, total = [], NOW, 0
    for hours, people_more in steps:
        points.append((at, total))
        at, total = at + timedelta(hours=hours), total + people_more

    curve = through(points)

    assert [curve.total_at(at - NOW) for at, _ in points] == [total for _, total in points]
    length = points[-1][0] - NOW
    between = [curve.total_at(length * n / 300) for n in range(301)]
    assert between == sorted(between)


def test_the_curve_of_2021_passes_the_totals_the_trackers_saw() -> None:
    curve = curve_2021()

    assert curve.total_at(timedelta(hours=2, minutes=12)) == 50_000
    assert curve.total_at(timedelta(days=26, hours=4, minutes=37)) == 457_680
    assert curve.total_at(timedelta(0)) == 0
    assert curve.total_at(timedelta(days=100)) == curve.end == 463_565


@pytest.mark.parametrize("total", [1, 50_000, 214_000, 457_680])
def test_the_time_of_a_total_is_the_first_second_that_has_it(total: int) -> None:
    curve = curve_2021()

    at = curve.time_of(total)

    assert curve.total_at(at) >= total > curve.total_at(at - timedelta(seconds=1))


def test_the_capitals_have_their_shares_and_every_city_has_somebody(places: None) -> None:
    crowd = people.crowd_of(gazetteer(), "RU")
    share = {
        place.city_id: high - low
        for place, low, high in zip(crowd.places, (0, *crowd.up_to), crowd.up_to, strict=False)
        if place.city_id
    }

    assert share[524901] == pytest.approx(0.17)
    assert share[498817] == pytest.approx(0.08)
    assert crowd.up_to[-1] == pytest.approx(1)
    assert share.keys() == {place.id for place in gazetteer().places}


def test_start_leaves_the_standing_of_2021_in_proportion(demo: Rally) -> None:
    assert demo.confirmed == Pledge.objects.counted().count() == round(214_000 * SMALL / 500_000)
    assert demo.opens_at
    assert timedelta(hours=30) < NOW - demo.opens_at < timedelta(hours=33)


def test_start_leaves_tallies_equal_to_a_recount(demo: Rally) -> None:
    assert tally.differences(demo.pk) == []
    assert tally.total_difference(demo.pk) == (0, 0)


def test_start_leaves_a_ledger_that_verifies_and_history_along_the_curve(demo: Rally) -> None:
    rows = list(demo.ledger.order_by("n"))
    curve = Script.of(SMALL).curve

    assert ledger.verify(row.line for row in rows) == len(rows) == 6
    assert [row.confirmed for row in rows[:-1]] == [curve.total_at(row.at - demo.opens_at) for row in rows[:-1]]


def test_start_publishes_no_more_in_the_places_than_in_all(demo: Rally) -> None:
    reading.forget()
    published = reading.read(cast.SLUG)

    assert published
    assert published.confirmed == demo.confirmed
    assert 0 < sum(published.cities.values()) + sum(o["confirmed"] for o in published.body["others"]) <= demo.confirmed
    assert 0 < published.today < demo.confirmed


def test_start_leaves_an_approved_plan_ten_days_ahead(demo: Rally) -> None:
    plan = Announcement.objects.ready(demo).get()

    assert plan.date
    assert (plan.date - NOW.date()).days == 10
    assert plan.approved_by_id != plan.drafted_by_id
    assert len(plan.content["sites"]) == cast.SITES


def test_only_invented_supporters_have_an_address_and_none_is_owed_a_letter(demo: Rally) -> None:
    with_address = SealedAddress.objects.filter(pledge__rally=demo)

    assert with_address.count() == Script.of(SMALL).mailboxes
    assert not Pledge.objects.filter(forget=False, sealed_address=None).exists()
    assert not with_address.filter(pledge__mailed_at=None).exists()
    assert not Letter.objects.exists()


def test_start_again_changes_nothing(demo: Rally) -> None:
    out = run(start=True)

    assert "there already" in out
    assert Pledge.objects.count() == demo.confirmed


@pytest.mark.django_db(transaction=True)
def test_the_crossing_comes_once_and_every_letter_goes_once(demo: Rally, catcher: CaughtMail) -> None:
    first = run(alone=True, seconds=0)
    crossed_at = Rally.objects.get(pk=demo.pk).reached_at
    second = run(alone=True, seconds=0)

    rally = Rally.objects.get(pk=demo.pk)
    assert "Crossed" in first
    assert "date announced" in second
    assert rally.reached_at == crossed_at
    assert rally.confirmed >= SMALL
    recipients = [mail["To"] for mail in catcher.mails()]
    assert len(recipients) == len(set(recipients)) == Script.of(SMALL).mailboxes
    assert set(AnnouncementLetter.objects.values_list("state", flat=True)) == {LetterState.SENT}
    assert tally.differences(rally.pk) == []


def test_a_drive_from_nothing_stops_where_it_is_told(places: None, keys_dir: Any) -> None:
    run("--to", "500", threshold=SMALL, alone=True, seconds=0)
    run("--to", "900", threshold=SMALL, alone=True, seconds=0)

    rally = Rally.objects.get(slug=cast.SLUG)
    assert rally.confirmed == 900
    assert rally.reached_at is None
    assert tally.differences(rally.pk) == []


def test_a_demo_that_is_over_does_not_go_on(demo: Rally) -> None:
    Rally.objects.filter(pk=demo.pk).update(over_at=NOW)

    with pytest.raises(CommandError, match="over or cancelled"):
        run(alone=True, seconds=0)

    assert Stage(demo).counted() == demo.confirmed


def test_supporters_hold_a_manage_link_that_works(demo: Rally) -> None:
    sealed = SealedAddress.objects.select_related("pledge").order_by("pk")[0]
    key = trustees.unlocked_key(demo)
    assert key

    recipient = sealing.open_with_rally_key(bytes(sealed.blob), private=key, pledge_id=sealed.pledge.pk)

    assert pledging.find("manage", recipient.manage_token) == sealed.pledge
    assert recipient.address.endswith("@example.org")


def test_a_plan_whose_day_has_passed_is_made_anew(demo: Rally) -> None:
    later = NOW + timedelta(days=30)

    replay.begin(threshold=SMALL, now=later)

    assert cast.has_plan(demo, now=later)


@pytest.mark.parametrize("first", [0, 1_000, 3_700, 3_990])
@pytest.mark.parametrize("goal", [900, 3_661, 4_000, 5_000])
def test_the_pace_never_falls_and_ends_at_its_goal(first: int, goal: int) -> None:
    target = replay.paced(Script.of(SMALL), first=first, goal=goal)

    totals = [target(n / 100) for n in range(101)]

    assert totals == sorted(totals)
    assert totals[-1] == goal


def test_the_demo_refuses_where_debug_is_off(places: None, settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG"):
        run(start=True)


def test_the_demo_refuses_without_the_mailrooms_keys(places: None, settings: Any) -> None:
    settings.FINGERPRINT_KEY = b""

    with pytest.raises(CommandError, match="FINGERPRINT_KEY"):
        run(start=True)


def test_the_trickle_adds_people_until_the_rally_is_over(demo: Rally) -> None:
    stop = threading.Event()

    def end_it(pause: float | None = None) -> bool:
        if Stage(demo).counted() > demo.confirmed + 2:
            Rally.objects.filter(pk=demo.pk).update(over_at=NOW)
        return False

    stop.wait = end_it  # type: ignore[method-assign, assignment]
    trickle(stop=stop)

    assert Stage(demo).counted() > demo.confirmed + 2


def test_the_trickle_outlives_a_database_that_goes_away(demo: Rally, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, failures = threading.Event(), []

    def away(self: Stage) -> int:
        failures.append(1)
        if len(failures) == 3:
            stop.set()
        raise OperationalError("the server is going away")

    monkeypatch.setattr(Stage, "counted", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr("pledges.demo.trickle.RETRY", 0.0)
    monkeypatch.setattr("pledges.demo.trickle.PAUSE", (0.0, 0.0))
    trickle(stop=stop)

    assert len(failures) == 3


def test_the_trickle_stops_on_sigterm(demo: Rally, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr("pledges.demo.trickle.drop", lambda *_: signal.raise_signal(signal.SIGTERM) is None)
    monkeypatch.setattr("pledges.demo.trickle.PAUSE", (0.0, 0.0))
    try:
        run(trickle=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(("total", "least", "most"), [(1_712, 20, 40), (10, 20, 40), (3_900, 20, 20)])
def test_the_trickle_keeps_within_its_limits(demo: Rally, total: int, least: float, most: float) -> None:
    assert least <= people_a_minute(Stage(demo), total) <= most


def test_progress_writes_over_its_line_on_a_terminal_only() -> None:
    terminal, file = StringIO(), StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]

    for out in (terminal, file):
        progress = Progress(OutputWrapper(out))
        progress.show("one")
        progress.show("two")
        progress.say("done")

    assert terminal.getvalue() == "\rone\rtwo\r   \rdone\n"
    assert file.getvalue() == "one\ndone\n"
