import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from maps import gazetteer, villagefile
from maps.management.commands.load_cities import VILLAGES
from maps.models import Village
from maps.villages import Unlisted, villages

HEAD = "geoname_id,name_ru,name_en,others,latitude,longitude,country,region_en,population"
IVANOVKA = "815746,Ивановка,Ivanovka,,53.347,34.219,RU,Bryansk Oblast,1150"
KRASNOYE = "815747,Красное,Krasnoye,Красново,55.347,36.219,RU,Kaluga Oblast,850"


@pytest.fixture(scope="module", autouse=True)
def all_villages(all_places: gazetteer.Gazetteer, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with transaction.atomic():
        villagefile.load(VILLAGES)
        yield
        transaction.set_rollback(True)


def where(q: str, *, home: str = "RU") -> list[tuple[str, str]]:
    return [(village.name("ru"), village.region_name("ru")) for village in villages(q, home=home)]


def only(q: str) -> Unlisted:
    (village,) = villages(q, home="RU")
    return village


def test_a_village_is_answered_with_the_three_listed_cities_nearest_to_it():
    village = only("Зюкайка")

    assert (village.name("en"), village.region_name("en"), village.country_name("en")) == (
        "Zyukayka",
        "Perm Krai",
        "Russia",
    )
    assert [(near.place.name_ru, near.km) for near in village.nearest][:2] == [("Верещагино", 14), ("Очёр", 36)]
    assert len(village.nearest) == 3


def test_villages_of_one_name_come_with_their_regions_those_at_home_first_and_larger_ones_first():
    found = where("Ивановка")

    assert found[:2] == [("Ивановка", "Приморский край"), ("Ивановка", "Брянская область")]
    assert len(found) == 5
    assert next(village.country for village in villages("Ивановка", home="KG")) == "KG"


@pytest.mark.parametrize(
    "q",
    [
        "Ивановка, Брянская область",
        "ивановка брянская",
        "Ивановка (Брянская обл.)",
        "Ивановка, Bryansk Oblast",
        "ивановка брянск",  # by a city of the region
        "с. Ивановка, Брянская обл.",
    ],
)
def test_the_region_or_a_city_of_it_tells_villages_apart(q: str):
    assert where(q) == [("Ивановка", "Брянская область")]


def test_the_country_may_be_said_too():
    assert where("Ивановка, Киргизия") == [("Ивановка", "")]


@pytest.mark.parametrize("q", ["зюкайка", "ZYUKAYKA", "зюкай", "зюкойка", "p.rfqrf", "пос. Зюкайка", "посёлок Зюкайка"])
def test_a_village_is_found_in_either_script_begun_mistyped_and_on_the_wrong_layout(q: str):
    assert ("Зюкайка", "Пермский край") in where(q)


@pytest.mark.parametrize("q", ["Москва", "Казань", "спб", "vjcrdf", "моск", "екатеренбург", "Берлин"])
def test_no_village_is_offered_where_a_listed_city_is_meant(q: str):
    assert where(q) == []


def test_a_village_is_offered_although_a_small_listed_place_has_its_name():
    assert len(where("Берёзовка")) == 5


def test_a_district_is_answered_with_its_own_city_first():
    assert only("Кунцево").nearest[0].place.name_ru == "Москва"


def test_the_nearest_cities_are_of_the_villages_own_country():
    for village in villages("Красное", home="RU"):
        assert {near.place.country for near in village.nearest} == {village.country}


@pytest.mark.parametrize("q", ["", "\x00", "%%%%", "___", "|||", "' OR 1=1 --", "\ud800", "ы" * 10_000, "а б " * 900])
def test_what_is_no_name_finds_nothing_and_harms_nothing(q: str):
    assert villages(q, home="RU") == []


def test_every_village_at_home_has_a_russian_name_and_a_region_that_is_known():
    at_home = Village.objects.filter(country="RU")

    assert at_home.count() > 3500
    assert not at_home.filter(name_ru="").exists()
    assert set(at_home.values_list("region_code", flat=True)) <= set(gazetteer.gazetteer().regions)


def packed(path: Path, *rows: str) -> Path:
    path.write_bytes(gzip.compress("\n".join((HEAD, *rows)).encode()))
    return path


def test_loading_again_reads_nothing_and_another_file_replaces_all(tmp_path: Path):
    file = tmp_path / "villages.csv.gz"
    with transaction.atomic():
        first = villagefile.load(packed(file, IVANOVKA, KRASNOYE))
        again = villagefile.load(file)
        names = Village.objects.get(pk=815747).names
        other = villagefile.load(packed(file, IVANOVKA))
        left = list(Village.objects.values_list("pk", flat=True))
        transaction.set_rollback(True)

    assert (first, again, other) == (2, None, 1)
    assert names == ["красное", "krasnoye", "красново"]
    assert left == [815746]


def test_a_table_that_lost_rows_is_filled_anew(tmp_path: Path):
    file = packed(tmp_path / "villages.csv.gz", IVANOVKA, KRASNOYE)
    with transaction.atomic():
        villagefile.load(file)
        Village.objects.filter(pk=815746).delete()

        loaded = villagefile.load(file)
        transaction.set_rollback(True)

    assert loaded == 2


def test_names_are_found_through_the_index():
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT 1 FROM maps_village WHERE search_text LIKE '%|зюкайка|%'")
        plan = " ".join(line for (line,) in cursor.fetchall())

    assert "village_search_text_trigrams" in plan
