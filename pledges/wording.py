"""Sentences that pictures, posters and pages share: where a rally stands, when it is, where to find it."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maps.gazetteer import Place
from pledges import moments, planning
from pledges.publishing.reading import Published


def number(people: int) -> str:
    """With the thousands set apart as the reader's language does."""
    return str(number_format(people, use_l10n=True, force_grouping=True))


def standing_now(rally: Published, *, now: datetime) -> str:
    """The same sentence as a page says it, where it may be about the next hours."""
    if rally.is_nearly_there:
        more = ngettext("%(left)s more, and we set the date", "%(left)s more, and we set the date", rally.left)
        return more % {"left": number(rally.left)}
    if rally.status == "reached" and rally.date_due:
        due = moments.said(rally.date_due, zone=rally.home_timezone, now=now)
        return _("%(threshold)s of us. The date: %(due)s") % {"threshold": number(rally.threshold), "due": due}
    return standing(rally)


def standing(rally: Published) -> str:
    """One sentence: where this rally stands. It may be printed, so it says nothing of today."""
    threshold = number(rally.threshold)
    match rally.status:
        case "draft":
            return _("It is not open yet. Come back soon.")
        case "collecting":
            return _("We set the date when we are %(threshold)s") % {"threshold": threshold}
        case "reached":
            return _("%(threshold)s of us. The date comes soon") % {"threshold": threshold}
        case "announced":
            return _("The date is set. Come, and bring a friend")
        case "over":
            return _("It is over. Thank you, everyone who came")
    return _("It is cancelled. Please do not come")


def day(rally: Published) -> str:
    """The announced day, or nothing; a cancelled rally has none."""
    told = rally.announcement
    if told is None or told.date is None or rally.status != "announced":
        return ""
    return str(date_format(told.date, "l, j\u00a0E"))


def hour(rally: Published, place: Place | None, *, now: datetime) -> str:
    """The announced time, in a city its own; nothing where there is none."""
    told = rally.announcement
    if told is None or not day(rally):
        return ""
    starts = planning.starts_in(told, place, now=now) if place else None
    at = starts.time() if starts else told.time
    return str(time_format(at, "H:i")) if at else ""


def page_url(rally: Published, place: Place | None = None) -> str:
    """The address for paper and codes: under the first of our names."""
    path = reverse("city", args=[rally.slug, place.id]) if place else reverse("rally", args=[rally.slug])
    return settings.SITE_URLS[0] + path


def without_scheme(url: str) -> str:
    """An address as people write it down."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}".rstrip("/")
