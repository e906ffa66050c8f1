"""Places as JSON: searched while somebody types, and all of them for the map."""

import hashlib
import json
from functools import lru_cache
from math import isfinite
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext

from maps.gazetteer import Gazetteer, Place, gazetteer
from maps.geometry import nearest
from maps.search import search
from maps.villages import Unlisted, villages
from rallyreg.bodies import Body
from rallyreg.visitors import is_over, limit

READING = ("GET", "HEAD")
LANGUAGES = ("ru", "en")
RATE_PERIOD = 60  # seconds


class BadQuery(ValueError):
    """The query cannot be answered; the message is for whoever asked."""


# HEAD is counted too, because it costs as much as GET.
@limit("240/m", READING)
def city_search(request: HttpRequest) -> HttpResponse:
    """`?q=` or `?near=lat,lng`, and `?lang=`, `?home=`: the places meant, best first, of these those at home."""
    lang = request.GET.get("lang", "en")
    with translation.override(lang if lang in LANGUAGES else "en"):
        if request.method not in READING:
            return _not_allowed()
        if is_over(request):
            return _error(gettext("Too many requests. Try again in a minute."), 429, retry_after=RATE_PERIOD)
        try:
            content = _answer(request, lang)
        except BadQuery as error:
            return _error(str(error), 400)
    response = _json(content)
    # Where somebody stands must not lie in a cache on the way.
    response["Cache-Control"] = "no-store" if "near" in request.GET else "public, max-age=300"
    return response


def cities_json(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """All places in aligned arrays, the same for every rally; with `?lang=`, only what a map in that language shows."""
    if request.method not in READING:
        return _not_allowed()
    lang = request.GET.get("lang", "")
    index = _city_index(gazetteer(), lang if lang in LANGUAGES else "")
    return index.answer(request, cache="public, max-age=86400")


def _answer(request: HttpRequest, lang: str) -> dict[str, Any]:
    """The answer to the query; BadQuery in the language in force."""
    if request.GET.get("lang", "en") not in LANGUAGES:
        raise BadQuery(gettext("lang must be ru or en."))
    if ("q" in request.GET) == ("near" in request.GET):
        raise BadQuery(gettext("Ask with either q or near."))
    if "q" in request.GET:
        q, home = request.GET["q"], request.GET.get("home", "")
        content: dict[str, Any] = {"cities": [_described(place, lang) for place in search(q, home=home)]}
        if unlisted := villages(q, home=home):
            content["villages"] = [_village(village, lang) for village in unlisted]
        return content
    try:
        lat, lng = (float(degrees) for degrees in request.GET["near"].split(","))
    except ValueError:
        lat = lng = float("nan")
    # Maps that can be scrolled around the globe count longitudes on beyond 180.
    if not (isfinite(lat) and isfinite(lng) and abs(lat) <= 90 and abs(lng) <= 540):
        raise BadQuery(gettext("near must be latitude,longitude in degrees."))
    return {"cities": [_described(place, lang) for place in nearest(lat, lng)]}


def _described(place: Place, lang: str) -> dict[str, str | int | float]:
    return {
        "id": place.id,
        "name": place.name(lang),
        "region": place.region(lang),
        "country": place.country,
        "country_name": place.country_name(lang),
        "lat": place.latitude,
        "lng": place.longitude,
    }


def _village(village: Unlisted, lang: str) -> dict[str, Any]:
    return {
        "name": village.name(lang),
        "region": village.region_name(lang),
        "region_code": village.region.code if village.region else "",
        "country": village.country,
        "country_name": village.country_name(lang),
        "nearest": [_described(near.place, lang) | {"km": near.km} for near in village.nearest],
    }


@lru_cache(maxsize=3)
def _city_index(all_places: Gazetteer, lang: str) -> Body:
    content = _for_map(all_places, lang) if lang else _whole(all_places)
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    # Of the body, not the version alone: a new release may write the same places in another form.
    return Body(body, f'"{hashlib.sha256(body).hexdigest()[:16]}"', lasting=True)


def _whole(all_places: Gazetteer) -> dict[str, Any]:
    places = all_places.places
    return {
        "version": all_places.version,
        "id": [place.id for place in places],
        "ru": [place.name_ru for place in places],
        "en": [place.name_en for place in places],
        "lat": [place.latitude for place in places],
        "lng": [place.longitude for place in places],
        "country": [place.country for place in places],
        "region": [place.region_en for place in places],
        "region_ru": [place.region_ru for place in places],
        "population": [place.population for place in places],
        "aliases": [";".join(place.aliases) for place in places],
    }


def _for_map(all_places: Gazetteer, lang: str) -> dict[str, Any]:
    """Points to a hundred metres, residents to two figures, a region's names once: half the bytes.

    `region_of` has each city's place in `regions`, by their English names, and in `regions_ru` where that is asked for.
    """
    places = all_places.places
    regions = sorted({(place.country, place.region_en, place.region_ru) for place in places})
    number = {region: index for index, region in enumerate(regions)}
    russian = {"regions_ru": [region[2] for region in regions]} if lang == "ru" else {}
    return {
        "version": all_places.version,
        "id": [place.id for place in places],
        lang: [place.name(lang) for place in places],
        "lat": [round(place.latitude, 3) for place in places],
        "lng": [round(place.longitude, 3) for place in places],
        "country": [place.country for place in places],
        "regions": [region[1] for region in regions],
        "region_of": [number[place.country, place.region_en, place.region_ru] for place in places],
        "population": [_rounded(place.population) for place in places],
    } | russian


def _rounded(number: int) -> int:
    """To two significant figures."""
    return round(number, 2 - len(str(number)))


def _json(content: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(content, status=status, json_dumps_params={"ensure_ascii": False})


def _error(message: str, status: int, *, retry_after: int | None = None) -> JsonResponse:
    response = _json({"error": message}, status)
    response["Cache-Control"] = "no-store"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _not_allowed() -> JsonResponse:
    response = _error(gettext("Only GET and HEAD are allowed."), 405)
    response["Allow"] = ", ".join(READING)
    return response
