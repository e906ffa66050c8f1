"""What the pages have in common: the rally as published, the other language's address, cache headers."""

from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language

from maps.gazetteer import Place, country_name, gazetteer
from pledges import moments, wording
from pledges.publishing import reading
from pledges.publishing.reading import Published

FOR_ALL = "public, max-age=5, stale-while-revalidate=10, stale-if-error=600"
FOR_ONE = "no-store"
OPEN = {"Access-Control-Allow-Origin": "*"}
Response = TypeVar("Response", bound=HttpResponseBase)


class SeeOther(HttpResponseRedirect):
    status_code = 303


def published_or_404(slug: str) -> Published:
    rally = reading.read(slug)
    if rally is None:
        raise Http404
    return rally


def show(
    request: HttpRequest,
    template: str,
    *,
    rally: Published | None,
    status: int = 200,
    cache: str = FOR_ALL,
    **context: Any,
) -> HttpResponse:
    """The page, with what base.html needs."""
    language = get_language() or "en"
    other = next((code, name) for code, name in settings.LANGUAGES if code != language)
    path = request.get_full_path().removeprefix(f"/{language}/")  # with the search that is being looked at
    context |= {"rally": rally, "other_language": {"code": other[0], "name": other[1], "url": f"/{other[0]}/{path}"}}
    if rally:
        context |= _now(rally, now=timezone.now()) | {
            "site_url": settings.SITE_URLS[0],
            "least": settings.PUBLISH_MIN_CITY,
            "step": settings.PUBLISH_STEP,
        }
    response = TemplateResponse(request, template, context, status=status)
    response.headers["Cache-Control"] = cache
    if cache == FOR_ONE:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _now(rally: Published, *, now: datetime) -> dict[str, Any]:
    """What depends on the moment of looking: where the rally stands, in a sentence, and the days until its date."""
    day = rally.announcement.date if rally.announcement else None
    return {
        "promise": wording.standing_now(rally, now=now),
        "days_left": day and moments.days_until(day, zone=rally.home_timezone, now=now),
    }


def with_headers(response: Response, headers: dict[str, str]) -> Response:
    for name, value in headers.items():
        response.headers[name] = value
    return response


def as_row(place: Place, rally: Published) -> dict[str, Any]:
    """A city in a table; `confirmed` None where too few people are from there to say, `share` per thousand people."""
    language = get_language() or "en"
    confirmed = rally.cities.get(place.id)
    return {
        "place": place,
        "name": place.name(language),
        "region": place.region(language),
        "country_name": "" if place.country == rally.body["home_country"] else place.country_name(language),
        "confirmed": confirmed,
        "population": place.population,
        "share": confirmed * 1000 / place.population if confirmed and place.population else None,
    }


def region_name(other: dict[str, Any]) -> tuple[str, str]:
    """Region (empty abroad) and country of a row of `others`, in the active language."""
    language = get_language() or "en"
    region = gazetteer().regions.get(f"{other['country']}/{other['region']}") if other["region"] else None
    return region.name(language) if region else "", country_name(other["country"], language)
