"""The growth of the count as a picture: laid out once, drawn as SVG and as PNG."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from math import ceil, floor, log10
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from pledges import wording
from pledges.drawing import lettering
from pledges.drawing.lettering import BOLD, FAMILY, MEDIUM
from pledges.drawing.palette import LIGHT as COLOURS
from pledges.publishing.history import Hour
from pledges.publishing.reading import Published

WIDTH, HEIGHT = 1000, 520
LEFT, RIGHT, TOP, BOTTOM = 96, 40, 96, 56  # around the plot
DAYS_AT_MOST = 7  # dates under the plot
HOUR = timedelta(hours=1)
SHARP = 2


@dataclass(frozen=True)
class Word:
    text: str
    x: float
    y: float  # the baseline
    size: float
    anchor: str  # start, middle or end
    colour: str
    bold: bool = False


@dataclass(frozen=True)
class Chart:
    """In pixels: the curve, straight lines as (x1, y1, x2, y2, colour), words."""

    title: str
    curve: list[tuple[float, float]]
    rules: list[tuple[float, float, float, float, str]]
    words: list[Word]


def lay_out(rally: Published, hours: list[Hour]) -> Chart:
    """The total over time, in the home country's time and the active language."""
    points = _points(rally, hours)
    begin, end = points[0][0], points[-1][0]
    if end - begin < HOUR:
        begin = end - HOUR
    most = _ceiling(max(rally.threshold, *(people for _at, people in points)))

    def x(at: datetime) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((at - begin) / (end - begin))

    def y(people: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * people / most

    rules: list[tuple[float, float, float, float, str]] = []
    words = _heading(rally)
    step = _step(most / 5)
    for people in range(0, most + 1, step):
        rules.append((LEFT, y(people), WIDTH - RIGHT, y(people), COLOURS.line))
        words.append(Word(wording.number(people), LEFT - 12, y(people) + 5, 15, "end", COLOURS.quiet))
    for at, text in _dates(begin, end, rally.body["home_timezone"]):
        words.append(Word(text, x(at), HEIGHT - BOTTOM + 28, 15, "middle", COLOURS.quiet))
        rules.append((x(at), HEIGHT - BOTTOM, x(at), HEIGHT - BOTTOM + 6, COLOURS.border))
    threshold = y(rally.threshold)
    rules.append((LEFT, threshold, WIDTH - RIGHT, threshold, COLOURS.accent))
    needed = _("Needed: %(threshold)s") % {"threshold": wording.number(rally.threshold)}
    words.append(Word(needed, LEFT + 8, threshold - 8, 15, "start", COLOURS.accent, bold=True))
    curve = [(x(at), y(people)) for at, people in points]
    words.append(_last(rally, *curve[-1], threshold))
    return Chart(f"{rally.title}: {wording.number(rally.confirmed)}", curve, rules, words)


def _points(rally: Published, hours: list[Hour]) -> list[tuple[datetime, int]]:
    """From nothing to now. An hour that has no row changed nothing; the one that is not over ends at the count."""
    now = rally.counted_at
    points: list[tuple[datetime, int]] = []
    before = 0
    for hour in hours:
        start = hour.at - HOUR
        if start >= now:
            break
        if not points or points[-1][0] < start:
            points.append((start, before))
        before = hour.confirmed
        if hour.at < now:
            points.append((hour.at, before))
    points = points or [(now - HOUR, 0)]
    return [*points, (now, rally.confirmed)]


def _heading(rally: Published) -> list[Word]:
    width = WIDTH - 2 * 24
    title = lettering.fit(
        rally.cause, width=width, height=34, largest=26, smallest=18, measure=lettering.bold_width
    ).lines[0]
    counted = date_format(rally.counted_at.astimezone(ZoneInfo(rally.body["home_timezone"])), "j E Y, H:i T")
    return [
        Word(title, 24, 40, 26 if lettering.bold_width(title, 26) <= width else 18, "start", COLOURS.ink, bold=True),
        Word(_("People who promised to come. Counted: %(at)s") % {"at": counted}, 24, 66, 15, "start", COLOURS.quiet),
    ]


def _last(rally: Published, x: float, y: float, threshold: float) -> Word:
    """The newest figure, left of its point and off the threshold's line."""
    above = y - 14
    if abs(above - 8 - threshold) < 22:
        above = threshold + 28 if y >= threshold else threshold - 12
    return Word(wording.number(rally.confirmed), x - 4, max(above, TOP - 8), 22, "end", COLOURS.ink, bold=True)


def _ceiling(most: int) -> int:
    """The top of the scale: a little above everything, on a tick."""
    step = _step(most / 5)
    return step * ceil(most * 1.04 / step)


def _step(rough: float) -> int:
    """1, 2, 2.5 or 5 times a power of ten, in whole people."""
    power = 10 ** floor(log10(max(rough, 1)))
    return next(int(of * power) for of in (1, 2, 2.5, 5, 10) if of * power >= rough and (of * power) % 1 == 0)


def _dates(begin: datetime, end: datetime, zone: str) -> list[tuple[datetime, str]]:
    """Midnights, or hours while it is young, few enough to be read."""
    first, last = begin.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    days = (last.date() - first.date()).days
    if days < 2:
        every = max(1, ceil((end - begin) / HOUR / DAYS_AT_MOST))
        at = first.replace(minute=0, second=0, microsecond=0) + HOUR
        found = []
        while at <= last:
            found.append((at, str(date_format(at, "H:i"))))
            at += every * HOUR
        return found
    every = ceil(days / DAYS_AT_MOST)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [midnight + timedelta(days=day) for day in range(1, days + 1, every)]
    return [(at, str(date_format(at, "j\u00a0E"))) for at in midnights]


def svg(chart: Chart, *, language: str) -> str:
    curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in chart.curve)
    floor_y = HEIGHT - BOTTOM
    x, y = chart.curve[-1]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
            f' role="img" lang={quoteattr(language)} font-family="{FAMILY}"><title>{escape(chart.title)}</title>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{COLOURS.paper}"/>',
            *(
                f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"/>'
                for x1, y1, x2, y2, colour in chart.rules
            ),
            f'<polygon points="{chart.curve[0][0]:.1f},{floor_y} {curve} {x:.1f},{floor_y}" fill="{COLOURS.accent}"'
            f' fill-opacity=".14"/><polyline points="{curve}" fill="none" stroke="{COLOURS.accent}" stroke-width="3"'
            f' stroke-linejoin="round"/><circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{COLOURS.accent}"/>',
            *(_svg_word(word) for word in chart.words),
            "</svg>",
        ]
    )


