import gzip
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from maps.gazetteer import BadRow, gazetteer, load
from maps.management.commands.load_cities import CITIES
from maps.models import City, Region
from pledges.models import CityTally, Rally, Staff
from tests.maps.conftest import BERLIN, KAZAN

pytestmark = pytest.mark.usefixtures("no_places")
FileOf = Callable[..., Path]


def test_the_file_that_comes_along_loads_and_loading_again_changes_nothing():
    first = load(CITIES)
    before = list(City.objects.order_by("pk").values()), list(Region.objects.order_by("pk").values())

    again = load(CITIES)

    assert first.added == first.total == City.objects.count() > 1700
    assert (again.added, again.changed, again.deleted, again.unlisted) == (0, 0, 0, 0)
    assert before == (list(City.objects.order_by("pk").values()), list(Region.objects.order_by("pk").values()))


def test_the_command_says_in_a_line_for_each_file_what_it_did(file_of: FileOf, tmp_path: Path):
    villages = tmp_path / "villages.csv.gz"
    columns = "geoname_id,name_ru,name_en,others,latitude,longitude,country,region_en,population"
    villages.write_bytes(gzip.compress(f"{columns}\n1,Ивановка,Ivanovka,,53.347,34.219,RU,Tatarstan,0\n".encode()))
    first, again = StringIO(), StringIO()

    for out in (first, again):
        call_command("load_cities", str(file_of(KAZAN, BERLIN)), "--villages", str(villages), stdout=out)

    assert first.getvalue().startswith("2 cities: 2 added, 0 changed, 0 deleted, 0 unlisted")
    assert [line.split(" (")[0] for line in first.getvalue().splitlines()][1:] == ["1 places that are not listed"]
    assert again.getvalue().count("\n") == 1


def test_a_city_keeps_all_its_names_normalised(file_of: FileOf):
    load(file_of(KAZAN))

    kazan = City.objects.get(pk=KAZAN["geoname_id"])
    assert (kazan.aliases, kazan.names, kazan.search_text) == (
        ["Qazan"],
        ["казань", "kazan", "qazan"],
        "казань kazan qazan",
    )
    assert kazan.region.code == "RU/Tatarstan"


def test_a_changed_city_is_changed_and_only_that_one(file_of: FileOf):
    load(file_of(KAZAN, BERLIN))

    loaded = load(file_of({**KAZAN, "population": 1_300_000}, BERLIN))

    assert (loaded.added, loaded.changed) == (0, 1)
    assert City.objects.get(pk=KAZAN["geoname_id"]).population == 1_300_000


def test_a_city_that_left_the_file_goes_with_its_empty_region(file_of: FileOf):
    load(file_of(KAZAN, BERLIN))

    loaded = load(file_of(BERLIN))

    assert loaded.deleted == 1
    assert list(City.objects.values_list("name_en", flat=True)) == ["Berlin"]
    assert list(Region.objects.values_list("code", flat=True)) == ["DE/"]


def test_a_city_that_left_the_file_stays_unlisted_while_a_tally_refers_to_it(file_of: FileOf):
    load(file_of(KAZAN, BERLIN))
    kazan = City.objects.get(pk=KAZAN["geoname_id"])
    rally = Rally.objects.create(slug="spring", threshold=100)
    CityTally.objects.create(rally=rally, region=kazan.region, city=kazan, confirmed=1)

    loaded = load(file_of(BERLIN))

    assert (loaded.deleted, loaded.unlisted) == (0, 1)
    assert City.objects.get(pk=kazan.pk).listed is False
    assert kazan.pk in gazetteer().by_id
    assert [place.name_en for place in gazetteer().places] == ["Berlin"]


def test_a_city_is_not_taken_from_its_coordinator(file_of: FileOf):
    load(file_of(KAZAN, BERLIN))
    staff = Staff.objects.create(email="ada@example.org", role="coordinator")
    staff.cities.add(KAZAN["geoname_id"])

    load(file_of(BERLIN))

    assert staff.cities.count() == 1


def test_a_city_that_comes_back_is_listed_again(file_of: FileOf):
    load(file_of(KAZAN, BERLIN))
    City.objects.filter(pk=KAZAN["geoname_id"]).update(listed=False)

    loaded = load(file_of(KAZAN, BERLIN))

    assert loaded.changed == 1
    assert City.objects.filter(listed=True).count() == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"latitude": 91}, "line 3: latitude '91' is not within -90…90"),
        ({"longitude": "nan"}, "line 3: longitude 'nan' is not within -180…180"),
        ({"longitude": "east"}, "line 3: longitude 'east'"),
        ({"timezone": "Europe/Kasan"}, "line 3: time zone 'Europe/Kasan' does not exist"),
        ({"geoname_id": BERLIN["geoname_id"]}, "line 3: id 2950159 is already on line 2"),
        ({"geoname_id": "-1"}, "line 3: geoname_id '-1' is not a whole number"),
        ({"name_ru": " "}, "line 3: name_ru is empty"),
        ({"country": "Ru"}, "line 3: country 'Ru' is not two capital letters"),
        ({"aliases": "a,b"}, "line 3: not 11 columns"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_nothing_is_stored(file_of: FileOf, wrong: dict[str, object], says: str):
    with pytest.raises(BadRow) as refusal:
        load(file_of(BERLIN, {**KAZAN, **wrong}))

    assert str(refusal.value).startswith(says)
    assert not City.objects.exists()


def test_one_region_cannot_have_two_russian_names(file_of: FileOf):
    with pytest.raises(BadRow, match="line 3: RU/Tatarstan was called Татарстан before"):
        load(file_of(KAZAN, {**KAZAN, "geoname_id": 1, "region_ru": "Татария"}))


def test_a_file_without_cities_or_columns_deletes_nothing(file_of: FileOf, tmp_path: Path):
    load(file_of(KAZAN))
    (tmp_path / "other.csv").write_text("id,name\n1,Kazan\n")

    with pytest.raises(BadRow, match="no city"):
        load(file_of())
    with pytest.raises(CommandError, match="line 1: no column geoname_id"):
        call_command("load_cities", str(tmp_path / "other.csv"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_cities", str(tmp_path / "missing.csv"))

    assert City.objects.count() == 1
