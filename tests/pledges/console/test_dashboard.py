from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maps.gazetteer import Place
from pledges import announcing
from pledges.console import crossing, figures
from pledges.models import Announcement, Pledge, Rally, Staff


def test_figures_are_exact_where_the_public_sees_none(
    rally: Rally, kazan: Place, berlin: Place, pledge_from: Callable[..., Pledge], count: Callable[..., Rally]
) -> None:
    now = timezone.now()
    pledge_from(kazan, "ada@example.org", now=now)
    pledge_from(berlin, "bob@example.org", now=now)

    found = figures.of_rally(count(now), now=now)

    assert found["confirmed"] == 2
    assert found["to_go"] == 98
    assert {row.name: row.confirmed for row in found["cities"]} == {"Kazan": 1, "Berlin": 1}
    assert {row.name: row.confirmed for row in found["regions"]} == {"Tatarstan": 1, "Germany": 1}


def test_what_waits_to_be_counted_is_shown_apart(
    rally: Rally, kazan: Place, pledge_from: Callable[..., Pledge]
) -> None:
    pledge_from(kazan, "ada@example.org")

    found = figures.of_rally(rally, now=timezone.now())

    assert found["confirmed"] == 0
    assert found["waiting"]["confirmed"] == 1


def test_the_funnel_counts_each_step(
    rally: Rally, kazan: Place, ask: Any, mailed: Any, pledge_from: Callable[..., Pledge]
) -> None:
    now = timezone.now()
    ask(kazan, "ada@example.org", now=now)
    mailed(kazan, "bob@example.org", now=now)
    pledge_from(kazan, "eve@example.org", now=now)
    pledge_from(kazan, "dan@example.org", now=now - timedelta(days=3))

    steps = {row["step"]: (row["lately"], row["held"]) for row in figures.funnel(rally, now=now)}

    assert steps == {"asked": (3, 4), "mailed": (2, 3), "confirmed": (1, 2)}


def test_growth_is_told_by_the_ledger(
    rally: Rally, kazan: Place, pledge_from: Callable[..., Pledge], count: Callable[..., Rally]
) -> None:
    now = timezone.now()
    pledge_from(kazan, "ada@example.org")
    count(now - timedelta(hours=3))
    pledge_from(kazan, "bob@example.org")

    found = figures.of_rally(count(now), now=now)

    assert found["hour"] == 1
    assert found["day"] == 2


def test_letters_are_told_by_when_they_are_due(rally: Rally, kazan: Place, ask: Callable[..., Pledge]) -> None:
    now = timezone.now()
    ask(kazan, "ada@example.org", now=now)
    later = ask(kazan, "bob@example.org", now=now)
    type(later.letter).objects.filter(pk=later.pk).update(due_at=now + timedelta(minutes=5), tries=1)

    found = figures.letters(now=now + timedelta(seconds=1))

    assert found == {"due": 1, "deferred": 1, "reminders": 0}


def test_a_worker_that_stands_still_is_seen(rally: Rally, count: Callable[..., Rally]) -> None:
    now = timezone.now()
    count(now - timedelta(minutes=2))

    tick = figures.tick_of(rally, now=now)

    assert tick is not None
    assert tick["age"] == 120
    assert tick["is_late"]


def test_the_dashboard_asks_little_of_the_database(
    rally: Rally,
    admin: Staff,
    entering: Callable[[Staff], Client],
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    client = entering(admin)
    client.get("/dashboard/figures/")  # the counts over all pledges are kept for some seconds

    with django_assert_max_num_queries(10):
        client.get("/dashboard/figures/")


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        ("nothing", crossing.Missing.PLAN),
        ("drafted", crossing.Missing.APPROVAL),
        ("approved", crossing.Missing.NOTHING),
        ("held", crossing.Missing.HELD),
        ("hold", crossing.Missing.HOLD),
        ("hours", crossing.Missing.HOURS),
        ("too soon", crossing.Missing.TOO_SOON),
        ("waiting", crossing.Missing.WAITING),
    ],
)
def test_after_the_crossing_the_banner_says_what_is_missing(
    state: str,
    missing: str,
    crossed: Rally,
    drafted: Callable[..., Announcement],
    admin: Staff,
    entering: Callable[[Staff], Client],
    settings: Any,
) -> None:
    now = timezone.now()
    settings.ANNOUNCE_HOURS, settings.ANNOUNCE_HOLD, settings.PLAN_MIN_DAYS = "0-24", 0, 3
    if state == "waiting":
        settings.SECOND_PERSON = "delay"
        plan = drafted()
        announcing.approve_by_waiting(announcement=plan, seen_hash=plan.content_hash, by=admin, now=now)
    elif state != "nothing":
        plan = drafted()
        if state != "drafted":
            announcing.approve(announcement=plan, seen_hash=plan.content_hash, by=admin, now=now)
    if state == "held":
        announcing.hold(rally=crossed, by=admin, now=now)
        crossed.refresh_from_db()
    settings.ANNOUNCE_HOLD = 24 * 3600 if state == "hold" else 0
    settings.ANNOUNCE_HOURS = "0-0" if state == "hours" else "0-24"
    settings.PLAN_MIN_DAYS = 90 if state == "too soon" else 3

    found = crossing.of_rally(crossed, now=now)
    page = entering(admin).get("/dashboard/")

    assert found is not None
    assert found.missing == missing
    assert "banner" in page.content.decode()


def test_before_the_crossing_there_is_no_banner(rally: Rally) -> None:
    assert crossing.of_rally(rally, now=timezone.now()) is None


def test_anybody_can_hold_and_an_admin_releases(
    crossed: Rally, trustee: Staff, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    entering(trustee).post("/dashboard/clean-air/hold/")
    crossed.refresh_from_db()
    held = crossed.held_at

    entering(admin).post("/dashboard/clean-air/release/")

    crossed.refresh_from_db()
    assert held is not None
    assert crossed.held_at is None


def test_the_fragment_is_what_the_page_shows(rally: Rally, admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)

    page, fragment = client.get("/dashboard/").content.decode(), client.get("/dashboard/figures/").content.decode()

    assert "<html" not in fragment
    assert fragment.split("letters due now")[0].strip() in page
