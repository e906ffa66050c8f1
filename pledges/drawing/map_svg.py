"""The map as SVG: what a browser without JavaScript sees, and the page until the live map has come.

Presentation attributes only: the page's policy allows no inline style, and an image loads no fonts.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from maps.gazetteer import Gazetteer
from pledges.drawing import scene
from pledges.drawing.frame import Frame, Inside, frame_of
from pledges.drawing.lettering import FAMILY, bold_width
from pledges.drawing.outlines import Line, Outlines, outlines
from pledges.drawing.palette import Palette
from pledges.drawing.scene import SMALLEST
from pledges.publishing.reading import Published

FALLBACK = 1.19  # the widest bold typeface a reader may have (DejaVu Sans) against Onest, on names of cities
FINE = 5  # land is drawn in fifths of a pixel, as whole numbers, which are shorter


@dataclass(frozen=True)
class Shape:
    """One size of the map; the people have to be `inside`, the middle, because a page may cut a strip out of it."""

    width: int
    height: int
    inside: Inside
    largest: float  # radius of the biggest circle
    size: float  # of names
    most: int  # names at most

    def frame(self, country: str, places: Gazetteer) -> Frame:
        return frame_of(country, places, width=self.width, height=self.height, inside=self.inside)

    @property
    def style(self) -> scene.Style:
        view = scene.Box(10, 10, self.width - 10, self.height - 10)
        return scene.Style(self.size, self.most, measure, view)


WIDE = Shape(1200, 760, Inside(70, 120, 1130, 620), largest=54, size=18, most=18)
# For a phone, which shows it half as large: fewer names, twice as large.
SMALL = Shape(780, 460, Inside(110, 80, 720, 390), largest=40, size=23, most=9)
SHAPES = {"": WIDE, "-small": SMALL}


def measure(text: str, size: float) -> float:
    return bold_width(text, size) * FALLBACK


def draw(rally: Published, places: Gazetteer, palette: Palette, shape: Shape = WIDE, *, language: str) -> str:
    home = rally.body["home_country"]
    frame = shape.frame(home, places)
    circles = scene.circles(frame, rally.cities, places, largest=shape.largest)
    size = f'width="{shape.width}" height="{shape.height}"'
    title = _("Where we are: {n} people").format(n=number_format(rally.confirmed))
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {shape.width} {shape.height}" {size}'
            f' role="img" lang={quoteattr(language)}><title>{escape(title)}</title>',
            f'<rect {size} fill="{palette.sea}"/>',
            _land(outlines(frame), palette),
            f'<g fill="{palette.accent}" fill-opacity=".8" stroke="{palette.land}">',
            *(f'<circle cx="{c.x:.1f}" cy="{c.y:.1f}" r="{c.radius:.1f}"/>' for c in circles if c.radius > SMALLEST),
            "</g>",
            _dots([circle for circle in circles if circle.radius <= SMALLEST], palette),
            f'<g font-family="{FAMILY}" stroke-linejoin="round" paint-order="stroke">',
            *(_label(label, palette) for label in scene.labels(circles, shape.style, language=language, home=home)),
            "</g></svg>",
        ]
    )


def _land(seen: Outlines, palette: Palette) -> str:
    land = "".join(_path(ring) + "z" for polygon in seen.land for ring in polygon)
    return (
        f'<g transform="scale({1 / FINE})" fill="none" stroke-linejoin="round">'
        f'<path d="{land}" fill="{palette.land}" fill-rule="evenodd" stroke="{palette.coast}" stroke-width="4"/>'
        f'<path d="{_paths(seen.regions)}" stroke="{palette.region}" stroke-width="4.5"/>'
        f'<path d="{_paths(seen.borders)}" stroke="{palette.border}" stroke-width="5"/>'
        f'<path d="{_paths(seen.disputed)}" stroke="{palette.border}" stroke-width="5" stroke-dasharray="20 15"/></g>'
    )


def _dots(smallest: list[scene.Circle], palette: Palette) -> str:
    """Round line ends of no length, all in one path: there may be a thousand of them."""
    points = "".join(f"M{FINE * dot.x:.0f} {FINE * dot.y:.0f}h0" for dot in smallest)
    width = FINE * (2 * SMALLEST - 1)  # without the ring of the larger ones
    return (
        f'<path transform="scale({1 / FINE})" d="{points}" fill="none" stroke="{palette.accent}" stroke-opacity=".8"'
        f' stroke-width="{width:g}" stroke-linecap="round"/>'
        if points
        else ""
    )


def _paths(lines: list[Line]) -> str:
    return "".join(_path(line) for line in lines)


def _path(line: Line) -> str:
    """Relative steps in whole numbers, `-` serving as the space before it."""
    points = [(round(x * FINE), round(y * FINE)) for x, y in line]
    if not points:
        return ""
    (x, y), steps = points[0], []
    for next_x, next_y in points[1:]:
        steps.append(f"{next_x - x} {next_y - y}".replace(" -", "-"))
        x, y = next_x, next_y
    return f"M{points[0][0]} {points[0][1]}l" + " ".join(steps).replace(" -", "-")


def _label(label: scene.Label, palette: Palette) -> str:
    if label.kind == "inside":
        look = f'fill="{palette.on_accent}" font-weight="700"'
    elif label.kind == "name":
        look = f'fill="{palette.ink}" font-weight="700" stroke="{palette.halo}" stroke-width="4"'
    else:
        look = f'fill="{palette.quiet}" font-weight="500" stroke="{palette.halo}" stroke-width="4"'
    baseline = label.y + 0.36 * label.size  # half of a capital's height under the middle
    return (
        f'<text x="{label.x:.1f}" y="{baseline:.1f}" font-size="{label.size:g}" text-anchor="{label.anchor}" {look}>'
        f"{escape(label.text)}</text>"
    )
