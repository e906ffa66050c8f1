"""The figures the public may see: the national total, cities of their own, and `others` by region or country."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from maps.gazetteer import Gazetteer
from pledges.models import PublishedTally, Rally


@dataclass
class Figures:
    """Confirmed and removed people; `cities` by GeoNames id, `others` by `country` or `country/region`."""

    confirmed: int
    removed: int
    cities: dict[int, int] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    @property
    def excess(self) -> int:
        """By how much the places' sum is above the total."""
        return sum(self.cities.values()) + sum(self.others.values()) - self.confirmed


def public_figures(rally: Rally, gazetteer: Gazetteer) -> Figures:
    """Read the figures let out so far. Needs the rally's lock, for it may take some back.

    Places lag behind the total; after many withdrawals their sum could be more than it. Then the largest figure gives
    way by whole steps: it tells of nobody, and sums that are too high would make the count look false.
    """
    step = settings.PUBLISH_ROUND_TOTAL
    rows = list(PublishedTally.objects.filter(rally=rally, confirmed__gt=0))
    figures = _summed(rows, rally, gazetteer, total=rally.confirmed // step * step)
    while figures.excess > 0:
        largest = max((row for row in rows if row.shown), key=lambda row: row.confirmed, default=None)
        if largest is None:
            figures.others.clear()
            break
        largest.confirmed -= math.ceil(figures.excess / settings.PUBLISH_STEP) * settings.PUBLISH_STEP
        largest.confirmed = max(largest.confirmed, 0)
        largest.shown = largest.confirmed >= settings.PUBLISH_MIN_CITY
        largest.save(update_fields=["confirmed", "shown"])
        figures = _summed(rows, rally, gazetteer, total=figures.confirmed)
    return figures


def _summed(rows: list[PublishedTally], rally: Rally, gazetteer: Gazetteer, *, total: int) -> Figures:
    others: dict[str, int] = defaultdict(int)
    cities = {}
    for row in rows:
        if row.shown and row.city_id:
            cities[row.city_id] = row.confirmed
        else:
            region = gazetteer.regions_by_id[row.region_id]
            others[region.code if region.country == rally.home_country else region.country] += row.confirmed
    enough = {cell: people for cell, people in others.items() if people >= settings.PUBLISH_MIN_CITY}
    return Figures(total, rally.removed, cities, enough)


def others_as_rows(others: dict[str, int], gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """As in tally.json, largest first; `region` is null abroad."""
    rows = []
    for cell, people in sorted(others.items(), key=lambda item: (-item[1], item[0])):
        country, _, region = cell.partition("/")
        rows.append({"country": country, "region": region or None, "confirmed": people})
    return rows
