"""The announcement's letters: to everyone once. Claim, open, fill in, send, checkpoint; whatever is killed, resume."""

import hashlib
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import translation

from pledges import addresses, announcing, confirmation, sealing, trustees
from pledges.letterforms import Form, render
from pledges.models import Announcement, AnnouncementLetter
from pledges.models.announcement import Kind, LetterState
from pledges.relays import NoRelay, Postman, Sent, postman

log = logging.getLogger(__name__)

CHECKPOINT = 20  # letters; a crash repeats no more
LEASE = timedelta(minutes=5)
BUDGET = 20  # seconds a run may take, well under the broker's visibility timeout
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120)]
WRITE_AGAIN_EVERY = timedelta(minutes=1)

# Whoever's confirmation letter went out before the announcement: later ones carried date and site themselves.
WRITE = """
    INSERT INTO pledges_announcementletter (announcement_id, pledge_id, state, tries)
    SELECT %s, p.id, 0, 0 FROM pledges_pledge p JOIN pledges_sealedaddress s ON s.pledge_id = p.id
    WHERE p.rally_id = %s AND p.confirmed_at IS NOT NULL AND NOT p.forget AND p.mailed_at <= %s
    ON CONFLICT (announcement_id, pledge_id) DO NOTHING
"""


def deliver_waiting(*, now: datetime) -> int:
    """Send letters of every running announcement whose key is at hand, for a while; returns how many were settled."""
    settled, runs = 0, running()
    for announcement in runs:
        key = _key(announcement)
        if key is None:
            continue  # the letters wait for the trustees; the page, the feed and the calendar are out already
        write_letters(announcement, now=now)
        until = time.monotonic() + BUDGET / len(runs)
        with postman() as sender:
            while time.monotonic() < until and (letters := claim(announcement, now=now)):
                if not send(letters, announcement, key, sender, now=now):
                    return settled
                settled += len(letters)
    return settled


def _key(announcement: Announcement) -> bytes | None:
    try:
        return trustees.unlocked_key(announcement.rally)
    except trustees.WrongKey:
        log.error("the key of an announcement's rally is not the pinned one; its letters wait")
        return None


def running() -> Sequence[Announcement]:
    return list(
        Announcement.objects.published()
        .filter(letters_stopped_at=None, rally__over_at=None, rally__shredded_at=None)
        .exclude(kind=Kind.NEWS)
        .select_related("rally")
        .defer("content")
    )


def write_letters(announcement: Announcement, *, now: datetime) -> None:
    """Write a letter for all who are owed one, again and again until the run ends, for those who confirm late."""
    if announcement.letters_written_at and now - announcement.letters_written_at < WRITE_AGAIN_EVERY:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WRITE, [announcement.pk, announcement.rally_id, announcement.published_at])
        Announcement.objects.filter(pk=announcement.pk).update(letters_written_at=now)


def claim(announcement: Announcement, *, now: datetime) -> list[AnnouncementLetter]:
    """Lease the next letters."""
    with transaction.atomic():
        waiting = (
            AnnouncementLetter.objects.select_for_update(skip_locked=True)
            .filter(announcement=announcement, state=LetterState.WAITING)
            .filter(Q(due_at=None) | Q(due_at__lte=now))
            .filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE))
            .order_by("id")
        )
        ids = list(waiting.values_list("pk", flat=True)[:CHECKPOINT])
        AnnouncementLetter.objects.filter(pk__in=ids).update(claimed_at=now, tries=F("tries") + 1)
    return list(AnnouncementLetter.objects.filter(pk__in=ids).select_related("pledge__sealed_address").order_by("pk"))


def send(
    letters: list[AnnouncementLetter], announcement: Announcement, key: bytes, sender: Postman, *, now: datetime
) -> bool:
    """Send one claim and store how each ended; False where no relay takes mail and the rest wait."""
    ended: dict[LetterState, list[int]] = {state: [] for state in LetterState}
    try:
        for letter in letters:
            ended[_send_one(letter, announcement, key, sender, now=now)].append(letter.pk)
    except NoRelay:
        log.warning("no relay takes mail; the announcement's letters wait")
        return False
    finally:
        with transaction.atomic():
            for state, ids in ended.items():
                if state != LetterState.WAITING:
                    AnnouncementLetter.objects.filter(pk__in=ids).update(state=state, claimed_at=None)
            done = {pk for ids in ended.values() for pk in ids}
            rest = [letter.pk for letter in letters if letter.pk not in done]
            AnnouncementLetter.objects.filter(pk__in=rest).update(claimed_at=None, due_at=now + BACKOFF[0])
            for letter in letters:
                if letter.pk in ended[LetterState.WAITING]:
                    due = now + BACKOFF[min(letter.tries, len(BACKOFF)) - 1]
                    AnnouncementLetter.objects.filter(pk=letter.pk).update(claimed_at=None, due_at=due)
    return True


def _send_one(
    letter: AnnouncementLetter, announcement: Announcement, key: bytes, sender: Postman, *, now: datetime
) -> LetterState:
    pledge = letter.pledge
    sealed = getattr(pledge, "sealed_address", None)
    if sealed is None or pledge.forget:
        return LetterState.SUPERSEDED  # forgotten since the letter was written
    try:
        recipient = sealing.open_with_rally_key(bytes(sealed.blob), private=key, pledge_id=pledge.pk)
        address = addresses.deliverable(recipient.address)
    except (sealing.DoesNotOpen, addresses.BadAddress):
        return LetterState.UNREADABLE
    form = _form(announcement.pk, pledge.region_id, pledge.city_id, recipient.language, int(now.timestamp()) // 60)
    message = form.filled(
        recipient=address,
        manage=recipient.manage_token,
        id=hashlib.sha256(f"announcement|{announcement.pk}|{pledge.pk}".encode()).hexdigest()[:32],
    )
    outcome = sender.send(message, address)
    return {
        Sent.ACCEPTED: LetterState.SENT,
        Sent.REFUSED: LetterState.REFUSED,
        Sent.DEFERRED: LetterState.WAITING,
    }[outcome]


@lru_cache(maxsize=4096)
def _form(announcement_id: int, region_id: int, city_id: int | None, language: str, minute: int) -> Form:
    announcement = announcing.published(announcement_id)
    with translation.override(language):
        context = {"rally": announcement.rally, "place": confirmation.place_name(region_id, city_id, language)}
        context |= confirmation.date_and_site(announcement, city_id, language, minute=minute)
        subject = announcement.text("subject", language)
        return render("announcement", language=language, subject=subject, context=context)
