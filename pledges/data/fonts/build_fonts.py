"""Makes the fonts of the site from the npm package @fontsource-variable/onest; needs fonttools and brotli.

    npm pack @fontsource-variable/onest && tar xzf fontsource-variable-onest-*.tgz
    python pledges/data/fonts/build_fonts.py package/files static/fonts pledges/data/fonts

For browsers: variable subsets, weights 400 to 800, which a page fetches by the letters it shows. For pictures
and PDF, which take no variable fonts: one file a weight, Latin and Cyrillic merged.
"""

import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

LATIN = [*range(0x20, 0x7F), 0xA0, 0xA9, 0xAB, 0xB0, 0xB7, 0xBB, 0xD7, *range(0x2010, 0x2015), *range(0x2018, 0x201F)]
LATIN += [0x2026, 0x2212]
ACCENTED = [*range(0xC0, 0xD7), *range(0xD8, 0x180)]
CYRILLIC = [*range(0x400, 0x460), 0x490, 0x491, 0x2116]
FEATURES = ["kern", "mark", "ccmp", "locl", "tnum"]
WEIGHTS = {"Medium": 500, "Bold": 750}


def subset(path: Path, letters: list[int]) -> TTFont:
    font = TTFont(path)
    options = Options()
    options.layout_features = FEATURES
    options.name_IDs = ["*"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    return font


def main(source: Path, web: Path, still: Path) -> None:
    # The package's "latin" has the accented letters of the west too; ours come in a file of their own.
    for name, part, letters in (
        ("latin", "latin", LATIN),
        ("accents", "latin", ACCENTED),
        ("cyrillic", "cyrillic", CYRILLIC),
    ):
        font = instantiateVariableFont(
            subset(source / f"onest-{part}-wght-normal.woff2", letters), {"wght": (400, 800)}
        )
        font.flavor = "woff2"
        font.save(web / f"onest-{name}.woff2")
    for name, weight in WEIGHTS.items():
        with tempfile.TemporaryDirectory() as folder:
            parts = []
            for part, letters in (("latin", LATIN + ACCENTED), ("latin-ext", ACCENTED), ("cyrillic", CYRILLIC)):
                whole = subset(source / f"onest-{part}-wght-normal.woff2", letters)
                font = instantiateVariableFont(whole, {"wght": weight})
                font.flavor = None
                parts.append(f"{folder}/{part}.ttf")
                font.save(parts[-1])
            merged = Merger().merge(parts)
            for record in merged["name"].names:  # two weights of one name would be one font to a PDF reader
                if record.nameID in (4, 6):
                    record.string = f"Onest{'-' if record.nameID == 6 else ' '}{name}"
            merged.save(still / f"onest-{name.lower()}.ttf")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
