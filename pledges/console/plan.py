"""The plan: where each city gathers. A coordinator sees and proposes sites for own cities, and nothing of others."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maps import search
from maps.gazetteer import Place, gazetteer
from pledges import planning
from pledges.console.access import PLANNERS, chosen_rally, own_cities, show, staff_of, staff_with
from pledges.console.forms import SiteForm
from pledges.models import CityTally, Rally, RallySite, Staff
from pledges.models.rally import in_language
from pledges.pages.showing import SeeOther

PAGE = 100
WITHOUT = 20  # of the largest cities that have no site


@dataclass(frozen=True)
class Row:
    """A city in the plan's tables."""

    place: Place
    name: str
    region: str
    people: int
    site: RallySite | None
    where: str


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    rally = chosen_rally(request)
    if rally is None:
        return show(request, "console/empty.html", page="plan")
    staff = staff_of(request)
    own, query = own_cities(staff), request.GET.get("city", "").strip()[:80]
    found = _found(query, own)
    if query and len(found) == 1 and staff.role in PLANNERS and search.named(query):
        return SeeOther(reverse("site", args=[rally.slug, found[0].id]))
    rows = _rows(rally, own)
    return show(
        request,
        "console/plan.html",
        rally=rally,
        page="plan",
        completeness=planning.completeness(rally),
        sites=Paginator([row for row in rows if row.site], PAGE).get_page(request.GET.get("page")),
        without=[row for row in rows if not row.site][:WITHOUT],
        query=query,
        found=[_as_row(place, 0, None) for place in found],
        may_plan=staff.role in PLANNERS,
        only_own=own is not None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_with(*PLANNERS)
def site(request: HttpRequest, slug: str, city_id: int) -> HttpResponse:
    rally, place = _found_or_404(staff_of(request), slug, city_id)
    words: dict[str, Any] = {"city": place, "home_timezone": rally.home_timezone}
    stored = RallySite.objects.filter(rally=rally, city_id=place.id).first()
    if request.method == "POST":
        form = SiteForm(request.POST, **words)
        if form.is_valid():
            planning.put_site(rally=rally, city=place, by=staff_of(request), now=timezone.now(), **form.site())
            _tell_stored(request, place, form)
            return SeeOther(f"{reverse('plan')}?rally={rally.slug}")
    else:
        form = SiteForm.of(stored, **words) if stored else SiteForm(**words)
    people = CityTally.objects.filter(rally=rally, city_id=place.id).values_list("confirmed", flat=True).first() or 0
    status = 422 if form.errors else 200
    row = _as_row(place, people, stored)
    return show(request, "console/site.html", rally=rally, page="plan", form=form, row=row, status=status)


@require_POST
@staff_with(*PLANNERS)
def delete_site(request: HttpRequest, slug: str, city_id: int) -> HttpResponse:
    rally, place = _found_or_404(staff_of(request), slug, city_id)
    stored = get_object_or_404(RallySite, rally=rally, city_id=place.id)
    planning.remove_site(site=stored, by=staff_of(request), now=timezone.now())
    name = place.name(get_language() or "en")
    messages.success(request, _("{city}: the site is deleted.").format(city=name))
    return SeeOther(f"{reverse('plan')}?rally={rally.slug}")


def _found_or_404(staff: Staff, slug: str, city_id: int) -> tuple[Rally, Place]:
    """For a coordinator a foreign city is not there, so that nothing can be learnt of its site."""
    rally = get_object_or_404(Rally.objects.shown(), slug=slug)
    place, own = gazetteer().by_id.get(city_id), own_cities(staff)
    if place is None or (own is not None and city_id not in own):
        raise Http404
    return rally, place


def _tell_stored(request: HttpRequest, place: Place, form: SiteForm) -> None:
    name = place.name(get_language() or "en")
    messages.success(request, _("{city}: the site is stored.").format(city=name))
    for warning in form.warnings:
        messages.warning(request, f"{name}: {warning}")


def _found(query: str, own: set[int] | None) -> list[Place]:
    """What the name typed may mean: places of exactly that name, else similar ones."""
    places = (search.named(query) or search.search(query, limit=8)) if query else []
    return [place for place in places if own is None or place.id in own]


def _rows(rally: Rally, own: Collection[int] | None) -> list[Row]:
    """Every city with people or a site, by people."""
    tallies = CityTally.objects.filter(rally=rally, city__isnull=False)
    sites = RallySite.objects.filter(rally=rally)
    if own is not None:
        tallies, sites = tallies.filter(city_id__in=own), sites.filter(city_id__in=own)
    people: dict[int, int] = dict(tallies.values_list("city_id", "confirmed"))
    by_city = {site.city_id: site for site in sites}
    by_id = gazetteer().by_id
    cities = people.keys() | by_city.keys() | set(own or ())
    rows = [_as_row(by_id[city], people.get(city, 0), by_city.get(city)) for city in cities if city in by_id]
    return sorted(rows, key=lambda row: (-row.people, row.name))


def _as_row(place: Place, people: int, site: RallySite | None) -> Row:
    language = get_language() or "en"
    where = in_language({code: {"place": name} for code, name in site.place.items()}, "place") if site else ""
    name, region = place.name(language), place.region(language) or place.country_name(language)
    return Row(place, name, region if region != name else "", people, site, where)
