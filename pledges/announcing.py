"""Draft, approve, publish. Nobody approves their own act; what is published is exactly what was approved.

An announcement's content is `{"texts": {language: {"subject", "body", "reason"}}, "date", "time", "format",
"sites": {city: site}}`, frozen when drafted; its hash is what the second person approves and the trustees unlock.
"""

import base64
import hashlib
import json
import unicodedata
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from pledges import planning, record
from pledges.models import Announcement, Rally, Staff
from pledges.models.announcement import Kind

DELAY = timedelta(minutes=60)  # where SECOND_PERSON is `delay`
SETS_THE_DATE = {Kind.DATE, Kind.EARLY}
AFTERWARDS = {Kind.CANCELLED, Kind.NEWS}  # may be said whatever day it is
OVER_AFTER = timedelta(hours=24)


class Refused(Exception):
    """The act is not possible now; the message says why, to staff."""


class OwnAct(Refused):
    """Somebody tried to approve what they drafted."""


class Stale(Refused):
    """What was looked at is not what is stored."""


class AlreadyPublished(Refused):
    pass


def content(
    *, texts: dict[str, dict[str, str]], day: date | None, at: time | None, form: str, sites: dict[str, Any]
) -> dict[str, Any]:
    return {
        "texts": texts,
        "date": day.isoformat() if day else None,
        "time": at.isoformat("minutes") if at else None,
        "format": form,
        "sites": sites,
    }


def content_hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@transaction.atomic
def draft(
    *,
    rally: Rally,
    kind: Kind,
    texts: dict[str, dict[str, str]],
    day: date | None = None,
    at: time | None = None,
    form: str = "march",
    by: Staff,
    now: datetime,
) -> Announcement:
    """Freeze the texts and the plan as it stands. A later change of the plan needs a new draft and a new approval."""
    if kind in {Kind.MOVED, Kind.CANCELLED} and not (day and at) and (told := Announcement.objects.current_id(rally)):
        day, at = published(told).date, published(told).time  # the calendar's entry is found by it
    if kind in SETS_THE_DATE | {Kind.CHANGED, Kind.MOVED} and not (day and at):
        raise Refused(_("A date and a time are needed."))
    if kind not in AFTERWARDS and day and at and planning.is_past(day, at, rally.home_timezone, now=now):
        raise Refused(_("The date is in the past."))
    texts = {language: {name: printable(text[name]) for name in text} for language, text in texts.items()}
    if kind == Kind.EARLY and not all(text.get("reason") for text in texts.values()):
        raise Refused(_("Calling early needs a public reason, in each language."))
    frozen = content(texts=texts, day=day, at=at, form=form, sites=planning.frozen_sites(rally))
    announcement = Announcement.objects.create(
        rally=rally, kind=kind, content=frozen, content_hash=content_hash(frozen), drafted_by=by, drafted_at=now
    )
    _record("drafted", announcement, by=by, now=now)
    return announcement


@transaction.atomic
def approve(*, announcement: Announcement, seen_hash: str, by: Staff, now: datetime) -> None:
    """The second person's yes to the exact content they saw."""
    stored = Announcement.objects.select_for_update().get(pk=announcement.pk)
    if stored.drafted_by_id == by.pk:
        raise OwnAct(_("Another person has to approve it."))
    _check_what_was_seen(stored, seen_hash, by=by)
    stored.approved_by, stored.approved_at = by, now
    stored.save(update_fields=["approved_by", "approved_at"])
    _record("approved", stored, by=by, now=now)


def _check_what_was_seen(stored: Announcement, seen_hash: str, *, by: Staff) -> None:
    if not by.is_admin:
        raise Refused(_("An admin approves announcements."))
    if not stored.is_open_for_approval():
        raise Refused(_("It is not waiting for approval."))
    if seen_hash != stored.content_hash or content_hash(stored.content) != stored.content_hash:
        raise Stale(_("The text has changed since you saw it."))


