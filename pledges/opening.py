"""A rally begins: its row, its texts, and the public key that people's addresses will be sealed to."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from pledges import record, trustees
from pledges.models import Rally


class NoKey(Exception):
    """No key is pinned for this rally, and this is no deployment that makes its own."""


@transaction.atomic
def open_rally(
    *,
    slug: str,
    texts: dict[str, Any],
    threshold: int,
    now: datetime,
    opens_at: datetime | None,
    home_country: str = "RU",
    home_timezone: str = "Europe/Moscow",
) -> Rally:
    """Store a new rally; with `opens_at` it takes pledges. Raises ValidationError by field, or NoKey.

    `texts` by language: `{"en": {"title": …, "cause": …, "asks": …}, "ru": {…}}`.
    """
    rally = Rally(
        slug=slug,
        texts=texts,
        threshold=threshold,
        home_country=home_country,
        home_timezone=home_timezone,
        opens_at=opens_at,
    )
    check(rally)
    rally.public_key = key_for(slug)
    rally.save(force_insert=True)
    record.write("rally made", by=None, now=now, rally=slug, threshold=threshold, open=opens_at is not None)
    return rally


def check(rally: Rally) -> None:
    """Raise ValidationError by field where the rally's words or figures cannot be."""
    errors: dict[str, Any] = {}
    try:
        # Milestones are null until they happen, which full_clean() would call blank.
        rally.clean_fields(exclude={field.name for field in Rally._meta.fields if field.null})
    except ValidationError as error:
        errors = error.update_error_dict(errors)
    if not errors.get("threshold") and rally.threshold < 1:
        errors["threshold"] = [_("The threshold is at least 1.")]
    if not any(words.get("title") for words in rally.texts.values()):
        errors["texts"] = [_("A title is needed, in one language at least.")]
    if not (len(rally.home_country) == 2 and rally.home_country.isascii() and rally.home_country.isupper()):
        errors["home_country"] = [_("Two capital letters, such as RU.")]
    if not is_timezone(rally.home_timezone):
        errors["home_timezone"] = [_("A time zone such as Europe/Moscow.")]
    if errors:
        raise ValidationError(errors)
    rally.validate_unique()


def is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a directory of the database
        return False
    return bool(name)


def key_for(slug: str) -> bytes:
    """The public key to seal to: the pinned one, or on a machine that looks after itself one made here."""
    pinned: bytes | None = settings.RALLY_PUBLIC_KEYS.get(slug)
    if pinned:
        return pinned
    if settings.KEYS_DIR is None:
        raise NoKey(slug)
    return trustees.make_key_here(slug)
