"""The mailroom: opens what was sealed to it, checks, seals again to the rally key, writes the letter, sends.

The only place that sees an address of someone who pledges. It answers nothing to anybody: new, pending and confirmed
mailboxes get the same letter; suppressed, disposable and over-limit ones get none, and look the same from outside.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Trunc

from pledges import addresses, confirmation, sealing, trustees
from pledges.models import Announcement, AnnouncementLetter, Letter, Pledge, SealedAddress, Suppression
from pledges.models.announcement import LetterState
from pledges.models.pledge import PledgeQuerySet
from pledges.pledging import lock_mailbox, to_minute
from pledges.relays import NoRelay, Postman, Sent, postman

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BATCH = 20  # letters claimed at once; a crash repeats no more
RUN = timedelta(seconds=20)  # one task sends for so long, well under the broker's visibility timeout
LETTERS_A_DAY, LETTERS_A_RALLY = 3, 5
REMIND_AFTER = timedelta(hours=24)
UNCONFIRMED_LIFE = timedelta(hours=48)
DOMAIN_TAG_LIFE = timedelta(days=14)
ERASED_AT_ONCE = 5_000
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60)]


# In SQL because each is one statement over two tables. Rows that somebody else is about to delete are left to them.
ANSWERED = """
    DELETE FROM pledges_letter WHERE pledge_id IN (
        SELECT l.pledge_id FROM pledges_letter l JOIN pledges_pledge p ON p.id = l.pledge_id
        WHERE p.confirmed_at IS NOT NULL OR (l.sent > 0 AND EXISTS (
            SELECT FROM pledges_pledge q  -- a later letter to the same mailbox was answered
            WHERE q.rally_id = p.rally_id AND q.fingerprint = p.fingerprint AND q.confirmed_at >= p.asked_at))
        FOR UPDATE OF l SKIP LOCKED)
"""
FORGOTTEN = """
    DELETE FROM pledges_sealedaddress WHERE pledge_id IN (
        SELECT s.pledge_id FROM pledges_sealedaddress s JOIN pledges_pledge p ON p.id = s.pledge_id
        WHERE p.forget FOR UPDATE OF s SKIP LOCKED)
"""


@dataclass(frozen=True)
class Opened:
    """A letter ready to go; exists in the mailroom's memory only."""

    letter: Letter
    address: str


def deliver_waiting(*, now: datetime) -> int:
    """Send the letters that are due, a batch at most; returns how many were looked at."""
    letters = claim(now=now)
    if not letters:
        return 0
    began, left = time.monotonic(), list(letters)
    with postman() as sender:
        while left and time.monotonic() < began + LEASE.total_seconds() / 2:  # a slow relay must not outlast the lease
            try:
                deliver(left[0], sender, now=now)
            except NoRelay:
                log.warning("no relay takes mail; letters wait")
                break
            except (DatabaseError, LookupError, ValueError, trustees.WrongKey) as fault:
                # One letter must not stop those behind it. Only the kind is told: words may quote what is stored.
                log.error("a letter could not be written: %s", type(fault).__qualname__)
                _put_off(left[0], now=now)
            left.pop(0)
    Letter.objects.filter(pk__in=[letter.pledge_id for letter in left]).update(claimed_at=None, due_at=now + BACKOFF[0])
    return len(letters)


def claim(*, now: datetime) -> Sequence[Letter]:
    """Lease a batch of due letters; a lease that ran out is anybody's again."""
    due = (
        Letter.objects.filter(due_at__lte=now, expires_at__gt=now)
        .filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE))
        .order_by("due_at")
        .values("pk")
    )
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Letter.objects.filter(pk__in=ids).update(claimed_at=now, tries=F("tries") + 1)
    return list(Letter.objects.filter(pk__in=ids).select_related("pledge__rally", "pledge__city", "pledge__region"))


def deliver(letter: Letter, sender: Postman, *, now: datetime) -> None:
    opened = prepare(letter, now=now)
    if opened is None:
        _discard(letter, now=now)
        return
    announcement_id = Announcement.objects.current_id(letter.pledge.rally)
    message = confirmation.write(letter, opened.address, announcement_id=announcement_id, now=now)
    sent = sender.send(message, opened.address)
    if sent is Sent.ACCEPTED:
        accepted(letter, now=now, told=announcement_id)
    elif sent is Sent.REFUSED:
        _discard(letter, now=now)
    else:
        _put_off(letter, now=now)


