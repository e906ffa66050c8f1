"""The real registration curve of 2021, and the totals between its points."""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

POINTS = Path(__file__).parent.parent / "data" / "curve_2021.csv"


@dataclass(frozen=True)
class Curve:
    """A total over time since the opening, never falling, through every given point."""

    hours: tuple[float, ...]  # since the first point
    totals: tuple[int, ...]
    slopes: tuple[float, ...]  # at the points, in people an hour

    @property
    def end(self) -> int:
        return self.totals[-1]

    def scaled(self, share: float) -> "Curve":
        """The same shape for fewer people."""
        return Curve(
            self.hours,
            tuple(round(total * share) for total in self.totals),
            tuple(slope * share for slope in self.slopes),
        )

    def total_at(self, since: timedelta) -> int:
        """The total so long after the opening; before and after the curve its ends."""
        hour = since / timedelta(hours=1)
        if hour >= self.hours[-1]:
            return self.totals[-1]
        return round(self._between(hour)) if hour > 0 else self.totals[0]

    def time_of(self, total: int) -> timedelta:
        """How long after the opening the total was first reached, to the second; at the latest the curve's end."""
        early, late = 0, int(self.hours[-1] * 3600)
        while early < late:
            middle = (early + late) // 2
            if self.total_at(timedelta(seconds=middle)) < total:
                early = middle + 1
            else:
                late = middle
        return timedelta(seconds=early)

    def rate_at(self, total: int) -> float:
        """People a minute at the time the total was reached."""
        since = self.time_of(total)
        margin = timedelta(minutes=30)
        return (self.total_at(since + margin) - self.total_at(since - margin)) / 60

    def _between(self, hour: float) -> float:
        """The cubic Hermite piece between two points."""
        i = bisect_right(self.hours, hour) - 1
        width = self.hours[i + 1] - self.hours[i]
        u = (hour - self.hours[i]) / width
        return float(
            self.totals[i] * (1 + 2 * u) * (1 - u) ** 2
            + self.totals[i + 1] * u * u * (3 - 2 * u)
            + width * u * (1 - u) * (self.slopes[i] * (1 - u) - self.slopes[i + 1] * u)
        )


def through(points: Iterable[tuple[datetime, int]]) -> Curve:
    """A smooth curve through the points: straight lines would show as kinks that were not there."""
    times, totals = zip(*sorted(points), strict=True)
    hours = tuple((at - times[0]) / timedelta(hours=1) for at in times)
    return Curve(hours, totals, _slopes(hours, totals))


@cache
def curve_2021() -> Curve:
    with POINTS.open(encoding="utf-8", newline="") as file:
        return through((datetime.fromisoformat(row["at"]), int(row["total"])) for row in csv.DictReader(file))


def _slopes(hours: Sequence[float], totals: Sequence[int]) -> tuple[float, ...]:
    """Slopes at the points that let no piece fall: weighted harmonic means (Fritsch and Butland, 1984)."""
    widths = [b - a for a, b in pairwise(hours)]
    straight = [(b - a) / width for (a, b), width in zip(pairwise(totals), widths, strict=True)]
    inner = []
    for (w1, w2), (s1, s2) in zip(pairwise(widths), pairwise(straight), strict=True):
        flat = s1 <= 0 or s2 <= 0
        inner.append(0.0 if flat else 3 * (w1 + w2) / ((2 * w2 + w1) / s1 + (w2 + 2 * w1) / s2))
    return (straight[0], *inner, straight[-1])
