"""The rally's own pages: front, cities, one city, what we keep. None of them asks the database for the count."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maps import search
from maps.gazetteer import Place, gazetteer
from pledges import planning
from pledges.forms import PledgeForm
from pledges.models import Announcement
from pledges.models.rally import Status
from pledges.pages.showing import as_row, published_or_404, region_name, show, with_headers
from pledges.publishing import reading
from pledges.publishing.reading import Published
from rallyreg.errors import error_page
from rallyreg.visitors import is_over, limit

TOP = 12


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """To the reader's language."""
    response = HttpResponseRedirect(f"/{translation.get_language_from_request(request)[:2]}/")
    return with_headers(response, {"Vary": "Accept-Language", "Cache-Control": "public, max-age=300"})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    slug = reading.featured_slug()
    found = reading.read(slug) if slug else None
    return _front(request, found) if found else show(request, "pledges/home.html", rally=None)


@require_safe
def rally(request: HttpRequest, slug: str) -> HttpResponse:
    return _front(request, published_or_404(slug))


def _front(request: HttpRequest, rally: Published) -> HttpResponse:
    form = PledgeForm(slug=rally.slug, home_country=rally.body["home_country"])
    by_id = gazetteer().by_id
    largest = sorted(rally.cities, key=lambda city: -rally.cities[city])[:TOP]
    top = [as_row(by_id[city], rally) | {"url": _city_url(rally, city)} for city in largest]
    return show(request, "pledges/rally.html", rally=rally, form=form, top=top)


@require_safe
@limit("240/m", ("GET", "HEAD"))
def cities(request: HttpRequest, slug: str) -> HttpResponse:
    """The table: every city with a figure, or those that match the search."""
    rally = published_or_404(slug)
    query = request.GET.get("q", "").strip()[:80]
    if query and is_over(request):  # a search may cost tens of milliseconds
        return error_page(request, 429)
    by_id = gazetteer().by_id
    if query:
        places = search.search(query, limit=30)
    else:
        places = [by_id[city] for city in sorted(rally.cities, key=lambda city: -rally.cities[city])]
    now, announced = timezone.now(), rally.status == Status.ANNOUNCED
    rows = []
    for place in places:
        site = announced and rally.announcement and planning.visible_site(rally.announcement, place.id, now=now)
        rows.append(
            as_row(place, rally)
            | {"url": _city_url(rally, place.id), "site": localized(site["place"]) if site else None}
        )
    others = [] if query else _others(rally)
    return show(request, "pledges/cities.html", rally=rally, rows=rows, others=others, query=query)


@require_safe
def city(request: HttpRequest, slug: str, geoname_id: int) -> HttpResponse:
    rally = published_or_404(slug)
    place = gazetteer().by_id.get(geoname_id)
    if place is None:
        raise Http404
    context = as_row(place, rally) | {"place": place.id, "site": None, "nearest": []}
    if rally.announcement and rally.status == Status.ANNOUNCED:
        context |= _when_and_where(rally, rally.announcement, place)
    initial = {"city": str(place.id), "city_name": context["name"]}
    form = PledgeForm(initial=initial, slug=slug, home_country=rally.body["home_country"])
    return show(request, "pledges/city.html", rally=rally, form=form, **context)


@require_safe
def privacy(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, "pledges/privacy.html", rally=published_or_404(slug))


@require_safe
def rights(request: HttpRequest, slug: str) -> HttpResponse:
    """What to know before going, and whom to call: the campaign's own words, else general ones."""
    return show(request, "pledges/rights.html", rally=published_or_404(slug))


def _when_and_where(rally: Published, announcement: Announcement, place: Place) -> dict[str, Any]:
    now = timezone.now()
    site = planning.visible_site(announcement, place.id, now=now)
    starts = planning.starts_in(announcement, place, now=now)
    if site:
        shown = {
            "place": localized(site["place"]),
            "note": localized(site["note"]),
            "lat": site["lat"],
            "lng": site["lng"],
        }
        return {"site": shown, "starts": starts}
    nearest = planning.nearest_with_site(announcement, place, now=now)
    return {"nearest": [as_row(near, rally) | {"url": _city_url(rally, near.id)} for near in nearest], "starts": starts}


def _others(rally: Published) -> list[dict[str, Any]]:
    """People of places too small to show, by region at home and by country abroad."""
    rows = []
    for other in rally.body["others"]:
        region, country = region_name(other)
        name = _("{region}: smaller places").format(region=region or country)
        rows.append({"name": name, "confirmed": other["confirmed"]})
    return rows


def localized(texts: dict[str, str]) -> str:
    return texts.get(get_language() or "en") or next(iter(texts.values()), "")


def _city_url(rally: Published, city_id: int) -> str:
    return reverse("city", args=[rally.slug, city_id])
