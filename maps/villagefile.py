"""The file of places that are not listed, and how it gets into the database."""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from maps.models import Village
from maps.names import normalise

FORM = "1"  # of what is stored; another number stores the same file anew
COLUMNS = (
    "geoname_id",
    "name_en",
    "name_ru",
    "search_text",
    "latitude",
    "longitude",
    "country",
    "region_code",
    "population",
)


def load(path: Path) -> int | None:
    """Make the table hold what the file holds; how many places, or None where it does already.

    A comment on the table says what it was filled from, because reading the file takes longer than all else.
    """
    packed = path.read_bytes()
    table = Village._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(%s::regclass), (SELECT count(*) FROM maps_village)", [table])
        said, count = cursor.fetchone()
        digest = hashlib.sha256(FORM.encode() + packed).hexdigest()
        if said == f"{digest} {count}":
            return None
        cursor.execute("TRUNCATE maps_village")
        with cursor.copy(f"COPY maps_village ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in _rows(packed):
                copy.write_row(row)
        count = cursor.rowcount
        cursor.execute(f"COMMENT ON TABLE maps_village IS '{digest} {count}'")  # takes no parameter; both are ours
        cursor.execute("ANALYZE maps_village")
    return int(count)


def _rows(packed: bytes) -> Iterator[tuple[str | None, ...]]:
    text = io.StringIO(gzip.decompress(packed).decode(), newline="")
    for row in csv.DictReader(text):
        names = (row["name_ru"], row["name_en"], *row["others"].split(";"))
        normalised = dict.fromkeys(name for name in map(normalise, names) if name)
        search_text = f"|{'|'.join(normalised)}|"
        code = f"{row['country']}/{row['region_en']}"
        point = row["latitude"], row["longitude"]
        yield (
            row["geoname_id"],
            row["name_en"],
            row["name_ru"],
            search_text,
            *point,
            row["country"],
            code,
            row["population"],
        )
