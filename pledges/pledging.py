"""Make, confirm, move, withdraw, forget. Each act stores what was decided and what is owed in one transaction.

Confirm, move and withdraw take the mailbox's lock first and the rows after it in the order of their ids, so that two
acts on one mailbox never wait for each other in a circle.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from pledges import sealing
from pledges.models import Change, Letter, Pledge, Rally, Suppression

LETTER_LIFE = timedelta(days=7)  # how long we try where no provider accepts the letter
CODE_TRIES = 5
FOR_GOOD = timedelta(days=36_500)


class NotTakingPledges(Exception):
    """The rally is not open, over or cancelled."""


class Gone(Exception):
    """The pledge was withdrawn, has expired, or never was."""


@dataclass(frozen=True)
class Where:
    """A city, or with `city_id` None the region alone."""

    region_id: int
    city_id: int | None


def make_pledge(*, rally: Rally, where: Where, sealed: bytes, forget: bool, language: str, now: datetime) -> str:
    """Store a pledge and the letter it is owed; returns the handle for the check-your-mail page."""
    if not rally.is_taking_pledges():
        raise NotTakingPledges(rally.slug)
    epoch = sealing.mailroom_epoch(sealed)
    handle = sealing.to_text(secrets.token_bytes(sealing.TOKEN))
    with transaction.atomic():
        pledge = Pledge(
            rally=rally,
            region_id=where.region_id,
            city_id=where.city_id,
            handle_hash=sealing.token_hash(handle),
            forget=forget,
            asked_at=to_minute(now),
        )
        pledge.save(force_insert=True)
        Letter(
            pledge=pledge, blob=sealed, epoch=epoch, language=language, due_at=now, expires_at=now + LETTER_LIFE
        ).save(force_insert=True)
    return handle


@transaction.atomic
def confirm(pledge_id: UUID, *, now: datetime, where: Where | None = None) -> Pledge:
    """Count the pledge, in `where` if given; it takes the place of the mailbox's earlier one. Twice is as once.

    A removed mailbox that confirms again stays removed and uncounted, and sees nothing different.
    """
    pledge = _locked(pledge_id)
    if pledge.confirmed_at:
        return pledge
    if not pledge.rally.is_taking_pledges():
        raise NotTakingPledges(pledge.rally.slug)

    mailbox = Pledge.objects.of_mailbox(pledge.rally_id, _mailbox(pledge))
    if earlier := mailbox.confirmed().first():
        _uncount(earlier)
        pledge.removed_at, pledge.removal_id = earlier.removed_at, earlier.removal_id
        Pledge.objects.filter(pk=earlier.pk).erase()
    if where:
        pledge.region_id, pledge.city_id = where.region_id, where.city_id
    pledge.confirmed_at = to_minute(now)
    pledge.save(update_fields=["confirmed_at", "region", "city", "removed_at", "removal"])
    _count(pledge)
    return pledge


def confirm_by_code(handle: str, code: str, *, now: datetime) -> Pledge | None:
    """Confirm with the letter's six digits; None where they are wrong. Five tries for a handle, then never again."""
    handle_hash = sealing.token_hash(handle)
    tried = Pledge.objects.filter(handle_hash=handle_hash, code_tries__lt=CODE_TRIES)
    if not tried.update(code_tries=F("code_tries") + 1):
        return None
    digest = sealing.code_hash(code, handle_hash=handle_hash) if code.isascii() and code.isdigit() else b""
    pledge = Pledge.objects.filter(handle_hash=handle_hash, code_hash=digest).first()
    return confirm(pledge.pk, now=now) if pledge else None


def is_handle(text: str) -> bool:
    """Whether it looks like a handle. Whether there is one is not told: that would tell what became of a pledge."""
    try:
        return len(sealing.from_text(text)) == sealing.TOKEN
    except ValueError:
        return False


