"""Settings that must not go to production, caught before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MAIL_KEYS = {"MAILROOM_KEY", "FINGERPRINT_KEY"}


@register()
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the embedded default is allowed, and nobody else."""
    if settings.ROLE not in settings.ROLES:
        return [
            Error(
                f"RALLYREG_ROLE is {settings.ROLE!r}", hint=f"One of {', '.join(settings.ROLES)}.", id="rallyreg.E001"
            )
        ]
    if settings.DEBUG:
        return []
    wrong: list[tuple[bool, str, str, str]] = [
        (not settings.SECRET_KEY, "SECRET_KEY is not set", "Set it, or SECRET_KEY_FILE.", "E002"),
        (settings.EMBEDDED, "no DATABASE_URL", "The embedded servers are for trying out.", "E003"),
        (settings.AUTO_UNLOCK, "AUTO_UNLOCK is on", "A rally key that opens by itself protects nobody.", "E004"),
        (settings.ANNOUNCE_HOLD < 60, "ANNOUNCE_HOLD is off", "Leave people time to stop the worker.", "E005"),
        (settings.PLAN_MIN_DAYS < 1, "PLAN_MIN_DAYS is off", "People need days to come.", "E006"),
        (settings.ANNOUNCE_HOURS == "0-24", "ANNOUNCE_HOURS is off", "Such as 10-20.", "E007"),
        (settings.SECOND_PERSON not in {"required", "delay"}, "SECOND_PERSON", "`required` or `delay`.", "E008"),
        (not settings.SITE_URLS, "SITE_URLS is empty", "Links in letters need it.", "E009"),
        (
            any(not url.startswith("https://") for url in settings.SITE_URLS),
            "SITE_URLS without https",
            "Use https.",
            "E010",
        ),
        (not settings.MAIL_FROM, "MAIL_FROM is not set", "The sender of the letters.", "E011"),
        (not settings.SIGNING_KEY, "SIGNING_KEY is not set", "32 bytes in base64url.", "E012"),
        (not settings.MAILROOM_PUBLIC_KEYS, "MAILROOM_PUBLIC_KEYS is empty", "epoch:base64url.", "E013"),
    ]
    wrong += [
        (
            bool(getattr(settings, key)) and settings.ROLE != "mailroom",
            f"{key} in role {settings.ROLE}",
            "Only the mailroom may hold it.",
            "E014",
        )
        for key in sorted(MAIL_KEYS)
    ]
    wrong += [
        (
            not getattr(settings, key) and settings.ROLE == "mailroom",
            f"{key} is not set",
            "The mailroom needs it.",
            "E015",
        )
        for key in sorted(MAIL_KEYS)
    ]
    return [Error(what, hint=hint, id=f"rallyreg.{number}") for is_wrong, what, hint, number in wrong if is_wrong]
