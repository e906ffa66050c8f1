"""What people type, and the place they mean.

Names are looked up in the process: 2,100 places have about 5,000 names, so a sorted list and bisect answer in
microseconds, without a query, on every key pressed. Only for what begins no name PostgreSQL is asked: its trigram
index finds the few dozen names that share some letters in a millisecond, where comparing with all would take fifty.
Trigrams alone would not do: "мсоква" shares so little with Москва that a threshold low enough lets in half of the
list. So they only choose whom to compare with, and counted edits decide.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection, transaction

from maps.gazetteer import Gazetteer, Place, gazetteer
from maps.names import edits, normalise, other_layout, query

__all__ = ["bare", "listed", "named", "normalise", "search"]

SHORTEST_TYPO = 4  # letters; one edit in fewer makes any name of any other
LONGEST_TYPO = 50  # no name is longer
CANDIDATES = 40  # of the trigrams

# What may be left out or shortened in the name of a region.
_GENERIC = re.compile(
    r"\b(?:область|обл|край|республика|респ|автономный|автономная|округ|ао"
    r"|oblast|region|krai|republic|autonomous|okrug)\b"
)

_EXACT, _PREFIX, _LATER_WORD = range(3)


@dataclass(frozen=True, slots=True)
class _Index:
    starts: list[tuple[str, int, Place]]  # what a text may begin, with _PREFIX or _LATER_WORD; sorted by text
    exact: dict[str, list[Place]]  # by name or alias, larger first
    qualified: dict[str, list[Place]]  # by name and region or country, in full and without generic words


def search(q: str, *, home: str = "", limit: int = 10) -> list[Place]:
    """Places that may be meant, best first: by name, typed on the wrong keyboard layout, with typos.

    Of what fits alike, places of the home country come first, then larger ones. static/js/places.js does the same.
    """
    text, flipped = query(q), other_layout(q)
    # The layout comes before typos: it matches names to the letter, and costs no query.
    found = _starting(text) or _starting(flipped) or _alike(text) or _alike(flipped)
    return sorted(found, key=lambda place: (found[place], place.country != home, -place.population, place.id))[:limit]


def listed(text: str) -> list[Place]:
    """Places of exactly that name or alias, which is normalised already; larger first."""
    return _index(gazetteer()).exact.get(text, [])


def named(name: str) -> list[Place]:
    """Places of exactly that name or alias, larger first; a region or country after it tells namesakes apart."""
    text, index = query(name), _index(gazetteer())
    return list(index.exact.get(text) or index.qualified.get(text) or index.qualified.get(bare(text)) or ())


def _starting(text: str) -> dict[Place, tuple[int, ...]]:
    """Places a name of which, or a later word of it, begins so; ranked: whole names, beginnings, later words."""
    if not text:
        return {}
    index = _index(gazetteer())
    rank = dict.fromkeys(index.exact.get(text, ()), _EXACT)
    for position in range(bisect_left(index.starts, (text,)), len(index.starts)):
        start, kind, place = index.starts[position]
        if not start.startswith(text):
            break
        rank[place] = min(kind, rank.get(place, kind))
    return {place: (kind,) for place, kind in rank.items()}


def _alike(text: str) -> dict[Place, tuple[int, ...]]:
    """Places with a name, or a later word of it, that begins so but for a typo or two; ranked by typos."""
    if not SHORTEST_TYPO <= len(text) <= LONGEST_TYPO:
        return {}
    allowed = 1 if len(text) < 6 else 2
    by_id = gazetteer().by_id
    typos: dict[Place, tuple[int, ...]] = {}
    for place in (by_id[city] for city in _sharing_letters(text) if city in by_id):
        ways = (way[: len(text) + allowed + 1] for name in place.names for way in (name, *_later_words(name)))
        fewest, unfinished = min(edits(text, way) for way in ways)
        if fewest <= allowed:
            typos[place] = fewest, int(unfinished > fewest)  # "орол" is rather Орёл than the beginning of Орландо
    return typos


def _sharing_letters(text: str) -> list[int]:
    """Ids of the cities whose names have most trigrams in common with the text."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The index can only be asked about the threshold in force; "мсоква" and "москва moscow" have 0.29. And the
        # planner, who takes word_similarity for as cheap as a comparison, would rather read the whole table.
        cursor.execute("SET LOCAL pg_trgm.word_similarity_threshold = 0.25; SET LOCAL enable_seqscan = off")
        cursor.execute(
            "SELECT geoname_id FROM maps_city WHERE listed AND %s <%% search_text"
            " ORDER BY word_similarity(%s, search_text) DESC, population DESC LIMIT %s",
            [text, text, CANDIDATES],
        )
        return [city for (city,) in cursor.fetchall()]


@lru_cache(maxsize=1)
def _index(places: Gazetteer) -> _Index:
    exact: defaultdict[str, list[Place]] = defaultdict(list)
    qualified: defaultdict[str, list[Place]] = defaultdict(list)
    starts: list[tuple[str, int, Place]] = []
    for place in sorted(places.places, key=lambda place: (-place.population, place.id)):
        for name in place.names:
            exact[name].append(place)
            starts.append((name, _PREFIX, place))
            starts.extend((rest, _LATER_WORD, place) for rest in _later_words(name))
        for full in dict.fromkeys(_with_regions(place)):
            starts.append((full, _PREFIX, place))
            for key in {full, bare(full)}:
                qualified[key].append(place)
    starts.sort(key=lambda entry: entry[0])
    return _Index(starts, dict(exact), dict(qualified))


def _later_words(name: str) -> Iterator[str]:
    while " " in name:
        name = name.partition(" ")[2]
        yield name


def _with_regions(place: Place) -> Iterable[str]:
    """Киров Калужская область, Kirov Kaluga Oblast, Киров Россия."""
    where = (place.region_ru, place.region_en, place.country_name("ru"), place.country_name("en"))
    normalised = [normalise(part) for part in where if part]
    return (f"{name} {part}" for name in place.names for part in normalised)


def bare(text: str) -> str:
    """Without "область", "обл." and the like, which people leave out or shorten."""
    return " ".join(_GENERIC.sub(" ", text).split())
