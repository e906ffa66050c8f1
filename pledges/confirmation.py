"""The confirmation letter: link and code, and from the announcement on, date and site."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from maps.gazetteer import gazetteer
from pledges import announcing, planning, sealing
from pledges.letterforms import Form, render
from pledges.models import Announcement, Letter, Rally


def subject_of(rally_title: str) -> str:
    """Says what it is, and names no cause: the subject is what the mailbox's provider reads first."""
    return _("Please confirm: {rally}").format(rally=rally_title)


def write(letter: Letter, recipient: str, *, announcement_id: int | None, now: datetime) -> bytes:
    """The whole message; its links and code follow from the sealed blob, so a retry repeats them."""
    pledge, seed = letter.pledge, letter.seed
    form = _form(
        pledge.rally_id,
        pledge.region_id,
        pledge.city_id,
        letter.language,
        announcement_id,
        letter.sent > 0,
        int(now.timestamp()) // 60,  # a change of the rally's texts shows within a minute
    )
    return form.filled(
        recipient=recipient,
        token=sealing.token("confirm", seed),
        manage=sealing.token("manage", seed),
        code=sealing.code(seed),
        id=hashlib.sha256(b"letter|%d|" % letter.sent + seed).hexdigest()[:32],
    )


@lru_cache(maxsize=4096)
def _form(
    rally_id: int,
    region_id: int,
    city_id: int | None,
    language: str,
    announcement_id: int | None,
    again: bool,
    minute: int,
) -> Form:
    rally = Rally.objects.get(pk=rally_id)
    with translation.override(language):
        place = place_name(region_id, city_id, language)
        context: dict[str, Any] = {"rally": rally, "place": place, "again": again}
        if announcement_id:
            context |= date_and_site(announcing.published(announcement_id), city_id, language, minute=minute)
        return render("confirm", language=language, subject=subject_of(rally.text("title", language)), context=context)


def place_name(region_id: int, city_id: int | None, language: str) -> str:
    """The city, or for "only my region" the region, or abroad the country."""
    places = gazetteer()
    if city_id:
        return places.by_id[city_id].name(language)
    region = places.regions_by_id[region_id]
    return region.name(language) or region.country_name(language)


def date_and_site(announcement: Announcement, city_id: int | None, language: str, *, minute: int) -> dict[str, Any]:
    """What a letter says of when and where, for one city: `announcement`, `starts`, `site`, `nearest`.

    `minute` is Unix time in minutes: letters are rendered once and kept for as long.
    """
    now = datetime.fromtimestamp(minute * 60, tz=UTC)
    place = gazetteer().by_id.get(city_id) if city_id else None
    site = planning.visible_site(announcement, city_id, now=now)
    return {
        "announcement": announcement,
        "starts": place and planning.starts_in(announcement, place, now=now),
        "site": site and {name: in_language_of(site[name], language) for name in ("place", "note")},
        "nearest": []
        if site or not place
        else [city.name(language) for city in planning.nearest_with_site(announcement, place, now=now)],
    }


def in_language_of(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
