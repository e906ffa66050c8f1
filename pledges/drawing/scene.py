"""Circles and names of one picture, in its pixels: what goes where, before anybody draws it.

A circle and the number named with it are that city's own, never a sum, as in static/js/circles.js.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, sqrt

from django.utils.formats import number_format

from maps.gazetteer import Gazetteer, Place
from pledges.drawing.frame import Frame
from pledges.drawing.lettering import Measure

SMALLEST = 2.2  # pixels: radius of the smallest circle
FREE = 0.4  # of a circle's own radius: what is so much smaller may lie under its name, if it has to
GAP = 5  # between a circle and its name
CLEAR = 3  # between a name and the circles of others, so that nobody takes it for theirs
LARGE = 25  # pixels of radius: such a circle is under no name
MUST = 6  # of the home country's largest circles are named however much lies under their names
TRIES = 5  # circles looked at for each name that may be written


@dataclass(frozen=True)
class Circle:
    place: Place
    people: int
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Label:
    """A line of text; `anchor` as SVG's text-anchor, `y` is the middle of its letters."""

    text: str
    x: float
    y: float
    size: float
    anchor: str
    kind: str  # name, number, inside


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        beside = self.right <= other.left or other.right <= self.left
        return not beside and self.top < other.bottom and other.top < self.bottom

    def touches(self, circle: Circle, gap: float = 0.0) -> bool:
        across = max(self.left - circle.x, 0.0, circle.x - self.right)
        down = max(self.top - circle.y, 0.0, circle.y - self.bottom)
        return hypot(across, down) < circle.radius + gap

    def within(self, other: "Box") -> bool:
        wide = other.left <= self.left and self.right <= other.right
        return wide and other.top <= self.top and self.bottom <= other.bottom


@dataclass(frozen=True)
class Style:
    """How large and how many; `measure` is how wide a name may become in whatever typeface the reader has."""

    size: float  # of names
    most: int  # names at most
    measure: Measure
    view: Box  # where names may stand


def circles(frame: Frame, figures: dict[int, int], places: Gazetteer, *, largest: float) -> list[Circle]:
    """Cities in the picture, biggest first, without those whose middle a bigger circle covers."""
    counted = sorted(((people, city) for city, people in figures.items() if people > 0), reverse=True)
    kept: list[Circle] = []
    covering: list[Circle] = []  # only circles wide enough to hide another
    for people, city in counted:
        place = places.by_id.get(city)
        if place is None:
            continue
        radius = max(SMALLEST, largest * sqrt(people / counted[0][0]))
        x, y = frame.point(place.latitude, place.longitude)
        outside = not (-radius < x < frame.width + radius and -radius < y < frame.height + radius)
        if outside or any(hypot(big.x - x, big.y - y) < big.radius for big in covering):
            continue
        circle = Circle(place, people, x, y, radius)
        kept.append(circle)
        if radius > 2 * SMALLEST:
            covering.append(circle)
    return kept


def labels(drawn: list[Circle], style: Style, *, language: str, home: str) -> list[Label]:
    """Names for the biggest circles: never over another name, a circle worth seeing, or the edge."""
    found: list[Label] = []
    taken: list[Box] = []
    named = 0
    must = [circle for circle in drawn if circle.place.country == home][:MUST]
    for circle in drawn[: TRIES * style.most]:
        if named >= style.most:
            break
        name, number = circle.place.name(language), str(number_format(circle.people))
        inner = _inside(circle, name, number, style)
        found += inner
        spot = None
        for lines in [] if len(inner) == 2 else [[name]] if inner else [[name, number], [name]]:
            spot = spot or _best(circle, lines, drawn, taken, style, must=circle in must)
        if spot:
            taken.append(spot.box)
            found += spot.labels
        named += bool(spot or len(inner) == 2)
    return found


def _best(
    circle: Circle, lines: list[str], drawn: list[Circle], taken: list[Box], style: Style, *, must: bool
) -> "_Spot | None":
    """The spot beside a circle that is free, with the fewest dots under the words; the largest `must` have one."""
    under = max(2 * SMALLEST, FREE * circle.radius)
    spots: list[tuple[float, int, _Spot]] = []
    for spot in _spots(circle, lines, style):
        if not spot.box.within(style.view) or any(spot.box.meets(other) for other in taken):
            continue
        others = (other for other in drawn if other.radius > under and other is not circle)
        hidden = [other.radius for other in others if spot.box.touches(other, max(CLEAR, 0.3 * other.radius))]
        if hidden and (not must or max(hidden) > LARGE):
            continue
        covered = [other.radius for other in drawn if other.radius <= under and spot.box.touches(other)]
        if not spot.box.touches(circle):
            spots.append((sum(covered) + 10 * sum(hidden), len(spots), spot))
    return min(spots)[2] if spots else None


def _inside(circle: Circle, name: str, number: str, style: Style) -> list[Label]:
    """Name and number, the number alone, or nothing in the circle: what fits."""
    wide = 1.75 * circle.radius
    size = style.size

    def line(text: str, down: float, of: float) -> Label:
        return Label(text, circle.x, circle.y + down, of, "middle", "inside")

    if circle.radius > 1.5 * size and max(style.measure(name, size), style.measure(number, size)) < wide:
        return [line(name, -0.62 * size, size), line(number, 0.62 * size, size)]
    small = 0.9 * size
    return [line(number, 0, small)] if style.measure(number, small) < wide else []


@dataclass(frozen=True)
class _Spot:
    box: Box
    labels: list[Label]


def _spots(circle: Circle, lines: list[str], style: Style) -> Iterator[_Spot]:
    """After, before, under and over the circle, then the four corners between."""
    sizes = [style.size, 0.88 * style.size][: len(lines)]
    width = max(style.measure(text, size) for text, size in zip(lines, sizes, strict=True))
    height = 1.15 * sum(sizes)
    x, y, away, slant = circle.x, circle.y, circle.radius + GAP, 0.72 * circle.radius + GAP / 2
    for anchor, at, middle in (
        ("start", x + away, y),
        ("end", x - away, y),
        ("middle", x, y + away + height / 2 - 2),
        ("middle", x, y - away - height / 2 + 2),
        ("start", x + slant, y + slant + height / 2 - 4),
        ("start", x + slant, y - slant - height / 2 + 4),
        ("end", x - slant, y + slant + height / 2 - 4),
        ("end", x - slant, y - slant - height / 2 + 4),
    ):
        left = {"start": at, "middle": at - width / 2, "end": at - width}[anchor]
        top = middle - height / 2
        rows = []
        for text, size, kind in zip(lines, sizes, ("name", "number"), strict=False):
            rows.append(Label(text, at, top + 1.15 * size / 2, size, anchor, kind))
            top += 1.15 * size
        yield _Spot(Box(left, middle - height / 2, left + width, middle + height / 2), rows)
