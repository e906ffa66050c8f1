"""The places as every process holds them, so that a page needs no query; and how they get into the database."""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from babel import Locale
from django.db import InterfaceError, OperationalError, connection, models, transaction

from maps.cityfile import BadRow, CityRow, read
from maps.models import City, Region

__all__ = ["BadRow", "Gazetteer", "Loaded", "Place", "RegionPlace", "gazetteer", "load", "reset"]

RECHECK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RegionPlace:
    """A region; with empty names, a whole country abroad."""

    id: int
    code: str
    country: str
    name_en: str
    name_ru: str

    def name(self, lang: str) -> str:
        return self.name_ru if lang == "ru" else self.name_en

    def country_name(self, lang: str) -> str:
        return country_name(self.country, lang)


@dataclass(frozen=True, slots=True)
class Place:
    """A city with all that pages say about it."""

    id: int  # of GeoNames
    name_en: str
    name_ru: str
    region_id: int
    region_code: str
    region_en: str
    region_ru: str
    country: str
    latitude: float
    longitude: float
    population: int
    timezone: str
    aliases: tuple[str, ...]
    names: tuple[str, ...]  # normalised, with aliases

    def name(self, lang: str) -> str:
        return self.name_ru if lang == "ru" else self.name_en

    def region(self, lang: str) -> str:
        return self.region_ru if lang == "ru" else self.region_en

    def country_name(self, lang: str) -> str:
        return country_name(self.country, lang)


@dataclass(frozen=True, eq=False)  # compared and hashed as the object it is: what is derived from it is cached by it
class Gazetteer:
    version: str  # changes with the content, and is the same in every process that holds the same
    by_id: dict[int, Place]  # all, also those no longer listed: somebody may have pledged there
    regions: dict[str, RegionPlace]  # by code
    places: tuple[Place, ...] = field(repr=False)  # those to choose from; like beside like, for what is packed
    regions_by_id: dict[int, RegionPlace] = field(repr=False)


@lru_cache(maxsize=1024)
def country_name(country: str, lang: str) -> str:
    """The country's name in that language, or its code where the language has no name for it."""
    return str(Locale("ru" if lang == "ru" else "en").territories.get(country, country))


# --- what this process holds ---


@dataclass(frozen=True, slots=True)
class _Held:
    gazetteer: Gazetteer
    fingerprint: str
    checked_at: float  # time.monotonic()


_held: _Held | None = None
_refreshing = threading.Lock()


def gazetteer() -> Gazetteer:
    """All places. Costs a query at most once a minute, so that running processes see a later load_cities."""
    held = _held
    if held is None:
        with _refreshing:
            return _refresh().gazetteer
    # One thread asks; the others go on with what there is.
    if time.monotonic() - held.checked_at >= RECHECK_SECONDS and _refreshing.acquire(blocking=False):
        try:
            return _refresh().gazetteer
        finally:
            _refreshing.release()
    return held.gazetteer


def reset() -> None:
    """Forget what is held; the next call reads the database."""
    global _held
    _held = None


def _refresh() -> _Held:
    global _held
    held, now = _held, time.monotonic()
    if held and now - held.checked_at < RECHECK_SECONDS:  # another thread was faster
        return held
    try:
        # Before the content, so that a load between the two is noticed next time, not missed.
        fingerprint = _fingerprint()
        places = held.gazetteer if held and held.fingerprint == fingerprint else _from_database()
    except (OperationalError, InterfaceError):
        if held is None:
            raise
        # The database is away: what is known about places is still true.
        fingerprint, places = held.fingerprint, held.gazetteer
    _held = _Held(places, fingerprint, now)
    return _held