def prepare(letter: Letter, *, now: datetime) -> Opened | None:
    """Open the address and store what the letter promises; None where no letter may go."""
    rally, seed = letter.pledge.rally, letter.seed
    if not rally.is_taking_pledges():
        return None
    try:
        address = addresses.deliverable(sealing.open_in_mailroom(bytes(letter.blob), slug=rally.slug))
    except (sealing.DoesNotOpen, addresses.BadAddress):
        return None
    if addresses.is_disposable(address) or not addresses.takes_mail(address):
        return None

    mailbox = sealing.fingerprint(addresses.canonical(address))
    recipient = sealing.Recipient(address, letter.language, sealing.token("manage", seed))
    public = trustees.pinned_key(rally)
    with transaction.atomic():
        lock_mailbox(mailbox)
        pledge = Pledge.objects.select_for_update().filter(pk=letter.pk).first()
        if pledge is None or not _may_write_to(mailbox, pledge, letter, now=now):
            return None
        pledge.fingerprint = mailbox
        pledge.domain_tag = sealing.domain_tag(addresses.domain_of(address))
        pledge.confirm_hash = sealing.token_hash(sealing.token("confirm", seed))
        pledge.manage_hash = sealing.token_hash(recipient.manage_token)
        pledge.code_hash = sealing.code_hash(sealing.code(seed), handle_hash=bytes(pledge.handle_hash))
        pledge.letters = letter.sent + 1
        pledge.save(update_fields=["fingerprint", "domain_tag", "confirm_hash", "manage_hash", "code_hash", "letters"])
        if not pledge.forget:
            sealed = sealing.seal_to_rally(recipient, public=public, pledge_id=pledge.pk)
            SealedAddress.objects.bulk_create(
                [SealedAddress(pledge=pledge, blob=sealed)],
                update_conflicts=True,
                unique_fields=["pledge"],
                update_fields=["blob"],
            )
    return Opened(letter, address)


def _may_write_to(mailbox: bytes, pledge: Pledge, letter: Letter, *, now: datetime) -> bool:
    """Whether this letter is within the mailbox's limits. Called under its lock; has no regard to what is confirmed."""
    if Suppression.objects.filter(fingerprint=mailbox, until__gt=now).exists():
        return False
    if pledge.letters > letter.sent:
        return True  # promised already: a crash came between the promise and the stamp
    held = Pledge.objects.of_mailbox(pledge.rally_id, mailbox)
    if letter.sent and any((other.asked_at, other.pk) > (pledge.asked_at, pledge.pk) for other in held):
        return False  # one reminder for a mailbox, of its newest letter
    today = held.filter(asked_at__gt=now - timedelta(days=1)).exclude(pk=pledge.pk)
    return (today.aggregate(n=Sum("letters"))["n"] or 0) < LETTERS_A_DAY and (
        held.aggregate(n=Sum("letters"))["n"] or 0
    ) < LETTERS_A_RALLY


def accepted(letter: Letter, *, now: datetime, told: int | None = None) -> None:
    """The provider took it: the 48 hours begin, and after a day one reminder is owed.

    `told`: the announcement whose date and site the letter carried; its own letter is as good as sent.
    """
    with transaction.atomic():
        if told and Pledge.objects.select_for_update().filter(pk=letter.pk).exists():
            carried = AnnouncementLetter(announcement_id=told, pledge_id=letter.pk, state=LetterState.SENT)
            AnnouncementLetter.objects.bulk_create([carried], ignore_conflicts=True)
        Pledge.objects.filter(pk=letter.pk, mailed_at=None).update(mailed_at=to_minute(now))
        if letter.sent:
            Letter.objects.filter(pk=letter.pk).delete()
        else:
            Letter.objects.filter(pk=letter.pk).update(sent=1, claimed_at=None, tries=0, due_at=now + REMIND_AFTER)


def _discard(letter: Letter, *, now: datetime) -> None:
    """No letter will go. The pledge lives on as if it had, so that nobody can tell."""
    with transaction.atomic():
        Pledge.objects.filter(pk=letter.pk, mailed_at=None).update(mailed_at=to_minute(now))
        Letter.objects.filter(pk=letter.pk).delete()


def _put_off(letter: Letter, *, now: datetime) -> None:
    due = now + BACKOFF[min(letter.tries, len(BACKOFF)) - 1]
    Letter.objects.filter(pk=letter.pk).update(claimed_at=None, due_at=due)


def tidy() -> None:
    """Erase what nobody needs any more: letters that were answered, addresses that are to be forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWERED)
        cursor.execute(FORGOTTEN)


def expire(*, now: datetime) -> None:
    """Erase what its time has come for: unconfirmed pledges, domain tags, the hour of old confirmations."""
    pending = Pledge.objects.pending()
    _erase(pending.filter(mailed_at__lt=now - UNCONFIRMED_LIFE))
    _erase(pending.filter(mailed_at=None, letter__expires_at__lte=now))
    Suppression.objects.filter(until__lte=now).delete()

    old = now - DOMAIN_TAG_LIFE
    Pledge.objects.filter(domain_tag__isnull=False, asked_at__lt=old).update(domain_tag=None)
    day = Trunc("confirmed_at", "day", tzinfo=UTC)
    Pledge.objects.filter(confirmed_at__lt=old).exclude(confirmed_at=day).update(
        confirmed_at=day, asked_at=Trunc("asked_at", "day", tzinfo=UTC)
    )


def _erase(stale: PledgeQuerySet) -> None:
    """Delete batch by batch what is still stale once its row is locked; what somebody acts on now is left to them."""
    while True:
        with transaction.atomic():
            rows = stale.order_by("pk").select_for_update(skip_locked=True, of=("self",))
            ids = list(rows.values_list("pk", flat=True)[:ERASED_AT_ONCE])
            Pledge.objects.filter(pk__in=ids).erase()
        if len(ids) < ERASED_AT_ONCE:
            return
