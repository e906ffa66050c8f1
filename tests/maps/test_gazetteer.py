import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from maps import gazetteer as module
from maps.gazetteer import gazetteer, load
from maps.models import City
from tests.maps.conftest import BERLIN, KAZAN

pytestmark = pytest.mark.usefixtures("no_places")
FileOf = Callable[..., Path]


@pytest.fixture
def a_minute_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(module, "RECHECK_SECONDS", 0)


def test_places_are_known_by_id_and_listed_by_country(file_of: FileOf):
    load(file_of(BERLIN, KAZAN))

    places = gazetteer()

    assert [place.id for place in places.places] == [2950159, 551487]
    assert places.by_id[551487].name_ru == "Казань"
    assert places.regions["RU/Tatarstan"] == places.regions_by_id[places.by_id[551487].region_id]


def test_names_are_told_in_both_languages_and_countries_abroad_need_no_region(file_of: FileOf):
    load(file_of(BERLIN, KAZAN))

    berlin, kazan = gazetteer().places

    assert (kazan.name("ru"), kazan.region("ru"), kazan.country_name("ru")) == ("Казань", "Татарстан", "Россия")
    assert (kazan.name("en"), kazan.region("en"), kazan.country_name("en")) == ("Kazan", "Tatarstan", "Russia")
    assert (berlin.region("ru"), berlin.country_name("ru")) == ("", "Германия")


def test_reading_places_costs_no_query(file_of: FileOf, django_assert_num_queries: DjangoAssertNumQueries):
    load(file_of(KAZAN))
    gazetteer()

    with django_assert_num_queries(0):
        gazetteer()


def test_a_later_load_is_seen_after_a_minute_at_the_cost_of_one_query_otherwise(
    file_of: FileOf, a_minute_passes: Callable[[], None], django_assert_num_queries: DjangoAssertNumQueries
):
    load(file_of(KAZAN))
    before = gazetteer()
    City.objects.update(population=5)  # by hand, as another process would

    assert gazetteer() is before
    a_minute_passes()
    after = gazetteer()
    assert after.by_id[551487].population == 5
    assert after.version != before.version
    with django_assert_num_queries(1):
        assert gazetteer() is after


def test_the_version_is_that_of_the_content(file_of: FileOf):
    load(file_of(KAZAN))
    first = gazetteer().version
    load(file_of(KAZAN, BERLIN))
    second = gazetteer().version

    load(file_of(KAZAN))

    assert gazetteer().version == first != second


def test_places_stay_known_while_the_database_is_away(
    file_of: FileOf, a_minute_passes: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    def away() -> str:
        raise OperationalError

    load(file_of(KAZAN))
    known = gazetteer()
    a_minute_passes()
    monkeypatch.setattr(module, "_fingerprint", away)

    assert gazetteer() is known


def test_while_one_thread_asks_again_the_others_do_not_wait(
    file_of: FileOf, a_minute_passes: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    load(file_of(KAZAN))
    known = gazetteer()
    a_minute_passes()
    asking, answer = threading.Event(), threading.Event()

    def slow() -> str:
        asking.set()
        answer.wait(5)
        raise OperationalError

    monkeypatch.setattr(module, "_fingerprint", slow)
    other = threading.Thread(target=gazetteer)
    other.start()
    asking.wait(5)

    assert gazetteer() is known

    answer.set()
    other.join(5)
