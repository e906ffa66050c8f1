"""How an announcement will look, before anybody has it: its letter and its page, in both languages, for one city."""

from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from django.conf import settings

from maps.gazetteer import Place
from pledges import confirmation, planning
from pledges.letterforms import MARKS, render
from pledges.models import Announcement

HIDDEN = "…"  # where a letter carries what is its reader's alone


def in_languages(announcement: Announcement, place: Place, *, now: datetime) -> list[dict[str, Any]]:
    """By language: `code`, `subject`, the letter's `text`, and `page`, what the city's page will say."""
    return [_in_language(announcement, place, code, now=now) for code, _name in settings.LANGUAGES]


def _in_language(announcement: Announcement, place: Place, language: str, *, now: datetime) -> dict[str, Any]:
    told = confirmation.date_and_site(announcement, place.id, language, minute=int(now.timestamp()) // 60)
    subject = announcement.text("subject", language)
    context = {"rally": announcement.rally, "place": place.name(language), **told}
    form = render("announcement", language=language, subject=subject, context=context)
    return {
        "code": language,
        "subject": subject,
        "text": _text_of(form.raw),
        "page": told | {"body": announcement.text("body", language), "reason": announcement.text("reason", language)},
        "city": place.name(language),
    }


def _text_of(raw: bytes) -> str:
    message = message_from_bytes(raw, policy=default)
    part = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = str(part.get_content()) if part else ""
    for mark in MARKS.values():
        text = text.replace(mark, HIDDEN)
    return text


def cities_to_choose(announcement: Announcement, by_id: dict[int, Place], own: Iterable[int] | None) -> list[Place]:
    """Cities that have a site in it; for a coordinator, own ones."""
    known = {int(city) for city in announcement.content["sites"]} & by_id.keys()
    wanted = known if own is None else set(own) & by_id.keys()
    return sorted((by_id[city] for city in wanted), key=lambda place: -place.population)


def frozen_sites(
    announcement: Announcement, by_id: dict[int, Place], language: str, own: set[int] | None, *, now: datetime
) -> list[dict[str, Any]]:
    """The sites as the content holds them; for a coordinator, those of own cities."""
    rows = []
    for city, site in announcement.content["sites"].items():
        place = by_id.get(int(city))
        if own is not None and int(city) not in own:
            continue
        rows.append(
            {
                "city": place.name(language) if place else city,
                "place": confirmation.in_language_of(site["place"], language),
                "note": confirmation.in_language_of(site["note"], language),
                "lat": site["lat"],
                "lng": site["lng"],
                "time": site["time"],
                "reveal_at": site["reveal_at"] and datetime.fromisoformat(site["reveal_at"]),
                "is_hidden": planning.visible_site(announcement, int(city), now=now) is None,
            }
        )
    return sorted(rows, key=lambda row: str(row["city"]))
