"""The file of cities: read, checked, and nothing else."""

import csv
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

from maps.names import normalise

COLUMNS = (
    "geoname_id",
    "name_en",
    "name_ru",
    "region_en",
    "region_ru",
    "country",
    "latitude",
    "longitude",
    "population",
    "timezone",
    "aliases",
)


class BadRow(ValueError):
    """The file cannot be loaded; the message names the line."""


@dataclass(frozen=True, slots=True)
class CityRow:
    geoname_id: int
    name_en: str
    name_ru: str
    region_en: str
    region_ru: str
    country: str
    latitude: float
    longitude: float
    population: int
    timezone: str
    aliases: tuple[str, ...]

    @property
    def region_code(self) -> str:
        return f"{self.country}/{self.region_en}"

    @property
    def names(self) -> tuple[str, ...]:
        """All that one may call it, normalised, each once, the proper names first."""
        return tuple(dict.fromkeys(normalise(name) for name in (self.name_ru, self.name_en, *self.aliases)))


def read(path: Path) -> list[CityRow]:
    """All rows, or BadRow for the first that is wrong."""
    rows: list[CityRow] = []
    lines: dict[int, int] = {}  # of ids
    regions: dict[str, str] = {}  # Russian names by code
    zones = zoneinfo.available_timezones()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
            raise BadRow(f"line 1: no column {', '.join(missing)}")
        for record in reader:
            try:
                row = _row(record, zones)
                if row.geoname_id in lines:
                    raise ValueError(f"id {row.geoname_id} is already on line {lines[row.geoname_id]}")
                if regions.setdefault(row.region_code, row.region_ru) != row.region_ru:
                    raise ValueError(f"{row.region_code} was called {regions[row.region_code]} before")
            except ValueError as error:
                raise BadRow(f"line {reader.line_num}: {error}") from error
            lines[row.geoname_id] = reader.line_num
            rows.append(row)
    if not rows:
        raise BadRow("line 2: no city at all")  # an empty file must not delete what there is
    return rows


def _row(record: dict[str, str], zones: set[str]) -> CityRow:
    if None in record or None in record.values():
        raise ValueError(f"not {len(COLUMNS)} columns")
    words = {column: record[column].strip() for column in COLUMNS}
    for column in ("name_en", "name_ru"):
        if not normalise(words[column]):
            raise ValueError(f"{column} is empty")
    country = words["country"]
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise ValueError(f"country {country!r} is not two capital letters")
    if words["timezone"] not in zones:
        raise ValueError(f"time zone {words['timezone']!r} does not exist")
    return CityRow(
        geoname_id=_integer("geoname_id", words, least=1),
        name_en=words["name_en"],
        name_ru=words["name_ru"],
        region_en=words["region_en"],
        region_ru=words["region_ru"],
        country=country,
        latitude=_degrees("latitude", words, 90),
        longitude=_degrees("longitude", words, 180),
        population=_integer("population", words, least=0),
        timezone=words["timezone"],
        aliases=tuple(alias for part in words["aliases"].split(";") if (alias := part.strip())),
    )


def _integer(column: str, words: dict[str, str], *, least: int) -> int:
    text = words[column]
    if not (text.isascii() and text.isdecimal() and least <= int(text) < 2**31):
        raise ValueError(f"{column} {text!r} is not a whole number from {least}")
    return int(text)


def _degrees(column: str, words: dict[str, str], most: int) -> float:
    try:
        degrees = float(words[column])
    except ValueError:
        degrees = float("nan")
    if not abs(degrees) <= most:  # also false for nan
        raise ValueError(f"{column} {words[column]!r} is not within -{most}…{most}")
    return degrees
