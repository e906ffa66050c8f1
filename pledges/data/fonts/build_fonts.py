"""Makes the fonts of the site from the npm package @fontsource-variable/onest; needs fonttools and brotli.

    npm pack @fontsource-variable/onest && tar xzf fontsource-variable-onest-*.tgz
    python pledges/data/fonts/build_fonts.py package/files static/fonts pledges/data/fonts

For browsers: two variable subsets, weights 400 to 800, which a page fetches by the letters it shows. For pictures
and PDF, which take no variable fonts: one file a weight, Latin and Cyrillic merged.
"""

import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2015), *range(0x2018, 0x201F), 0x2026, 0x2212]
MORE_LATIN = [*LATIN, *range(0x100, 0x180)]
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
    files = {"latin": ([source / "onest-latin-wght-normal.woff2"], LATIN)}
    files["cyrillic"] = ([source / "onest-cyrillic-wght-normal.woff2"], CYRILLIC)
    for name, ((path,), letters) in files.items():
        font = instantiateVariableFont(subset(path, letters), {"wght": (400, 800)})
        font.flavor = "woff2"
        font.save(web / f"onest-{name}.woff2")
    for name, weight in WEIGHTS.items():
        with tempfile.TemporaryDirectory() as folder:
            parts = []
            for part, letters in (("latin", LATIN), ("latin-ext", MORE_LATIN), ("cyrillic", CYRILLIC)):
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