def _svg_word(word: Word) -> str:
    return (
        f'<text x="{word.x:.1f}" y="{word.y:.1f}" font-size="{word.size:g}" text-anchor="{word.anchor}"'
        f' font-weight="{700 if word.bold else 500}" fill="{word.colour}" stroke="{COLOURS.paper}" stroke-width="4"'
        f' stroke-linejoin="round" paint-order="stroke">{escape(word.text)}</text>'
    )


def png(chart: Chart) -> bytes:
    picture = Image.new("RGB", (WIDTH * SHARP, HEIGHT * SHARP), COLOURS.paper)
    ink = ImageDraw.Draw(picture, "RGBA")
    curve = [(x * SHARP, y * SHARP) for x, y in chart.curve]
    for x1, y1, x2, y2, colour in chart.rules:
        ink.line((x1 * SHARP, y1 * SHARP, x2 * SHARP, y2 * SHARP), fill=colour, width=SHARP)
    floor_y = (HEIGHT - BOTTOM) * SHARP
    ink.polygon([(curve[0][0], floor_y), *curve, (curve[-1][0], floor_y)], fill=f"{COLOURS.accent}24")
    ink.line(curve, fill=COLOURS.accent, width=3 * SHARP, joint="curve")
    ink.circle(curve[-1], 6 * SHARP, fill=COLOURS.accent)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for word in chart.words:
        face = lettering.font(BOLD if word.bold else MEDIUM, round(word.size * SHARP))
        at = (word.x * SHARP, word.y * SHARP)
        ink.text(
            at,
            word.text,
            fill=word.colour,
            font=face,
            anchor=anchors[word.anchor],
            stroke_width=2 * SHARP,
            stroke_fill=COLOURS.paper,
        )
    file = BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(64, dither=Image.Dither.NONE).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()