def _fingerprint() -> str:
    """Changes with any change of any row, however it was made: also by hand, in SQL or the admin."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(hashtextextended(c::text, 0)) FROM maps_city c),"
            " (SELECT sum(hashtextextended(r::text, 0)) FROM maps_region r)"
        )
        return repr(cursor.fetchone())


def _from_database() -> Gazetteer:
    regions = [
        RegionPlace(id=r.pk, code=r.code, country=r.country, name_en=r.name_en, name_ru=r.name_ru)
        for r in Region.objects.order_by("code")
    ]
    regions_by_id = {region.id: region for region in regions}
    cities = list(City.objects.order_by("region__country", "-population", "pk"))
    # A load between the two queries may have added regions; its cities wait for the next look.
    places = {c.pk: _place(c, regions_by_id[c.region_id]) for c in cities if c.region_id in regions_by_id}
    listed = tuple(places[c.pk] for c in cities if c.listed and c.pk in places)
    content = repr((regions, list(places.values()), [place.id for place in listed])).encode()
    return Gazetteer(
        version=hashlib.sha256(content).hexdigest()[:12],
        by_id=places,
        regions={region.code: region for region in regions},
        places=listed,
        regions_by_id=regions_by_id,
    )


def _place(city: City, region: RegionPlace) -> Place:
    return Place(
        id=city.pk,
        name_en=city.name_en,
        name_ru=city.name_ru,
        region_id=region.id,
        region_code=region.code,
        region_en=region.name_en,
        region_ru=region.name_ru,
        country=region.country,
        latitude=city.latitude,
        longitude=city.longitude,
        population=city.population,
        timezone=city.timezone,
        aliases=tuple(city.aliases),
        names=tuple(city.names),
    )


# --- how places get into the database ---


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did, in cities."""

    total: int
    added: int
    changed: int
    deleted: int
    unlisted: int  # left the file, kept because something refers to them


def load(path: Path) -> Loaded:
    """Make the database hold what the file holds; doing it again changes nothing. Raises BadRow and stores nothing."""
    rows = read(path)
    with transaction.atomic():
        region_ids = _store_regions(rows)
        before = {city.pk: city for city in City.objects.all()}
        cities = [_city(row, region_ids[row.region_code]) for row in rows]
        changed = [city for city in cities if city.pk not in before or _values(city) != _values(before[city.pk])]
        City.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["geoname_id"], update_fields=_CITY_FIELDS, batch_size=500
        )
        deleted, unlisted = _retire(before.keys() - {city.pk for city in cities})
        _delete_empty_regions()
    reset()
    added = len({city.pk for city in cities} - before.keys())
    return Loaded(len(cities), added, len(changed) - added, deleted, unlisted)


def _store_regions(rows: list[CityRow]) -> dict[str, int]:
    """Ids of regions by code."""
    wanted = {row.region_code: row for row in rows}
    # Only those that differ, because an upsert spends a number of the small id even where it changes nothing.
    known = dict(Region.objects.values_list("code", "name_ru"))
    Region.objects.bulk_create(
        [
            Region(code=code, country=row.country, name_en=row.region_en, name_ru=row.region_ru)
            for code, row in wanted.items()
            if known.get(code) != row.region_ru
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name_ru"],
    )
    return dict(Region.objects.values_list("code", "pk"))


_CITY_FIELDS = [f.attname for f in City._meta.concrete_fields if not f.primary_key]


def _values(city: City) -> list[object]:
    return [getattr(city, name) for name in _CITY_FIELDS]


def _city(row: CityRow, region_id: int) -> City:
    return City(
        geoname_id=row.geoname_id,
        name_en=row.name_en,
        name_ru=row.name_ru,
        region_id=region_id,
        latitude=row.latitude,
        longitude=row.longitude,
        population=row.population,
        timezone=row.timezone,
        aliases=list(row.aliases),
        names=list(row.names),
        search_text=" ".join(row.names),
        listed=True,
    )


def _retire(gone: set[int]) -> tuple[int, int]:
    """Delete cities that left the file, but only unlist those something refers to. How many of each."""
    kept = gone & _referred(City, gone)
    City.objects.filter(pk__in=gone - kept).delete()
    unlisted = City.objects.filter(pk__in=kept, listed=True).update(listed=False)
    return len(gone - kept), unlisted


def _delete_empty_regions() -> None:
    empty = set(Region.objects.filter(cities=None).values_list("pk", flat=True))
    Region.objects.filter(pk__in=empty - _referred(Region, empty)).delete()


def _referred(model: type[models.Model], ids: set[int]) -> set[int]:
    """Which of them any row of any app refers to, whatever it asked to happen on delete: a load takes nothing along."""
    found: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True) if ids else ():
        if isinstance(relation, models.ManyToOneRel):
            column = relation.field.attname
            rows = relation.related_model._base_manager.filter(**{f"{column}__in": ids})
            found.update(rows.order_by().values_list(column, flat=True).distinct())
    return found