@transaction.atomic
def approve_by_waiting(*, announcement: Announcement, seen_hash: str, by: Staff, now: datetime) -> None:
    """Where SECOND_PERSON is `delay`: an hour in which any colleague can void it takes the second person's place."""
    if settings.SECOND_PERSON != "delay":
        raise OwnAct(_("Another person has to approve it."))
    stored = Announcement.objects.select_for_update().get(pk=announcement.pk)
    _check_what_was_seen(stored, seen_hash, by=by)
    stored.approved_at, stored.publish_after = now, now + DELAY
    stored.save(update_fields=["approved_at", "publish_after"])
    _record("approved by waiting", stored, by=by, now=now)


@transaction.atomic
def void(*, announcement: Announcement, by: Staff, now: datetime) -> None:
    """Take a draft or an approval back; anybody on staff may."""
    unpublished = Announcement.objects.filter(pk=announcement.pk, published_at=None, voided_at=None)
    if unpublished.update(voided_at=now) != 1:
        raise AlreadyPublished(_("It is published, or was voided before."))
    _record("voided", announcement, by=by, now=now)


@transaction.atomic
def publish(*, announcement: Announcement, by: Staff | None, now: datetime) -> None:
    """Make an approved announcement public; its letters follow from what is stored here. `by` None: the worker."""
    rally = Rally.objects.select_for_update(no_key=True).get(pk=announcement.rally_id)
    announcement = Announcement.objects.select_for_update().get(pk=announcement.pk)
    if announcement.published_at:
        raise AlreadyPublished(_("It is published already."))
    _check_the_moment(announcement, rally, now=now)
    if by is None and (rally.held_at or rally.announced_at or not publishes_itself(announcement, rally, now=now)):
        raise Refused(_("Somebody held it, or was faster."))  # between the worker's look and its lock
    last = rally.announcements.published().aggregate(last=Max("number"))["last"] or 0
    announcement.published_at, announcement.published_by, announcement.number = now, by, last + 1
    announcement.save(update_fields=["published_at", "published_by", "number"])

    kind = announcement.kind
    if kind in SETS_THE_DATE:
        Rally.objects.filter(pk=rally.pk, announced_at=None).update(announced_at=now)
    if kind == Kind.CANCELLED:
        Rally.objects.filter(pk=rally.pk, cancelled_at=None).update(cancelled_at=now)
    if kind != Kind.NEWS:  # letters about what no longer holds stop
        older = rally.announcements.published().exclude(pk=announcement.pk)
        older.filter(letters_stopped_at=None).update(letters_stopped_at=now)
    _record("published", announcement, by=by, now=now)


def _check_the_moment(announcement: Announcement, rally: Rally, *, now: datetime) -> None:
    if not announcement.may_be_published(now=now):
        raise Refused(_("It is not approved, or its waiting time is not over."))
    if announcement.kind == Kind.DATE and rally.reached_at is None:
        raise Refused(_("The threshold is not reached. Calling early is an announcement of its own, with a reason."))
    if content_hash(announcement.content) != announcement.content_hash:
        raise Stale(_("The text has changed since it was approved."))
    if announcement.kind != Kind.NEWS and (rally.cancelled_at or rally.over_at or rally.shredded_at):
        raise Refused(_("The rally is over or cancelled; only news can be published."))
    day, at = announcement.date, announcement.time
    if announcement.kind not in AFTERWARDS and day and at and planning.is_past(day, at, rally.home_timezone, now=now):
        raise Refused(_("Its date has passed."))


def publish_due(*, now: datetime) -> list[Announcement]:
    """The worker's part: publish the approved plan of each rally that has crossed, within the announce hours."""
    done = []
    crossed = Rally.objects.filter(reached_at__isnull=False, announced_at=None, held_at=None, cancelled_at=None)
    for rally in crossed:
        plan = Announcement.objects.ready(rally).filter(kind=Kind.DATE).order_by("approved_at").last()
        if plan and publishes_itself(plan, rally, now=now):
            with suppress(Refused):
                publish(announcement=plan, by=None, now=now)
                done.append(plan)
    return done


def close_past(*, now: datetime) -> None:
    """A day after its start a rally is over: no pledges, no letters."""
    for rally in Rally.objects.filter(announced_at__isnull=False, over_at=None, cancelled_at=None):
        told = Announcement.objects.current_id(rally)
        day, at = (published(told).date, published(told).time) if told else (None, None)
        if day and at and planning.is_past(day, at, rally.home_timezone, now=now - OVER_AFTER):
            Rally.objects.filter(pk=rally.pk, over_at=None).update(over_at=now)


def printable(text: str) -> str:
    """Without control characters, which no feed, calendar or letter may carry."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})


def publishes_itself(plan: Announcement, rally: Rally, *, now: datetime) -> bool:
    """Whether the worker may publish this plan now; people may at any time."""
    home = now.astimezone(ZoneInfo(rally.home_timezone))
    first, last = (int(hour) for hour in settings.ANNOUNCE_HOURS.split("-"))
    ahead = plan.date is not None and plan.date - home.date() >= timedelta(days=settings.PLAN_MIN_DAYS)
    held = rally.reached_at is None or now < rally.reached_at + timedelta(seconds=settings.ANNOUNCE_HOLD)
    past = (
        plan.date is None or plan.time is None or planning.is_past(plan.date, plan.time, rally.home_timezone, now=now)
    )
    return plan.may_be_published(now=now) and ahead and not past and not held and first <= home.hour < last


def publishes_at(rally: Rally, *, now: datetime) -> datetime | None:
    """When the worker will publish the approved plan by itself; None where it will not, or does at this tick."""
    if rally.reached_at is None or rally.announced_at or rally.held_at or rally.cancelled_at:
        return None
    plan = Announcement.objects.ready(rally).filter(kind=Kind.DATE).order_by("approved_at").last()
    if plan is None:
        return None
    held = rally.reached_at + timedelta(seconds=settings.ANNOUNCE_HOLD)
    soonest = max(held, plan.publish_after or held)
    home = max(soonest, now).astimezone(ZoneInfo(rally.home_timezone))
    first, last = (int(hour) for hour in settings.ANNOUNCE_HOURS.split("-"))
    if not first <= home.hour < last:
        day = home.date() + timedelta(days=int(home.hour >= last))
        home = datetime.combine(day, time(first), home.tzinfo)
    elif soonest <= now:
        return None
    return home if publishes_itself(plan, rally, now=home) else None


@transaction.atomic
def hold(*, rally: Rally, by: Staff, now: datetime) -> None:
    """Stop the worker from publishing the plan by itself."""
    if Rally.objects.filter(pk=rally.pk, held_at=None, reached_at__isnull=False, announced_at=None).update(held_at=now):
        record.write("plan held", by=by, now=now, rally=rally.slug)


@transaction.atomic
def release(*, rally: Rally, by: Staff, now: datetime) -> None:
    if Rally.objects.filter(pk=rally.pk, held_at__isnull=False).update(held_at=None):
        record.write("plan released", by=by, now=now, rally=rally.slug)


@lru_cache(maxsize=64)
def published(pk: int) -> Announcement:
    """A published announcement, from process memory: it does not change any more."""
    return Announcement.objects.select_related("rally").get(pk=pk, published_at__isnull=False)


def public_content(announcement: Announcement, *, now: datetime) -> dict[str, Any]:
    """The content without the sites that are to be revealed later."""
    sites = announcement.content["sites"]
    shown = {city: sites[city] for city in sites if planning.visible_site(announcement, int(city), now=now)}
    public: dict[str, Any] = announcement.content | {"sites": shown}
    return public


def signed(announcement: Announcement, *, now: datetime) -> dict[str, Any]:
    """What is public, signed for mirrors and press: Ed25519 over the canonical JSON of all but the last three keys."""
    key = Ed25519PrivateKey.from_private_bytes(settings.SIGNING_KEY)
    told = {
        "rally": announcement.rally.slug,
        "number": announcement.number,
        "kind": announcement.kind,
        "published_at": announcement.published_at and announcement.published_at.isoformat(timespec="seconds"),
        "content": public_content(announcement, now=now),
    }
    return told | {
        "sha256": content_hash(told),
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "signature": base64.b64encode(key.sign(canonical(told))).decode(),
    }


def _record(act: str, announcement: Announcement, *, by: Staff | None, now: datetime) -> None:
    record.write(
        f"announcement {act}",
        by=by,
        now=now,
        rally=announcement.rally.slug,
        announcement=announcement.pk,
        kind=announcement.kind,
        sha256=announcement.content_hash,
    )
