"""How the announcement stands, as the snapshot tells it: when a date will come, what it changed, what was early."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pledges import announcing
from pledges.models import Announcement, Rally
from pledges.models.announcement import Kind
from pledges.publishing import reading
from pledges.publishing.standing import standing
from tests.pledges.conftest import AT, DAY, NOON

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def hours(settings):
    settings.ANNOUNCE_HOURS, settings.ANNOUNCE_HOLD, settings.PLAN_MIN_DAYS = "10-20", 15 * 60, 3


def at(hour, minute=0, day=23):
    return datetime(2026, 3, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("reached", "due"),
    [
        (at(12), at(12, 15)),
        (at(19, 40), at(19, 55)),
        (at(19, 50), at(10, day=24)),  # the hold ends after the hours have
        (at(23), at(10, day=24)),
        (at(3), at(10)),
    ],
)
def test_the_date_is_due_after_the_hold_within_the_announce_hours(rally, approved, hours, reached, due):
    approved()
    Rally.objects.filter(pk=rally.pk).update(reached_at=reached)
    rally.refresh_from_db()

    assert announcing.publishes_at(rally, now=reached + timedelta(seconds=1)) == due
    assert announcing.publish_due(now=due - timedelta(seconds=1)) == []
    assert [one.kind for one in announcing.publish_due(now=due)] == [Kind.DATE]  # the worker keeps the word


@pytest.mark.parametrize(
    "state",
    [{"reached_at": None}, {"held_at": NOON}, {"announced_at": NOON}, {"cancelled_at": NOON}],
)
def test_nothing_is_due_where_the_worker_will_not_publish(rally, approved, hours, state):
    approved()
    Rally.objects.filter(pk=rally.pk).update(**{"reached_at": NOON} | state)
    rally.refresh_from_db()

    assert announcing.publishes_at(rally, now=NOON) is None


def test_nothing_is_due_without_a_plan_or_with_one_for_too_soon(rally, approved, hours):
    Rally.objects.filter(pk=rally.pk).update(reached_at=NOON)
    rally.refresh_from_db()
    assert announcing.publishes_at(rally, now=NOON) is None

    approved(day=NOON.date() + timedelta(days=2))

    assert announcing.publishes_at(rally, now=NOON) is None


def test_a_waiting_time_of_the_approval_is_waited_for(rally, approved, hours):
    Announcement.objects.filter(pk=approved().pk).update(publish_after=at(18))
    Rally.objects.filter(pk=rally.pk).update(reached_at=at(12))
    rally.refresh_from_db()

    assert announcing.publishes_at(rally, now=at(12)) == at(18)


def test_a_changed_date_remembers_the_one_it_replaced_also_after_a_site_has_moved(rally, approved, organizer):
    Rally.objects.filter(pk=rally.pk).update(reached_at=NOON)
    announcing.publish(announcement=approved(), by=organizer, now=NOON)
    rally.refresh_from_db()
    assert standing(rally, now=NOON)["date_before"] is None

    later = DAY + timedelta(days=7)
    announcing.publish(announcement=approved(Kind.CHANGED, day=later), by=organizer, now=NOON)
    announcing.publish(announcement=approved(Kind.MOVED, day=later), by=organizer, now=NOON)

    assert standing(rally, now=NOON)["date_before"] == [DAY.isoformat(), AT.isoformat("minutes")]


def test_calling_early_remembers_how_many_we_were_then(rally, kazan, approved, organizer, pledge_from, count):
    pledge_from(kazan, "ada@example.org")
    count(NOON)
    announcing.publish(announcement=approved(Kind.EARLY), by=organizer, now=NOON + timedelta(minutes=2))
    pledge_from(kazan, "bob@example.org")
    count(NOON + timedelta(minutes=3))
    announcing.publish(announcement=approved(Kind.CHANGED), by=organizer, now=NOON + timedelta(minutes=4))
    count(NOON + timedelta(minutes=5))

    published = reading.read(rally.slug)

    assert published.confirmed == 2
    assert published.early_confirmed == 1
    assert published.early.reason == "Time is short."


def test_the_edition_changes_with_what_the_page_says_and_not_with_the_count(
    rally, kazan, approved, pledge_from, count, hours
):
    Rally.objects.filter(pk=rally.pk).update(threshold=2)
    editions = []

    def look(minutes):
        count(NOON + timedelta(minutes=minutes))
        editions.append(reading.read(rally.slug).edition)

    look(1)
    pledge_from(kazan, "ada@example.org")
    look(2)
    pledge_from(kazan, "bob@example.org")
    look(3)
    approved(at=time(18))
    look(4)

    assert editions[0] == editions[1] != editions[2]
    assert editions[2].startswith("reached-")
    assert len(set(editions)) == 3  # the approved plan will be published: the page says when


def test_a_snapshot_of_the_release_before_can_still_be_read(rally, count):
    count()
    body = dict(reading.read(rally.slug).body)
    for name in reading.NEWER:
        del body[name]

    published = reading.Published(body)

    assert (published.date_due, published.date_before, published.early, published.shred_on) == (None, None, None, None)


def test_a_plan_released_at_night_is_due_in_the_morning_and_an_overdue_one_names_no_moment(rally, approved, hours):
    approved()
    Rally.objects.filter(pk=rally.pk).update(reached_at=at(12))
    rally.refresh_from_db()

    assert announcing.publishes_at(rally, now=at(23)) == at(10, day=24)
    assert announcing.publishes_at(rally, now=at(13)) is None  # the worker is away; no page shall run after the clock


def test_the_edition_changes_at_midnight_where_the_page_says_tomorrow(rally, approved, hours, count):
    approved()
    Rally.objects.filter(pk=rally.pk).update(reached_at=at(22))
    editions = []
    for moment in (at(22, 30), at(23, 30), at(0, 30, day=24)):
        count(moment)
        editions.append(reading.read(rally.slug).edition)

    assert editions[0] == editions[1] != editions[2]
