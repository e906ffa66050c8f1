from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from maps import gazetteer
from maps.cityfile import COLUMNS
from maps.management.commands.load_cities import CITIES
from maps.models import City, Region

KAZAN = {
    "geoname_id": 551487,
    "name_en": "Kazan",
    "name_ru": "Казань",
    "region_en": "Tatarstan",
    "region_ru": "Татарстан",
    "country": "RU",
    "latitude": 55.78,
    "longitude": 49.12,
    "population": 1_259_173,
    "timezone": "Europe/Moscow",
    "aliases": "Qazan",
}
BERLIN = {
    "geoname_id": 2950159,
    "name_en": "Berlin",
    "name_ru": "Берлин",
    "country": "DE",
    "latitude": 52.52,
    "longitude": 13.41,
    "population": 3_426_354,
    "timezone": "Europe/Berlin",
}


@pytest.fixture(autouse=True, scope="module")
def fresh_gazetteer() -> Iterator[None]:
    gazetteer.reset()
    yield
    gazetteer.reset()


@pytest.fixture(scope="module")
def all_places(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, fresh_gazetteer: None
) -> Iterator[gazetteer.Gazetteer]:
    """The whole file, loaded once for a module and rolled back after it. Not together with `db`."""
    with django_db_blocker.unblock(), transaction.atomic():
        gazetteer.load(CITIES)
        yield gazetteer.gazetteer()
        transaction.set_rollback(True)


@pytest.fixture
def no_places(db: None) -> Iterator[None]:
    City.objects.all().delete()
    Region.objects.all().delete()
    gazetteer.reset()
    yield
    gazetteer.reset()


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of cities from rows; what a row does not say is empty."""

    def write(*rows: dict[str, Any]) -> Path:
        path = tmp_path / "cities.csv"
        lines = [",".join(str(row.get(column, "")) for column in COLUMNS) for row in rows]
        path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
        return path

    return write
