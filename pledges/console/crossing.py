"""What stands between the threshold and the announcement: the sentence of the dashboard's banner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from pledges import announcing, planning
from pledges.models import Announcement, Rally
from pledges.models.announcement import Kind


class Missing(StrEnum):
    """Why a rally that crossed is not announced yet, most pressing first."""

    PLAN = "plan"  # nothing is drafted
    APPROVAL = "approval"  # drafted, not approved
    HELD = "held"
    PASSED = "passed"  # the approved date has passed
    TOO_SOON = "too-soon"  # the approved date is nearer than PLAN_MIN_DAYS: people have to publish it
    WAITING = "waiting"  # the second person's place is taken by a wait that is not over
    HOLD = "hold"  # the minutes in which anybody may hold it
    HOURS = "hours"  # outside ANNOUNCE_HOURS
    NOTHING = "nothing"  # the worker publishes it at its next tick


@dataclass(frozen=True)
class Crossing:
    missing: Missing
    plan: Announcement | None
    until: datetime | None  # for what only needs time


def of_rally(rally: Rally, *, now: datetime) -> Crossing | None:
    """None unless the rally has crossed and is still to be announced."""
    if not rally.reached_at or rally.announced_at or rally.over_at or rally.cancelled_at:
        return None
    plan = Announcement.objects.ready(rally).filter(kind=Kind.DATE).order_by("approved_at").last()
    if plan is None:
        waiting = rally.announcements.filter(kind=Kind.DATE, approved_at=None, voided_at=None, published_at=None)
        drafted = waiting.order_by("drafted_at").last()
        return Crossing(Missing.APPROVAL if drafted else Missing.PLAN, drafted, None)
    missing, until = _missing(plan, rally, now=now)
    return Crossing(missing, plan, until)


def _missing(plan: Announcement, rally: Rally, *, now: datetime) -> tuple[Missing, datetime | None]:
    """The rule is announcing.publishes_itself(); this only says in words which part of it does not hold."""
    zone = ZoneInfo(rally.home_timezone)
    day, at = plan.date, plan.time
    held_until = (rally.reached_at or now) + timedelta(seconds=settings.ANNOUNCE_HOLD)
    if rally.held_at:
        return Missing.HELD, None
    if day is None or at is None or planning.is_past(day, at, rally.home_timezone, now=now):
        return Missing.PASSED, None
    if (day - now.astimezone(zone).date()).days < settings.PLAN_MIN_DAYS:
        return Missing.TOO_SOON, None
    if plan.publish_after and now < plan.publish_after:
        return Missing.WAITING, plan.publish_after
    if now < held_until:
        return Missing.HOLD, held_until
    if not announcing.publishes_itself(plan, rally, now=now):
        return Missing.HOURS, _next_first_hour(now.astimezone(zone))
    return Missing.NOTHING, None


def _next_first_hour(now: datetime) -> datetime:
    first = int(settings.ANNOUNCE_HOURS.split("-")[0])
    opening = now.replace(hour=first, minute=0, second=0, microsecond=0)
    return opening if opening > now else opening + timedelta(days=1)