def find(purpose: str, token: str) -> Pledge:
    """The pledge that a letter's `confirm` or `manage` link is about; Gone where there is none."""
    try:
        digest = sealing.token_hash(token)
    except ValueError:
        raise Gone from None
    found = Pledge.objects.select_related("rally").filter(**{f"{purpose}_hash": digest}).first()
    if found is None:
        raise Gone
    return found


def standing(pledge: Pledge) -> Pledge | None:
    """The mailbox's confirmed pledge to this rally: this one, or another that this link's owner holds as well."""
    if pledge.confirmed_at:
        return pledge
    return (
        Pledge.objects.of_mailbox(pledge.rally_id, _mailbox(pledge)).confirmed().select_related("rally").first()
        if pledge.fingerprint
        else None
    )


@transaction.atomic
def move(pledge_id: UUID, where: Where) -> Pledge:
    """Join from another place."""
    pledge = _locked(pledge_id)
    if (pledge.region_id, pledge.city_id) == (where.region_id, where.city_id):
        return pledge
    _uncount(pledge)
    pledge.region_id, pledge.city_id = where.region_id, where.city_id
    pledge.save(update_fields=["region", "city"])
    _count(pledge)
    return pledge


@transaction.atomic
def forget_address(pledge_id: UUID) -> None:
    """Keep the count, hold no address; the mailroom's next tick deletes the sealed one."""
    _locked(pledge_id)
    Pledge.objects.filter(pk=pledge_id).update(forget=True)


@transaction.atomic
def withdraw(pledge_id: UUID) -> None:
    """Delete what is held of this mailbox for this rally: the pledge, its letter and address, unconfirmed ones too."""
    pledge = _locked(pledge_id)
    if pledge.fingerprint is None:
        Pledge.objects.filter(pk=pledge_id).erase()
        return
    mailbox = Pledge.objects.of_mailbox(pledge.rally_id, _mailbox(pledge))
    for held in mailbox.order_by("pk").select_for_update():
        _uncount(held)
    mailbox.erase()


@transaction.atomic
def disown(pledge_id: UUID, *, now: datetime) -> None:
    """ "It wasn't me": as withdraw, and no letter of ours goes to this mailbox again."""
    pledge = _locked(pledge_id)
    withdraw(pledge_id)
    if pledge.fingerprint:
        suppression = Suppression(fingerprint=pledge.fingerprint, until=now + FOR_GOOD)
        Suppression.objects.bulk_create([suppression], ignore_conflicts=True)


def lock_mailbox(fingerprint: bytes) -> None:
    """Until the end of the transaction nobody else acts on this mailbox."""
    key = int.from_bytes(fingerprint[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _locked(pledge_id: UUID) -> Pledge:
    """The pledge, with its mailbox and all the mailbox's rows locked; Gone where it is not there any more."""
    fingerprint = Pledge.objects.filter(pk=pledge_id).values_list("fingerprint", flat=True).first()
    if fingerprint:
        lock_mailbox(bytes(fingerprint))
        list(Pledge.objects.filter(fingerprint=fingerprint).order_by("pk").select_for_update().values_list("pk"))
    pledge = Pledge.objects.select_for_update(of=("self",)).select_related("rally").filter(pk=pledge_id).first()
    if pledge is None:
        raise Gone
    return pledge


def _mailbox(pledge: Pledge) -> bytes:
    if pledge.fingerprint is None:  # its letter has not been written, so nobody can hold its links
        raise Gone
    return bytes(pledge.fingerprint)


def _count(pledge: Pledge, sign: int = 1) -> None:
    if pledge.is_counted:
        _change(pledge, confirmed=sign)
    elif pledge.confirmed_at:
        _change(pledge, removed=sign)


def _uncount(pledge: Pledge) -> None:
    _count(pledge, sign=-1)


def _change(pledge: Pledge, *, confirmed: int = 0, removed: int = 0) -> None:
    Change.objects.create(
        rally_id=pledge.rally_id,
        region_id=pledge.region_id,
        city_id=pledge.city_id,
        confirmed=confirmed,
        removed=removed,
    )
