"""Which part of the Earth a picture shows: where the home country's people live, in the projection that suits it."""

from dataclasses import dataclass
from math import log, pi, radians, tan

from maps.gazetteer import Gazetteer
from maps.projection import RADIUS, WEST_EDGE, Conic, conic_of

CUT = 0.004  # share of the people at each edge who may live outside
LEAST = 400_000.0  # metres a picture is wide at least, so that a country of one city is no blank


@dataclass(frozen=True)
class Flat:
    """Mercator, as the base map itself: for a country near the equator, where no cone does better."""

    def forward(self, lat: float, lng: float) -> tuple[float, float]:
        lng = (lng - WEST_EDGE) % 360 + WEST_EDGE
        lat = max(-84.0, min(84.0, lat))
        return RADIUS * radians(lng), RADIUS * log(tan(pi / 4 + radians(lat) / 2))


@dataclass(frozen=True)
class Inside:
    """The part of a picture, in pixels, that the people have to fit into."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Frame:
    """A picture of `width` × `height` pixels; (`west`, `north`) is its corner in metres of the projection."""

    projection: Conic | Flat
    west: float
    north: float
    metres: float  # per pixel
    width: int
    height: int

    def point(self, lat: float, lng: float) -> tuple[float, float]:
        x, y = self.projection.forward(lat, lng)
        return (x - self.west) / self.metres, (self.north - y) / self.metres


def frame_of(country: str, places: Gazetteer, *, width: int, height: int, inside: Inside) -> Frame:
    """The frame in which nearly all residents of a country's cities lie inside; of all cities where it has none."""
    projection = conic_of(country, places) or Flat()
    cities = [place for place in places.places if place.country == country] or list(places.places)
    points = [(projection.forward(place.latitude, place.longitude), place.population) for place in cities]
    west, east = _span([(x, people) for (x, _), people in points])
    south, north = _span([(y, people) for (_, y), people in points])
    metres = max(
        (east - west) / (inside.right - inside.left), (north - south) / (inside.bottom - inside.top), LEAST / width
    )
    return Frame(
        projection=projection,
        west=(west + east) / 2 - (inside.left + inside.right) / 2 * metres,
        north=(south + north) / 2 + (inside.top + inside.bottom) / 2 * metres,
        metres=metres,
        width=width,
        height=height,
    )


def _span(values: list[tuple[float, int]]) -> tuple[float, float]:
    """The values between which all but a little of the weight at either end lies."""
    ordered = sorted(values)
    total = sum(weight for _, weight in ordered)
    low = _reached(ordered, CUT * total)
    return low, max(low, _reached(ordered[::-1], CUT * total))


def _reached(ordered: list[tuple[float, int]], share: float) -> float:
    passed = 0
    for value, weight in ordered:
        passed += weight
        if passed > share:
            return value
    return ordered[-1][0] if ordered else 0.0
