"""Settings that must not go to production, caught before anything starts."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from rallyreg import environment as env

MAIL_KEYS = ("FINGERPRINT_KEY", "MAILROOM_KEY")


@register()
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the embedded default is allowed, and nobody else."""
    if settings.ROLE not in settings.ROLES:
        hint = f"One of {', '.join(settings.ROLES)}."
        return [Error(f"RALLYREG_ROLE is {settings.ROLE!r}", hint=hint, id="rallyreg.E001")]
    if settings.DEBUG:
        return [*_map()]
    return [*_map(), *_missing(), *_switched_off(), *_misplaced_keys()]


def _map() -> Iterator[CheckMessage]:
    """A map from elsewhere would tell its server the address of every visitor, and what they look at."""
    hint = "A path on this site, beginning with one slash; fetch another server's tiles through a proxy of your own."
    for name in ("MAP_TILES", "MAP_PMTILES"):
        url = getattr(settings, name)
        if url and not re.match(r"/[^/\\]", url):
            yield Error(f"{name} is not on this site", hint=hint, id="rallyreg.E012")
    if bool(settings.MAP_PMTILES) != bool(settings.MAP_PMTILES_SCRIPT):
        both = "The archive and the script that reads it."
        yield Error("MAP_PMTILES and MAP_PMTILES_SCRIPT belong together", hint=both, id="rallyreg.E013")
    if "://" in settings.MAP_PMTILES_SCRIPT or settings.MAP_PMTILES_SCRIPT.startswith("//"):
        yield Error("MAP_PMTILES_SCRIPT is not on this site", hint="The path of a static file.", id="rallyreg.E012")
    if settings.DISPUTED_BORDERS not in {"dashed", "solid", "none"}:
        yield Error("DISPUTED_BORDERS is unknown", hint="`dashed`, `solid` or `none`.", id="rallyreg.E014")


def _missing() -> Iterator[CheckMessage]:
    needed = {
        "SITE_URLS": "Links in letters need it.",
        "MAIL_FROM": "The sender of the letters.",
        "SIGNING_KEY": "32 bytes in base64url; signs announcement.json.",
        "MAILROOM_PUBLIC_KEYS": "epoch:base64url; addresses are sealed to the last one.",
    }
    try:
        str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django refuses an empty one, but only once somebody asks for it
        yield Error("SECRET_KEY is not set", hint="Set it, or SECRET_KEY_FILE.", id="rallyreg.E002")
    if not env.text("REDIS_URL"):
        yield Error("REDIS_URL is not set", hint="redis://host:6379/0, without persistence.", id="rallyreg.E002")
    for name, hint in needed.items():
        if not getattr(settings, name):
            yield Error(f"{name} is not set", hint=hint, id="rallyreg.E002")
    if any(not url.startswith("https://") for url in settings.SITE_URLS):
        yield Error("SITE_URLS without https", hint="Tokens travel in these addresses.", id="rallyreg.E003")


def _switched_off() -> Iterator[CheckMessage]:
    """Protections that are off in the embedded default, so that the whole path runs while one looks on."""
    if settings.EMBEDDED:
        yield Error("DATABASE_URL is not set", hint="The embedded servers are for trying out.", id="rallyreg.E004")
    if settings.AUTO_UNLOCK:
        yield Error("AUTO_UNLOCK is on", hint="A rally key that opens by itself protects nobody.", id="rallyreg.E005")
    if settings.ANNOUNCE_HOLD < 60:
        yield Error("ANNOUNCE_HOLD is off", hint="Leave people time to stop the worker.", id="rallyreg.E006")
    if settings.PLAN_MIN_DAYS < 1:
        yield Error("PLAN_MIN_DAYS is off", hint="People need days to come.", id="rallyreg.E007")
    if settings.ANNOUNCE_HOURS == "0-24":
        yield Error("ANNOUNCE_HOURS is off", hint="Such as 10-20.", id="rallyreg.E008")
    if not re.fullmatch(r"\d{1,2}-\d{1,2}", settings.ANNOUNCE_HOURS):
        yield Error("ANNOUNCE_HOURS cannot be read", hint="Such as 10-20.", id="rallyreg.E008")
    if settings.SECOND_PERSON not in {"required", "delay"}:
        yield Error("SECOND_PERSON is unknown", hint="`required` or `delay`.", id="rallyreg.E009")


def _misplaced_keys() -> Iterator[CheckMessage]:
    """Whoever holds the database must not hold these, or a stolen database names people."""
    for name in MAIL_KEYS:
        if getattr(settings, name) and settings.ROLE != "mailroom":
            yield Error(f"{name} in role {settings.ROLE}", hint="Only the mailroom may hold it.", id="rallyreg.E010")
        if not getattr(settings, name) and settings.ROLE == "mailroom":
            yield Error(f"{name} is not set", hint="The mailroom needs it.", id="rallyreg.E011")
