"""Onest for pictures and PDF, how wide words are in it, and how a text is fitted into a box."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FONTS = Path(__file__).parent.parent / "data" / "fonts"
MEDIUM, BOLD = FONTS / "onest-medium.ttf", FONTS / "onest-bold.ttf"
# In an SVG, for readers that have Onest and for those that do not.
FAMILY = "Onest, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
Measure = Callable[[str, float], float]  # the width of a text at a size
_UNIT = 100  # pixels at which text is measured, then scaled


@dataclass(frozen=True)
class Fitted:
    """Lines of a text, and the size at which they fit."""

    lines: tuple[str, ...]
    size: float
    leading: float  # from one line to the next

    @property
    def height(self) -> float:
        return len(self.lines) * self.leading


@lru_cache(maxsize=32)
def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def bold_width(text: str, size: float) -> float:
    return font(BOLD, _UNIT).getlength(text) * size / _UNIT


def medium_width(text: str, size: float) -> float:
    return font(MEDIUM, _UNIT).getlength(text) * size / _UNIT


def fit(
    text: str,
    *,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    measure: Measure,
    leading: float = 1.15,
    breaking: bool = False,
) -> Fitted:
    """The text as large as its box allows; at the smallest size, whatever is still too much ends in an ellipsis.

    A word is broken only at the smallest size, unless `breaking`, which suits addresses.
    """
    size = largest
    while size > smallest:
        lines = wrap(text, width=width, size=size, measure=measure)
        whole = breaking or all(measure(word, size) <= width for word in words(text))
        if whole and len(lines) * size * leading <= height:
            return Fitted(lines, size, size * leading)
        size = max(smallest, size * 0.94)
    lines = wrap(text, width=width, size=smallest, measure=measure)
    most = max(1, int(height / (smallest * leading)))
    if len(lines) > most:
        last = lines[most - 1]
        while last and measure(f"{last}…", smallest) > width:
            last = last[:-1]
        lines = (*lines[: most - 1], f"{last.rstrip()}…")
    return Fitted(lines, smallest, smallest * leading)


def wrap(text: str, *, width: float, size: float, measure: Measure) -> tuple[str, ...]:
    """Words in lines no wider than the width; a word wider than that is broken."""
    lines: list[str] = []
    line = ""
    for word in words(text):
        longer = f"{line} {word}" if line else word
        if measure(longer, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _broken(word, width=width, size=size, measure=measure)
        lines += whole
    return (*lines, line) if line else tuple(lines)


def words(text: str) -> list[str]:
    """Not at no-break spaces, unlike str.split()."""
    return [word for word in re.split(r"[ \t\r\n]+", text) if word]


def _broken(word: str, *, width: float, size: float, measure: Measure) -> list[str]:
    """A word in parts that fit, after a stroke or a hyphen where it has one."""
    parts, part = [], ""
    for letter in word:
        if part and measure(part + letter, size) > width:
            cut = part.rfind("/") + 1 or part.rfind("-") + 1 or len(part)
            parts.append(part[:cut])
            part = part[cut:]
        part += letter
    return [*parts, part]
