"""Places that are not listed, found by name and answered with the listed cities nearest to them.

There are too many to hold in every process, so each look costs a query or two through the trigram index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import sqrt
from operator import or_

from django.db import connection, transaction
from django.db.models import Q

from maps.gazetteer import Place, RegionPlace, country_name, gazetteer
from maps.geometry import distance_km, nearest
from maps.models import Village
from maps.names import edits, normalise, other_layout, query
from maps.search import CANDIDATES, LONGEST_TYPO, SHORTEST_TYPO, bare, listed, search

__all__ = ["Neighbour", "Unlisted", "villages"]

SHORTEST = 3  # letters; fewer begin hundreds of names
WELL_KNOWN = 50_000  # whoever writes the name of a city this large means it
LONGEST = 5  # words of a name after which a region may follow
MOST = 200  # looked at among those that begin so
NEAREST, AROUND = 3, 12
CITY_KM = 0.006  # times the root of its people: a city of a million reaches 6 km, Moscow 22


@dataclass(frozen=True, slots=True)
class Neighbour:
    place: Place
    km: int


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A village and where its people may join."""

    name_en: str
    name_ru: str
    country: str
    region: RegionPlace | None
    nearest: list[Neighbour]

    def name(self, lang: str) -> str:
        return (lang == "ru" and self.name_ru) or self.name_en

    def region_name(self, lang: str) -> str:
        return self.region.name(lang) if self.region else ""

    def country_name(self, lang: str) -> str:
        return country_name(self.country, lang)


def villages(q: str, *, home: str = "", limit: int = 5) -> list[Unlisted]:
    """Unlisted places that may be meant, those in the home country first; none where a listed one surely is meant."""
    text, flipped = query(q), other_layout(q)
    if len(text) < SHORTEST or any(place.population >= WELL_KNOWN for place in listed(text) + listed(flipped)):
        return []
    found = _called(text) or _called(flipped)
    if not found:
        others, begun = search(q), tuple(filter(None, (text, flipped)))
        if not any(name.startswith(begun) for place in others for name in place.names):
            found = _beginning(text) or ([] if others else _alike(text))
    found.sort(key=lambda village: (village.country != home, -village.population, village.pk))
    return [_described(village) for village in found[:limit]]


def _described(village: Village) -> Unlisted:
    regions = gazetteer().regions
    return Unlisted(
        name_en=village.name_en,
        name_ru=village.name_ru,
        country=village.country,
        region=regions.get(village.region_code) or regions.get(f"{village.country}/"),
        nearest=_neighbours(village),
    )


def _neighbours(village: Village) -> list[Neighbour]:
    """Nearest first by the way to the edge of a city, not to its middle: Kuntsevo lies in Moscow, not in Odintsovo."""
    point = village.latitude, village.longitude
    around = [
        (distance_km(*point, place.latitude, place.longitude), place)
        for place in nearest(*point, country=village.country, limit=AROUND)
    ]
    around.sort(key=lambda pair: pair[0] - CITY_KM * sqrt(pair[1].population))
    return [Neighbour(place, max(1, round(km))) for km, place in around[:NEAREST]]


def _called(text: str) -> list[Village]:
    """Those of exactly that name; what follows the name may tell where: "ивановка тверь", "Ивановка, Тверская обл."."""
    heads = {head: tail for head, tail in _split(text) if len(head) >= SHORTEST}
    if not heads:
        return []
    called = reduce(or_, (Q(search_text__contains=f"|{head}|") for head in heads))
    found = Village.objects.filter(called)
    return [village for village in found if any(_lies(village, heads[name]) for name in heads if name in village.names)]


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Every beginning of whole words, and the rest."""
    words = text.split()
    counts = [len(words), *range(min(len(words) - 1, LONGEST), 0, -1)]
    return ((" ".join(words[:count]), " ".join(words[count:])) for count in counts)


def _lies(village: Village, where: str) -> bool:
    """Whether the village's region or country, or a listed city of the region, begins so."""
    if not where:
        return True
    names = [country_name(village.country, lang) for lang in ("ru", "en")]
    if region := gazetteer().regions.get(village.region_code):
        names += [region.name_ru, region.name_en]
    short = bare(where) or where
    if any(normalise(name).startswith(short) for name in names):
        return True
    return any(place.region_code == village.region_code for place in listed(where))


def _beginning(text: str) -> list[Village]:
    return list(Village.objects.filter(search_text__contains=f"|{text}").order_by("-population", "pk")[:MOST])


def _alike(text: str) -> list[Village]:
    """Those whose name is so but for a typo or two."""
    if not SHORTEST_TYPO <= len(text) <= LONGEST_TYPO:
        return []
    allowed = 1 if len(text) < 6 else 2
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL pg_trgm.word_similarity_threshold = 0.4; SET LOCAL enable_seqscan = off")
        cursor.execute(
            "SELECT geoname_id FROM maps_village WHERE %s <%% search_text"
            " ORDER BY word_similarity(%s, search_text) DESC, population DESC LIMIT %s",
            [text, text, CANDIDATES],
        )
        near = [village for (village,) in cursor.fetchall()]
    typos = {
        village: min(edits(text, name)[1] for name in village.names) for village in Village.objects.filter(pk__in=near)
    }
    fewest = min(typos.values(), default=allowed + 1)
    return [village for village, wrong in typos.items() if wrong == fewest <= allowed]
