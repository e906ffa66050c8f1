"""The picture that a link to the rally shows in a messenger: what for, how many, where."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from maps.gazetteer import Gazetteer
from pledges import wording
from pledges.drawing import lettering, scene
from pledges.drawing.frame import Frame, Inside, frame_of
from pledges.drawing.lettering import BOLD, MEDIUM, bold_width, medium_width
from pledges.drawing.outlines import outlines
from pledges.drawing.palette import LIGHT
from pledges.publishing.reading import Published

WIDTH, HEIGHT = 1200, 630
SHARP = 2  # drawn twice as large and scaled down, so that edges are smooth
LEFT, TEXT_WIDTH = 56, 500
FADE_FROM, FADE_TO = 470, 700  # pixels between which the paper under the words gives way to the map
MAP_FROM = 548
INSIDE = Inside(560, 90, WIDTH - 30, HEIGHT - 60)
LARGEST = 40
SHADES = 224  # colours of the finished file, which keeps it small enough for every messenger


@dataclass(frozen=True)
class Pen:
    """Draws in pixels of the finished picture."""

    ink: ImageDraw.ImageDraw

    def text(self, x: float, y: float, words: str, size: float, *, colour: str, bold: bool = True) -> None:
        """`y` is the baseline."""
        face = lettering.font(BOLD if bold else MEDIUM, round(size * SHARP))
        self.ink.text((x * SHARP, y * SHARP), words, fill=colour, font=face, anchor="ls")

    def lines(self, x: float, top: float, fitted: lettering.Fitted, *, colour: str, bold: bool = True) -> None:
        for row, line in enumerate(fitted.lines):
            self.text(x, top + row * fitted.leading + 0.86 * fitted.size, line, fitted.size, colour=colour, bold=bold)

    def bar(self, x: float, y: float, width: float, height: float, *, colour: str) -> None:
        box = (x * SHARP, y * SHARP, (x + width) * SHARP, (y + height) * SHARP)
        self.ink.rounded_rectangle(box, radius=height * SHARP / 2, fill=colour)


def draw(rally: Published, places: Gazetteer, *, now: datetime) -> bytes:
    """A PNG of 1200 × 630, in the active language."""
    frame = frame_of(
        rally.body["home_country"], places, width=WIDTH * SHARP, height=HEIGHT * SHARP, inside=_scaled(INSIDE)
    )
    picture = _land(frame).copy()
    ink = ImageDraw.Draw(picture, "RGBA")
    for circle in scene.circles(frame, rally.cities, places, largest=LARGEST * SHARP):
        x, y, radius = circle.x, circle.y, circle.radius
        if x < MAP_FROM * SHARP:  # nobody far abroad among the words
            continue
        box = (x - radius, y - radius, x + radius, y + radius)
        ink.ellipse(box, fill=f"{LIGHT.accent}d0", outline=LIGHT.land, width=SHARP)
    _words(Pen(ImageDraw.Draw(picture)), rally, now=now)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(SHADES, dither=Image.Dither.NONE)
    file = BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _words(pen: Pen, rally: Published, *, now: datetime) -> None:
    pen.bar(LEFT, 52, 22, 22, colour=LIGHT.accent)
    title = lettering.fit(
        rally.title, width=TEXT_WIDTH - 40, height=34, largest=26, smallest=20, measure=bold_width, leading=1.2
    )
    pen.lines(LEFT + 36, 50, title, colour=LIGHT.ink)
    cause = lettering.fit(rally.cause, width=TEXT_WIDTH, height=190, largest=58, smallest=26, measure=bold_width)
    pen.lines(LEFT, 108, cause, colour=LIGHT.ink)
    day = wording.day(rally)
    if day:
        hour = wording.hour(rally, None, now=now)
        _headline(pen, f"{day}, {hour}" if hour else day, _("We are %(n)s") % {"n": wording.number(rally.confirmed)})
    elif rally.status in {"draft", "cancelled"}:
        _headline(pen, wording.standing(rally), "")
    else:
        _count(pen, rally)
    address = wording.without_scheme(settings.SITE_URLS[0])
    pen.text(LEFT, HEIGHT - 44, address, 24, colour=LIGHT.quiet, bold=False)


def _headline(pen: Pen, words: str, below: str) -> None:
    fitted = lettering.fit(words, width=TEXT_WIDTH, height=150, largest=60, smallest=30, measure=bold_width)
    pen.lines(LEFT, 330, fitted, colour=LIGHT.accent)
    pen.text(LEFT, 330 + fitted.height + 46, below, 34, colour=LIGHT.ink)


def _count(pen: Pen, rally: Published) -> None:
    count = wording.number(rally.confirmed)
    size = min(124.0, 124 * (TEXT_WIDTH + 60) / bold_width(count, 124))
    pen.text(LEFT - 4, 428, count, size, colour=LIGHT.ink)
    sentence = _("of %(threshold)s") % {"threshold": wording.number(rally.threshold)}
    if rally.status != "collecting":
        sentence = wording.standing(rally)
    below = lettering.fit(sentence, width=TEXT_WIDTH, height=60, largest=32, smallest=22, measure=medium_width)
    pen.bar(LEFT, 456, TEXT_WIDTH, 16, colour=LIGHT.line)
    share = min(rally.confirmed / rally.threshold, 1.0)
    if share > 0:
        pen.bar(LEFT, 456, max(16.0, share * TEXT_WIDTH), 16, colour=LIGHT.accent)
    pen.lines(LEFT, 490, below, colour=LIGHT.quiet, bold=False)


def _scaled(inside: Inside) -> Inside:
    return Inside(inside.left * SHARP, inside.top * SHARP, inside.right * SHARP, inside.bottom * SHARP)


@lru_cache(maxsize=2)
def _land(frame: Frame) -> Image.Image:
    """The picture without people, kept because it is the same each time."""
    picture = Image.new("RGB", (frame.width, frame.height), LIGHT.sea)
    ink = ImageDraw.Draw(picture)
    seen = outlines(frame)
    for outer, *holes in sorted(seen.land, key=lambda polygon: -len(polygon[0])):
        for ring, colour in [(outer, LIGHT.land), *((hole, LIGHT.sea) for hole in holes)]:
            if len(ring) > 2:
                ink.polygon(ring, fill=colour, outline=LIGHT.coast, width=SHARP)
    for lines, colour in ((seen.regions, LIGHT.region), (seen.borders, LIGHT.border), (seen.disputed, LIGHT.border)):
        for line in lines:
            ink.line(line, fill=colour, width=SHARP, joint="curve")
    picture.paste(LIGHT.paper, (0, 0), _fade())
    return picture


def _fade() -> Image.Image:
    """How much paper lies over the map: all of it under the words, none on the right."""
    row = Image.new("L", (WIDTH * SHARP, 1))
    for x in range(row.width):
        share = (FADE_TO - x / SHARP) / (FADE_TO - FADE_FROM)
        row.putpixel((x, 0), round(255 * max(0.0, min(1.0, share))))
    return row.resize((WIDTH * SHARP, HEIGHT * SHARP))
