"""Land and borders from the browser's base map, projected into a picture and thinned to what its scale can show.

The files are TopoJSON in Web-Mercator metres, unwrapped at 169° W (maps/data/README.md); basemap.js reads the same.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import atan, degrees, exp, hypot, pi
from pathlib import Path
from typing import Any

from django.conf import settings

from maps.projection import RADIUS, WEST_EDGE
from pledges.drawing.frame import Frame

MARGIN = 8  # pixels around the picture that are still drawn, so that no outline ends inside it
NEAR = 0.7  # pixels a line may be off where a point is dropped
SPECK = 2.0  # square pixels below which an island is not seen

Point = tuple[float, float]
Line = list[Point]
Polygon = list[Line]  # the outer ring, then its holes
_File = tuple[list[Line], dict[str, list[list[list[int]]]]]  # arcs; by object, its parts as lists of arc numbers


@dataclass(frozen=True)
class Outlines:
    """All in pixels of one picture."""

    land: list[Polygon]
    regions: list[Line]
    borders: list[Line]
    disputed: list[Line]


@lru_cache(maxsize=8)
def outlines(frame: Frame) -> Outlines:
    """What of the base map is seen in a frame. Kept, because it never changes while the process lives."""
    near, far = (_drawn(file, frame) for file in _files())
    return Outlines(
        near.land + far.land, near.regions + far.regions, near.borders + far.borders, near.disputed + far.disputed
    )


def _drawn(file: _File, frame: Frame) -> Outlines:
    arcs, objects = file
    lines = [_thinned([_pixel(point, frame) for point in arc]) for arc in arcs]
    box = (-MARGIN, -MARGIN, frame.width + MARGIN, frame.height + MARGIN)

    def seen(name: str) -> list[Line]:
        drawn = [_joined(part, lines) for parts in objects[name] for part in parts]
        return [piece for line in drawn for piece in _cut_line(line, box)]

    return Outlines(list(_land(objects["countries"], lines, box)), seen("rulines"), seen("borders"), seen("disputed"))


@lru_cache(maxsize=1)
def _files() -> list[_File]:
    folder = settings.BASE_DIR / "static" / "map"
    return [_read(folder / name) for name in ("basemap-8km.topojson", "basemap-8km-far.topojson")]


def _read(path: Path) -> _File:
    topology = json.loads(path.read_text(encoding="utf-8"))
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in steps:  # each point is a step from the one before
            x, y = x + dx, y + dy
            arc.append(_degrees(x * scale[0] + shift[0], y * scale[1] + shift[1]))
        arcs.append(arc)
    return arcs, {
        name: [part for shape in found["geometries"] for part in _parts(shape)]
        for name, found in topology["objects"].items()
    }


def _degrees(x: float, y: float) -> Point:
    """Latitude and longitude of a point in Web-Mercator metres."""
    return degrees(2 * atan(exp(y / RADIUS)) - pi / 2), degrees(x / RADIUS)


def _parts(shape: dict[str, Any]) -> list[list[list[int]]]:
    """A geometry as parts, each a list of rings or lines; simplified away, it has none."""
    arcs: Any = shape.get("arcs", [])
    match shape["type"]:
        case "MultiPolygon":
            return list(arcs)
        case "MultiLineString":
            return [[line] for line in arcs]
        case "Polygon":
            return [arcs]
        case "LineString":
            return [[arcs]]
    return []


def _pixel(point: Point, frame: Frame) -> Point:
    # The base map's eastern edge is its western one: what lies on it or a little beyond must not jump to the other.
    return frame.point(point[0], max(WEST_EDGE, min(point[1], WEST_EDGE + 359.999)))


def _joined(numbers: list[int], lines: list[Line]) -> Line:
    """Arcs in a row; a negative number is an arc walked backwards (~n is its place)."""
    joined: Line = []
    for number in numbers:
        arc = lines[~number][::-1] if number < 0 else lines[number]
        joined += arc[1:] if joined else arc  # joints are given twice, once by each arc
    return joined


def _thinned(arc: Line) -> Line:
    """Without the points a line through the others passes closely (Douglas and Peucker, 1973).

    Arcs are thinned once, each for itself, so that neighbours still meet.
    """
    kept, waiting = {0, len(arc) - 1}, [(0, len(arc) - 1)]
    while waiting:
        first, last = waiting.pop()
        off, middle = max(
            ((_aside(arc[i], arc[first], arc[last]), i) for i in range(first + 1, last)), default=(0.0, first)
        )
        if off > NEAR:
            kept.add(middle)
            waiting += [(first, middle), (middle, last)]
    return [arc[i] for i in sorted(kept)]


def _aside(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the straight line between two others, or from the start where they are one."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length = hypot(dx, dy)
    return abs(x * dy - y * dx) / length if length else hypot(x, y)


def _land(shapes: list[list[list[int]]], lines: list[Line], box: tuple[float, ...]) -> Iterator[Polygon]:
    for rings in shapes:
        polygon = [_cut_ring(_joined(ring, lines), box) for ring in rings]
        if polygon and _area(polygon[0]) >= SPECK:
            yield [polygon[0], *(hole for hole in polygon[1:] if _area(hole) >= SPECK)]


def _area(ring: Line) -> float:
    around = pairwise([*ring, ring[0]]) if ring else ()
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around)) / 2


def _cut_ring(ring: Line, box: tuple[float, ...]) -> Line:
    """The part of a ring inside a box (Sutherland and Hodgman, 1974): its four edges one after the other."""
    for axis, edge, sign in ((0, box[0], 1), (0, box[2], -1), (1, box[1], 1), (1, box[3], -1)):
        kept: Line = []
        for before, point in pairwise([ring[-1], *ring] if ring else []):
            was, now = (before[axis] - edge) * sign, (point[axis] - edge) * sign
            if (was < 0) != (now < 0):
                share = was / (was - now)
                kept.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
            if now >= 0:
                kept.append(point)
        ring = kept
    return ring


def _cut_line(line: Line, box: tuple[float, ...]) -> Iterator[Line]:
    """The runs of a line that are inside a box, each with one point more at either end."""
    run: Line = []
    for before, point in pairwise(line):
        inside = any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in (before, point))
        if inside:
            run = run or [before]
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run
