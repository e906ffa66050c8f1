"""Posters and flyers as PDF, for a cheap printer: black on white, little ink, the code large.

Text is drawn as text: nothing in a title or a city's name is read as markup.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from maps.gazetteer import Place
from pledges import planning, wording
from pledges.drawing import lettering, qr
from pledges.publishing.reading import Published

COLUMNS, ROWS = 2, 4  # of flyers on a sheet: each is a seventh of the A series
MARGIN = 18 * mm
POSTER_CODE = 78 * mm
FLYER_CODE = 31 * mm
WHITE = 3.5 * mm  # above a flyer's code, for those who read it
GREY = 0.35


@dataclass(frozen=True)
class Sheet:
    """What is said on paper, in the order of its importance."""

    title: str
    cause: str
    asks: str
    city: str
    when: str  # the day and hour, once announced
    standing: str
    where: str  # the city's site, once it may be seen
    address: str  # for people to type: of the rally, which is shorter
    url: str  # in the code: of the city, if it is for one


def sheet(rally: Published, place: Place | None, *, language: str, now: datetime) -> Sheet:
    day, hour = wording.day(rally), wording.hour(rally, place, now=now)
    told = rally.announcement if day else None
    site = planning.visible_site(told, place.id, now=now) if told and place else None
    return Sheet(
        title=rally.title,
        cause=rally.cause,
        asks=rally.asks,
        city=place.name(language) if place else "",
        when=f"{day}, {hour}" if hour else day,
        standing=wording.standing(rally),
        where=_where(rally, site, place, language),
        address=wording.without_scheme(wording.page_url(rally)),
        url=wording.page_url(rally, place),
    )


def _where(rally: Published, site: dict[str, Any] | None, place: Place | None, language: str) -> str:
    if site:
        return str(site["place"].get(language) or next(iter(site["place"].values()), ""))
    return "" if place or not wording.day(rally) else _("Find the place in your city")


def poster(said: Sheet, *, compressed: bool = True) -> bytes:
    """One page of A4."""
    file = BytesIO()
    pen = _Pen(_canvas(file, said, compressed))
    width, height = A4
    inner = width - 2 * MARGIN
    top = height - MARGIN
    top = pen.block(said.title, MARGIN, top, inner, 10 * mm, largest=16, smallest=9) - 6 * mm
    top = pen.block(said.cause, MARGIN, top, inner, 92 * mm, largest=72, smallest=20) - 5 * mm
    if said.asks:
        top = pen.block(said.asks, MARGIN, top, inner, 18 * mm, largest=17, smallest=9, bold=False, grey=GREY) - 4 * mm
    bottom = MARGIN + POSTER_CODE + 12 * mm
    pen.canvas.setLineWidth(1.2)
    pen.canvas.line(MARGIN, bottom, width - MARGIN, bottom)
    lines = [line for line in (said.city, said.when or said.standing, said.where) if line]
    room = (top - bottom - 10 * mm) / len(lines)
    top -= 5 * mm
    for line in lines:
        top = pen.block(line, MARGIN, top, inner, min(room, 46 * mm), largest=40, smallest=12) - 2 * mm
    pen.code(said.url, MARGIN, MARGIN, POSTER_CODE)
    left = MARGIN + POSTER_CODE + 8 * mm
    column = width - MARGIN - left
    top = MARGIN + POSTER_CODE
    top = pen.block(_invitation(said), left, top, column, 30 * mm, largest=28, smallest=12) - 4 * mm
    top = pen.block(said.address, left, top, column, 24 * mm, largest=18, smallest=7, breaking=True) - 4 * mm
    pen.block(_("Check the date by the QR code"), left, top, column, 16 * mm, largest=18, smallest=8, bold=False)
    pen.canvas.showPage()
    pen.canvas.save()
    return file.getvalue()


def flyers(said: Sheet, *, compressed: bool = True) -> bytes:
    """A page of A4 to be cut into eight."""
    file = BytesIO()
    canvas = _canvas(file, said, compressed)
    width, height = A4[0] / COLUMNS, A4[1] / ROWS
    canvas.beginForm("flyer", 0, 0, width, height)
    _flyer(_Pen(canvas), said, width, height)
    canvas.endForm()
    for left, bottom in _cells(width, height):
        canvas.saveState()
        canvas.translate(left, bottom)
        canvas.doForm("flyer")
        canvas.restoreState()
    canvas.setLineWidth(0.5)
    canvas.setDash(3, 3)
    canvas.setStrokeGray(0.6)
    for column in range(1, COLUMNS):
        canvas.line(column * width, 0, column * width, A4[1])
    for row in range(1, ROWS):
        canvas.line(0, row * height, A4[0], row * height)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _flyer(pen: "_Pen", said: Sheet, width: float, height: float) -> None:
    edge = 7 * mm
    x, inner = edge, width - 2 * edge
    top = pen.block(said.cause, x, height - edge, inner, 18 * mm, largest=21, smallest=8) - 1.5 * mm
    code_top = edge + FLYER_CODE
    news = " · ".join(part for part in (said.when or said.standing, said.where) if part)
    news = f"{said.city}: {news}" if said.city else news
    pen.block(news, x, top, inner, max(top - code_top - WHITE, 8), largest=12, smallest=6)
    pen.code(said.url, x, edge, FLYER_CODE)
    x += FLYER_CODE + 4 * mm
    inner = width - edge - x
    top = pen.block(_invitation(said), x, code_top, inner, 13 * mm, largest=14, smallest=7) - 1.5 * mm
    top = pen.block(said.address, x, top, inner, 10 * mm, largest=10, smallest=5, breaking=True) - 1.5 * mm
    pen.block(_("Check the date by the QR code"), x, top, inner, 9 * mm, largest=10, smallest=6, bold=False)


def _cells(width: float, height: float) -> Iterator[tuple[float, float]]:
    for row in range(ROWS):
        for column in range(COLUMNS):
            yield column * width, row * height


def _invitation(said: Sheet) -> str:
    return _("Details and news") if said.when else _("Say that you will come")


def _canvas(file: BytesIO, said: Sheet, compressed: bool) -> Canvas:
    """Nothing in the file tells who made it, where or when: `invariant` keeps the clock out."""
    _load_fonts()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=int(compressed), initialFontName="Onest")
    canvas.setTitle(said.cause)
    canvas.setAuthor(said.title)
    canvas.setSubject(wording.without_scheme(said.url))
    canvas.setCreator("")
    return canvas


@lru_cache(maxsize=1)
def _load_fonts() -> None:
    pdfmetrics.registerFont(TTFont("Onest", lettering.MEDIUM))
    pdfmetrics.registerFont(TTFont("Onest-Bold", lettering.BOLD))


@dataclass(frozen=True)
class _Pen:
    """Draws on a page whose y grows upwards."""

    canvas: Canvas

    def block(
        self,
        text: str,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        largest: float,
        smallest: float,
        bold: bool = True,
        grey: float = 0.0,
        breaking: bool = False,
    ) -> float:
        """Text as large as the box allows; answers where the next may begin."""
        face = "Onest-Bold" if bold else "Onest"

        def measure(words: str, size: float) -> float:
            return float(pdfmetrics.stringWidth(words, face, size))

        fitted = lettering.fit(
            text,
            width=width,
            height=height,
            largest=largest,
            smallest=smallest,
            measure=measure,
            breaking=breaking,
        )
        self.canvas.setFillGray(grey)
        self.canvas.setFont(face, fitted.size)
        for row, line in enumerate(fitted.lines):
            self.canvas.drawString(left, top - row * fitted.leading - 0.86 * fitted.size, line)
        return top - fitted.height

    def code(self, url: str, left: float, bottom: float, side: float) -> None:
        """The white around a code is the paper's own, so it begins at the edge of the text."""
        modules, dark = qr.runs(url)
        one = side / modules
        self.canvas.setFillGray(0)
        path = self.canvas.beginPath()
        for x, y, length in dark:
            path.rect(left + x * one, bottom + side - (y + 1) * one, length * one, one)
        self.canvas.drawPath(path, stroke=0, fill=1)
