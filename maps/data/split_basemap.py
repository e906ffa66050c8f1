"""Splits a base map in two, so that the first view fetches only what lies near Russia: run once, by hand.

    python maps/data/split_basemap.py whole.topojson static/map/basemap-8km.topojson static/map/basemap-8km-far.topojson

Far is what lies wholly west of 25° W or south of 14° N: the Americas, the south of Africa, Australia, the islands.
Both files have the same objects, scale and origin; a polygon or line is in one of them, whole.
"""

import json
import sys
from pathlib import Path
from typing import Any

WEST, SOUTH = -25 * 111_319.49, 1_575_000.0  # metres of Web Mercator


def main(whole: Path, near: Path, far: Path) -> None:
    topology = json.loads(whole.read_text())
    distant = [is_far(arc, topology["transform"]) for arc in topology["arcs"]]
    for path, wanted in ((near, False), (far, True)):
        path.write_text(json.dumps(part(topology, distant, wanted=wanted), separators=(",", ":")))


def is_far(arc: list[list[int]], transform: dict[str, list[float]]) -> bool:
    """Whether all of an arc, whose points are steps from the one before, lies far away."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    east, north = -float("inf"), -float("inf")
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        east, north = max(east, x * scale_x + left), max(north, y * scale_y + bottom)
    return east < WEST or north < SOUTH


def part(topology: dict[str, Any], distant: list[bool], *, wanted: bool) -> dict[str, Any]:
    """The shapes all of whose arcs are distant, or those of which one is not; with their arcs, numbered anew."""
    numbers: dict[int, int] = {}

    def renumber(ring: list[int]) -> list[int]:
        fresh = [numbers.setdefault(arc if arc >= 0 else ~arc, len(numbers)) for arc in ring]
        return [number if arc >= 0 else ~number for arc, number in zip(ring, fresh, strict=True)]

    def belongs(rings: list[list[int]]) -> bool:
        return all(distant[arc if arc >= 0 else ~arc] for ring in rings for arc in ring) == wanted

    objects = {}
    for name, collection in topology["objects"].items():
        shapes = [kept for shape in collection["geometries"] if (kept := of_shape(shape, belongs, renumber))]
        objects[name] = {"type": collection["type"], "geometries": shapes}
    arcs = [topology["arcs"][number] for number in numbers]
    return {"type": "Topology", "arcs": arcs, "transform": topology["transform"], "objects": objects}


def of_shape(shape: dict[str, Any], belongs: Any, renumber: Any) -> dict[str, Any] | None:
    """A geometry with those of its polygons or lines that belong; None where none does."""
    kind, arcs = shape.get("type"), shape.get("arcs", [])
    pieces = {"Polygon": [arcs], "MultiPolygon": arcs, "LineString": [[arcs]], "MultiLineString": [[a] for a in arcs]}
    kept = [[renumber(ring) for ring in piece] for piece in pieces.get(kind, []) if belongs(piece)]
    if not kept:
        return None
    polygons = kind in {"Polygon", "MultiPolygon"}
    return shape | {
        "type": "MultiPolygon" if polygons else "MultiLineString",
        "arcs": kept if polygons else [piece[0] for piece in kept],
    }


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
