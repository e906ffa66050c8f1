"""Where a place lies on a flat map of a country: Albers' equal-area conic, on a sphere as Leaflet's Mercator.

Mercator gives the empty north most of a northern country's picture; here equal areas of land look equal.
static/js/conic.js does the same sums for the map in the browser.
Source: J. P. Snyder, Map Projections: A Working Manual (USGS Professional Paper 1395), 1987, p. 98–103.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt

from maps.gazetteer import Gazetteer

RADIUS = 6_378_137.0  # metres, the sphere of Web Mercator
WEST_EDGE = -169.0  # degrees; the base map begins here and runs on to 191, so that Chukotka is in one piece
CUT = 0.01  # share of the cities at either end that do not stretch the map
FLATTEST = 0.1  # sine below which a cone is nearly a cylinder: near the equator Mercator does as well


@dataclass(frozen=True)
class Conic:
    """`lat1` and `lat2` are the parallels of true scale, (`lat0`, `lng0`) the point at (0, 0); all in degrees."""

    lat1: float
    lat2: float
    lat0: float
    lng0: float

    def forward(self, lat: float, lng: float) -> tuple[float, float]:
        """Metres east and north of the origin; longitudes count from WEST_EDGE, as the base map's do."""
        lng = (lng - WEST_EDGE) % 360 + WEST_EDGE
        n, c = self._cone
        rho = RADIUS * sqrt(max(c - 2 * n * sin(radians(lat)), 0.0)) / n
        theta = n * radians(lng - self.lng0)
        return rho * sin(theta), self._rho0 - rho * cos(theta)

    def inverse(self, x: float, y: float) -> tuple[float, float]:
        """Latitude and longitude of a point in metres."""
        n, c = self._cone
        sign = 1 if n > 0 else -1
        down = self._rho0 - y
        rho = hypot(x, down)
        lat = degrees(asin(max(-1.0, min(1.0, (c - (rho * n / RADIUS) ** 2) / (2 * n)))))
        return lat, self.lng0 + degrees(atan2(sign * x, sign * down) / n)

    @property
    def _cone(self) -> tuple[float, float]:
        n = (sin(radians(self.lat1)) + sin(radians(self.lat2))) / 2
        return n, cos(radians(self.lat1)) ** 2 + 2 * n * sin(radians(self.lat1))

    @property
    def _rho0(self) -> float:
        n, c = self._cone
        return RADIUS * sqrt(c - 2 * n * sin(radians(self.lat0))) / n


@lru_cache(maxsize=8)
def conic_of(country: str, places: Gazetteer) -> Conic | None:
    """The conic that suits where a country's cities are; None near the equator, or where it has no cities."""
    cities = [place for place in places.places if place.country == country]
    if not cities:
        return None
    south, north = _span([place.latitude for place in cities])
    west, east = _span(_unwrapped([place.longitude for place in cities]))
    # Parallels a sixth of the span inside its edges keep the distortion small everywhere.
    conic = Conic(
        lat1=round(south + (north - south) / 6, 2),
        lat2=round(north - (north - south) / 6, 2),
        lat0=round((south + north) / 2, 2),
        lng0=round(((west + east) / 2 + 180) % 360 - 180, 2),
    )
    return conic if abs(conic._cone[0]) >= FLATTEST else None


def _span(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    cut = int(len(ordered) * CUT)
    return ordered[cut], ordered[-1 - cut]


def _unwrapped(longitudes: list[float]) -> list[float]:
    """The same meridians counted on from behind the widest gap: 179 and −179 become 179 and 181."""
    ordered = sorted(longitudes)
    gaps = zip(ordered, [*ordered[1:], ordered[0] + 360], strict=True)
    edge = max(gaps, key=lambda gap: gap[1] - gap[0])[1]
    return [lng if lng >= edge else lng + 360 for lng in longitudes]
