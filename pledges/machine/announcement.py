"""The announcement for machines: signed JSON, Atom, calendars."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from maps.gazetteer import Place, gazetteer
from pledges import announcing, planning
from pledges.models import Announcement
from pledges.models.announcement import Kind
from pledges.pages.rally import localized
from pledges.pages.showing import FOR_ALL, OPEN, published_or_404, with_headers
from pledges.publishing.reading import Published

LASTS = timedelta(hours=2)
CACHED = {"Cache-Control": FOR_ALL} | OPEN


@require_safe
def announcement_json(request: HttpRequest, slug: str) -> HttpResponse:
    """The current announcement, signed; 404 with a word while there is none."""
    rally = published_or_404(slug)
    if rally.announcement is None:
        return with_headers(
            JsonResponse({"rally": slug, "status": rally.status, "announcement": None}, status=404), CACHED
        )
    signed = announcing.signed(rally.announcement, now=timezone.now())
    return with_headers(JsonResponse({"rally": slug, "status": rally.status, "announcement": signed}), CACHED)


@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """Atom: the crossing and each announcement."""
    rally = published_or_404(slug)
    page = settings.SITE_URLS[0] + reverse("rally", args=[slug])
    atom = Atom1Feed(
        title=rally.title,
        link=page,
        description=rally.cause,
        language=get_language(),
        feed_url=settings.SITE_URLS[0] + reverse("feed", args=[slug]),
    )
    for told in Announcement.objects.published().filter(rally_id=rally.body["id"]).order_by("-number"):
        text = "\n\n".join(part for part in (told.reason, told.body) if part)
        guid = f"{page}#announcement-{told.number}"
        atom.add_item(
            told.subject,
            f"{page}#announcement",
            text,
            unique_id=guid,
            pubdate=told.published_at,
            updateddate=told.published_at,
        )
    if rally.reached_at:
        title = _("{n} of us").format(n=rally.threshold)
        atom.add_item(
            title, page, title, unique_id=f"{page}#reached", pubdate=rally.reached_at, updateddate=rally.reached_at
        )
    return with_headers(
        HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"), CACHED
    )


@require_safe
def calendar(request: HttpRequest, slug: str, geoname_id: int | None = None) -> HttpResponse:
    """The rally in the reader's calendar: in one city's time zone with its site, or as floating local time."""
    rally = published_or_404(slug)
    place = gazetteer().by_id.get(geoname_id) if geoname_id else None
    told = rally.announcement
    if told is None or told.date is None or told.time is None or (geoname_id and place is None):
        raise Http404
    ics = Calendar()
    ics.add("prodid", "-//Rally Registration//")
    ics.add("version", "2.0")
    ics.add("method", "CANCEL" if told.kind == Kind.CANCELLED else "PUBLISH")
    ics.add_component(_event(rally, told, place))
    return with_headers(HttpResponse(ics.to_ical(), content_type="text/calendar; charset=utf-8"), CACHED)


def _event(rally: Published, told: Announcement, place: Place | None) -> Event:
    page = settings.SITE_URLS[0] + reverse("rally", args=[rally.slug])
    event = Event()
    event.add("uid", f"{rally.slug}-{place.id if place else 'all'}@{settings.SITE_URLS[0].split('//')[-1]}")
    event.add("summary", rally.title)
    event.add("sequence", (told.number or 1) - 1)  # a later announcement replaces the entry in every calendar
    event.add("dtstamp", (told.published_at or timezone.now()).astimezone(UTC))
    starts = planning.starts_in(told, place, now=timezone.now()) if place else None
    floating = datetime.combine(told.date, told.time)  # type: ignore[arg-type]  # calendar() has looked
    begin = starts.astimezone(UTC) if starts else floating
    event.add("dtstart", begin)
    event.add("dtend", begin + LASTS)
    event.add("url", page)
    event.add("description", told.body)
    event.add("status", "CANCELLED" if told.kind == Kind.CANCELLED else "CONFIRMED")
    site = planning.visible_site(told, place.id, now=timezone.now()) if place else None
    if place:
        name = place.name(get_language() or "en")
        event.add("location", f"{name}, {localized(site['place'])}" if site else name)
    if site and site["lat"] is not None:
        event.add("geo", (site["lat"], site["lng"]))
    return event
