"""Invented people: where they live, and how thousands of them pledge at once.

They are counted as everybody is, but nothing can be sent to them: no address, a random fingerprint and handle.
"""

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from maps.gazetteer import Gazetteer, Place
from pledges.models import Rally
from pledges.pledging import Where, to_minute

SHARES = {524901: 0.17, 498817: 0.08}  # of everybody, by GeoNames id: Moscow and St Petersburg
ABROAD, REGION_ONLY = 0.04, 0.0015
AT_HOME_BY, ABROAD_BY = 0.9, 0.5  # powers of the population; abroad its size says little of who has moved there

PLEDGES = {
    "id": "uuid",
    "rally_id": "int8",
    "region_id": "int2",
    "city_id": "int4",
    "fingerprint": "bytea",
    "handle_hash": "bytea",
    "code_tries": "int2",
    "forget": "bool",
    "asked_at": "timestamptz",
    "mailed_at": "timestamptz",
    "letters": "int2",
    "confirmed_at": "timestamptz",
}
CHANGES = {"rally_id": "int8", "region_id": "int2", "city_id": "int4", "confirmed": "int4", "removed": "int4"}


@dataclass(frozen=True)
class Crowd:
    """Places, and how likely each is somebody's."""

    places: Sequence[Where]
    up_to: Sequence[float]  # cumulative weights

    def draw(self, people: int, dice: random.Random) -> Counter[Where]:
        return Counter(dice.choices(self.places, cum_weights=self.up_to, k=people))

    def larger(self, count: int) -> "Crowd":
        """Only those from its largest cities, largest first."""
        weights = [high - low for low, high in zip((0.0, *self.up_to), self.up_to, strict=False)]
        cities = [(weight, place) for weight, place in zip(weights, self.places, strict=True) if place.city_id]
        cities = sorted(cities, key=lambda city: -city[0])[:count]
        return Crowd([place for _, place in cities], list(accumulate(weight for weight, _ in cities)))


@lru_cache(maxsize=4)
def crowd_of(gazetteer: Gazetteer, home_country: str) -> Crowd:
    """Everybody, over all listed cities by population, with the two capitals' own shares."""
    weights: dict[Where, float] = {}
    home = [place for place in gazetteer.places if place.country == home_country]
    capitals = {place.id: SHARES[place.id] for place in home if place.id in SHARES}
    away = [place for place in gazetteer.places if place.country != home_country]
    regions = [region for region in gazetteer.regions.values() if region.country == home_country]
    abroad = ABROAD if away else 0
    rest = 1 - sum(capitals.values()) - abroad - REGION_ONLY

    weights |= _spread(rest, [place for place in home if place.id not in capitals], AT_HOME_BY)
    weights |= _spread(abroad, away, ABROAD_BY)
    weights |= {_where(place): capitals[place.id] for place in home if place.id in capitals}
    weights |= {Where(region.id, None): REGION_ONLY / len(regions) for region in regions}
    return Crowd(list(weights), list(accumulate(weights.values())))


@transaction.atomic
def pledge_together(
    rally: Rally, people: Counter[Where], *, since: datetime, now: datetime, dice: random.Random
) -> None:
    """Store confirmed pledges and the changes they leave, as many single acts between the two moments would have."""
    _copy("pledges_pledge", PLEDGES, _rows(rally, people, since=since, now=now, dice=dice))
    changes = ((rally.pk, place.region_id, place.city_id, count, 0) for place, count in people.items())
    _copy("pledges_change", CHANGES, changes)


def _copy(table: str, columns: dict[str, str], rows: Iterable[tuple[object, ...]]) -> None:
    """Bulk insert in the database's own format, ten times faster than INSERT."""
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    # Cursors from Django pass `copy` through as it is, so that its errors need Django's names.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(into) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def _rows(
    rally: Rally, people: Counter[Where], *, since: datetime, now: datetime, dice: random.Random
) -> Iterator[tuple[object, ...]]:
    span = max(int((now - since).total_seconds() // 60), 1)
    minutes = [to_minute(since + timedelta(minutes=minute)) for minute in range(span)]
    for place, count in people.items():
        for confirmed_at in dice.choices(minutes, k=count):
            raw = os.urandom(80)
            yield (
                UUID(bytes=raw[:16], version=4),
                rally.pk,
                place.region_id,
                place.city_id,
                raw[16:48],
                raw[48:],
                0,
                True,
                confirmed_at,
                confirmed_at,
                1,
                confirmed_at,
            )


def _spread(share: float, places: list[Place], power: float) -> dict[Where, float]:
    weights = {_where(place): place.population**power for place in places}
    whole = sum(weights.values())
    return {place: share * weight / whole for place, weight in weights.items()}


def _where(place: Place) -> Where:
    return Where(place.region_id, place.id)
