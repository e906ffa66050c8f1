"""Rallies in every state of their life, made by the real operations; run inside `manage.py shell` of a system."""

import random
from datetime import datetime, time, timedelta

from django.db import transaction

from maps.gazetteer import gazetteer
from pledges import announcing, tally
from pledges.demo import cast, people
from pledges.models import Announcement, Rally
from pledges.models.announcement import Kind
from pledges.models.staff import Role
from pledges.opening import open_rally

THRESHOLD = 5000
STATES = (
    "draft",
    "empty",
    "collecting",
    "nearly",
    "reached",
    "due",
    "early",
    "announced",
    "changed",
    "over",
    "cancelled",
)
# What a system's shell is told, to have them all.
MAKE = "from tests.journeys import states; from django.utils import timezone; states.make_all(timezone.now())"
REASONS = {"ru": "Ждать дольше нельзя.", "en": "We cannot wait any longer."}


@transaction.atomic  # no tick in between: the first one lets all figures out
def make(name: str, people_there: int, *, now: datetime, opens: bool = True) -> Rally:
    opens_at = now - timedelta(days=9) if opens else None
    rally = open_rally(slug=f"s-{name}", texts=cast.TEXTS, threshold=THRESHOLD, now=now, opens_at=opens_at)
    join(rally, people_there, now=now)
    return rally


def join(rally: Rally, count: int, *, now: datetime) -> None:
    dice = random.Random(7)
    drawn = people.crowd_of(gazetteer(), "RU").draw(count, dice)
    people.pledge_together(rally, drawn, since=now - timedelta(days=2), now=now, dice=dice)
    tally.fold(rally.pk, now=now)


def approve(rally: Rally, kind: Kind, *, days: int, now: datetime) -> Announcement:
    organizer, admin = cast.staff("organizer@example.org", Role.ORGANIZER), cast.staff("admin@example.org", Role.ADMIN)
    texts = {language: words | {"reason": REASONS[language]} for language, words in cast.ANNOUNCEMENT.items()}
    day = now.date() + timedelta(days=days)
    drafted = announcing.draft(rally=rally, kind=kind, texts=texts, day=day, at=time(19), by=organizer, now=now)
    announcing.approve(announcement=drafted, seen_hash=drafted.content_hash, by=admin, now=now)
    return drafted


def publish(rally: Rally, kind: Kind, *, days: int, now: datetime) -> None:
    announcement = approve(rally, kind, days=days, now=now)
    announcing.publish(announcement=announcement, by=cast.staff("admin@example.org", Role.ADMIN), now=now)


def make_all(now: datetime) -> None:
    make("draft", 0, now=now, opens=False)
    make("empty", 0, now=now)
    make("collecting", 2140, now=now)
    make("nearly", 4811, now=now)
    make("reached", 5004, now=now)
    due = make("due", 4600, now=now)
    plan = approve(due, Kind.DATE, days=10, now=now)
    Announcement.objects.filter(pk=plan.pk).update(publish_after=now + timedelta(hours=30))
    join(due, 500, now=now)
    for name, kind in (("early", Kind.EARLY), ("announced", Kind.DATE), ("changed", Kind.DATE), ("over", Kind.DATE)):
        rally = make(name, 4321 if kind == Kind.EARLY else 5100, now=now)
        cast.plan(rally, now=now)
        publish(rally, kind, days=9, now=now)
    changed, over = Rally.objects.get(slug="s-changed"), Rally.objects.filter(slug="s-over")
    publish(changed, Kind.CHANGED, days=16, now=now)
    over.update(over_at=now, shred_on=now.date() + timedelta(days=40))
    cancelled = make("cancelled", 5200, now=now)
    publish(cancelled, Kind.DATE, days=9, now=now)
    publish(cancelled, Kind.CANCELLED, days=9, now=now)
    Rally.objects.filter(pk=cancelled.pk).update(shred_on=now.date() + timedelta(days=40))
