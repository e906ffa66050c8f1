"""QR codes: segno makes the matrix, page and paper draw it each in their own way."""

from collections.abc import Iterator
from itertools import groupby

import segno

QUIET = 4  # modules of white around the code, which readers need


def runs(address: str) -> tuple[int, list[tuple[int, int, int]]]:
    """How many modules a side has, without the white, and the dark runs as (x, y, length)."""
    matrix = segno.make_qr(address, error="m").matrix  # m: a crease or a drop of rain does no harm
    return len(matrix), [run for y, row in enumerate(matrix) for run in _dark(y, row)]


def _dark(y: int, row: bytearray) -> Iterator[tuple[int, int, int]]:
    x = 0
    for dark, modules in groupby(row):
        length = len(list(modules))
        if dark:
            yield x, y, length
        x += length


def svg(address: str) -> str:
    """Black on white in every scheme: a reader expects it so."""
    side, dark = runs(address)
    whole = side + 2 * QUIET
    path = "".join(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z" for x, y, length in dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" width="{8 * whole}"'
        f' height="{8 * whole}" role="img" shape-rendering="crispEdges"><title>QR</title>'
        f'<rect width="{whole}" height="{whole}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )
