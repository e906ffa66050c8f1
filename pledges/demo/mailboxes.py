"""Synthetic mailboxes that pledge: through the real operations, all but sending the letter; or in bulk."""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from pledges import addresses, mailroom, pledging, sealing, trustees
from pledges.demo.people import Crowd
from pledges.models import Change, Letter, Pledge, Rally, SealedAddress
from pledges.pledging import Where, to_minute


class NoMailroomKeys(Exception):
    """This process may not open what is sealed to the mailroom."""


class NoLetter(Exception):
    """The mailroom would write no letter to this address."""


@dataclass(frozen=True)
class Mailbox:
    """Somebody at example.org, where no mail is ever read."""

    address: str
    where: Where
    language: str
    forget: bool = False


def invent(crowd: Crowd, dice: random.Random, *, name: str, forget: float = 0.0) -> Mailbox:
    """`name@example.org`, somewhere in the crowd; one in four reads English."""
    (where,) = crowd.draw(1, dice)
    return Mailbox(f"{name}@example.org", where, dice.choices(["ru", "en"], [3, 1])[0], dice.random() < forget)


def check_keys() -> None:
    if not (settings.MAILROOM_KEY and settings.FINGERPRINT_KEY):
        raise NoMailroomKeys


def ask(rally: Rally, mailbox: Mailbox, *, now: datetime) -> UUID:
    """Pledge, and do with the letter what the mailroom does, all at once: a mailroom at work would send it."""
    sealed = sealing.seal_to_mailroom(mailbox.address, slug=rally.slug)
    with transaction.atomic():
        handle = pledging.make_pledge(
            rally=rally, where=mailbox.where, sealed=sealed, forget=mailbox.forget, language=mailbox.language, now=now
        )
        letters = Letter.objects.select_related("pledge__rally")
        letter = letters.get(pledge__handle_hash=sealing.token_hash(handle))
        if mailroom.prepare(letter, now=now) is None:
            raise NoLetter
        mailroom.accepted(letter, now=now)
    return letter.pledge.pk


def pledge(rally: Rally, mailbox: Mailbox, *, now: datetime) -> None:
    """All of it: the form, the letter, the yes to it."""
    pledging.confirm(ask(rally, mailbox, now=now), now=now)


@transaction.atomic
def pledge_together(rally: Rally, boxes: list[Mailbox], *, now: datetime) -> None:
    """The rows that `pledge` leaves, for many new mailboxes at once and thirty times faster."""
    public, minute = trustees.pinned_key(rally), to_minute(now)
    pledges, sealed, changes = [], [], []
    for box in boxes:
        recipient = sealing.Recipient(box.address, box.language, sealing.to_text(secrets.token_bytes(sealing.TOKEN)))
        pledge = Pledge(
            rally=rally,
            region_id=box.where.region_id,
            city_id=box.where.city_id,
            fingerprint=sealing.fingerprint(addresses.canonical(box.address)),
            domain_tag=sealing.domain_tag(addresses.domain_of(box.address)),
            handle_hash=secrets.token_bytes(32),
            manage_hash=sealing.token_hash(recipient.manage_token),
            letters=1,
            asked_at=minute,
            mailed_at=minute,
            confirmed_at=minute,
        )
        blob = sealing.seal_to_rally(recipient, public=public, pledge_id=pledge.pk)
        pledges.append(pledge)
        sealed.append(SealedAddress(pledge=pledge, blob=blob))
        changes.append(Change(rally=rally, region_id=pledge.region_id, city_id=pledge.city_id, confirmed=1))
    Pledge.objects.bulk_create(pledges)
    SealedAddress.objects.bulk_create(sealed)
    Change.objects.bulk_create(changes)
