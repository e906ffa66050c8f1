"""What the map's template asks for: the home country's projection, the operator's own map, counted words."""

import json
from collections.abc import Callable
from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import ngettext

from maps.gazetteer import gazetteer
from maps.projection import conic_of

register = template.Library()
SAMPLES = {"one": 1, "few": 2, "many": 5, "other": 1_000_000}  # of each of Intl.PluralRules' categories
COUNTED: dict[str, Callable[[int], str]] = {
    "people": lambda n: ngettext("{n} person", "{n} people", n),
    "more": lambda n: ngettext("+{n} city", "+{n} cities", n),
}


@register.simple_tag
def conic(country: str) -> str:
    """`lat1 lat2 lat0 lng0` in degrees; empty where Mercator does as well, or where the operator's map needs it."""
    found = None if settings.LEAFLET_CONFIG["TILES"] or settings.MAP_PMTILES else conic_of(country, gazetteer())
    return f"{found.lat1} {found.lat2} {found.lat0} {found.lng0}" if found else ""


@register.simple_tag
def counted_words(name: str) -> str:
    """A phrase in every form that a number asks for in this language, as JSON; the script puts the number in."""
    return json.dumps({category: COUNTED[name](n) for category, n in SAMPLES.items()}, ensure_ascii=False)


@register.simple_tag
def map_config() -> dict[str, object]:
    """What the operator has set about the map, in the script's terms."""
    config: dict[str, Any] = settings.LEAFLET_CONFIG
    return {
        "tiles": [{"url": url, "options": options} for _, url, options in config["TILES"]],
        "pmtiles": settings.MAP_PMTILES,
        "attribution": settings.MAP_ATTRIBUTION,
        "prefix": config["ATTRIBUTION_PREFIX"],
        "disputed": settings.DISPUTED_BORDERS,
        "maxZoom": config["MAX_ZOOM"],
    }
