import json
from datetime import timedelta

import pytest

from maps.gazetteer import gazetteer
from pledges import pledging, tally
from pledges.models import Change, CityTally, LedgerRow, PublishedTally, Snapshot
from pledges.publishing import ledger, reading, snapshot, windows
from tests.pledges.conftest import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def people(rally):
    """So many acts at once in one place, without rows behind them."""

    def came(place, number, *, city=True):
        row = {"rally": rally, "region_id": place.region_id, "city_id": place.id if city else None}
        Change.objects.bulk_create([Change(**row, confirmed=1 if number > 0 else -1) for _ in range(abs(number))])

    return came


def shown(rally):
    reading.forget()
    return reading.read(rally.slug)


def test_the_total_is_exact_at_every_tick(rally, kazan, people, count):
    for tick in range(1, 4):
        people(kazan, 1)
        count(NOON + timedelta(seconds=tick))

        assert shown(rally).confirmed == tick


def test_a_city_changes_only_at_the_end_of_a_window_with_ten_acts(rally, kazan, people, count):
    people(kazan, 30)
    count(NOON)
    assert shown(rally).cities == {kazan.id: 30}  # the first tick closes every window

    people(kazan, 9)
    count(NOON + MINUTE)
    assert shown(rally).cities == {kazan.id: 30}

    people(kazan, 9)
    count(NOON + 2 * MINUTE)  # eighteen since it was let out, but in no minute ten
    assert shown(rally).cities == {kazan.id: 30}

    count(NOON + 15 * MINUTE)  # the quarter has them all
    assert shown(rally).cities == {kazan.id: 48}
    assert shown(rally).confirmed == 48


def test_a_large_city_is_live_by_the_minute(rally, kazan, people, count):
    people(kazan, 100)
    count(NOON)
    people(kazan, 10)
    count(NOON + timedelta(seconds=30))
    assert shown(rally).cities == {kazan.id: 100}

    count(NOON + MINUTE)

    assert shown(rally).cities == {kazan.id: 110}


def test_places_under_twenty_are_summed_by_region_at_home_and_by_country_abroad(
    rally, kazan, tver, berlin, people, count
):
    hamburg = gazetteer().by_id[2911298]
    people(tver, 19)
    people(tver, 5, city=False)
    people(berlin, 15)
    people(hamburg, 15)
    people(kazan, 25)
    count(NOON)

    assert shown(rally).cities == {kazan.id: 25}
    assert shown(rally).body["others"] == [
        {"country": "DE", "region": None, "confirmed": 30},
        {"country": "RU", "region": tver.region_en, "confirmed": 24},
    ]


def test_others_under_twenty_are_not_shown(rally, tver, people, count):
    people(tver, 19)
    count(NOON)

    assert (shown(rally).confirmed, shown(rally).cities, shown(rally).body["others"]) == (19, {}, [])


def test_a_city_that_becomes_large_enough_leaves_the_others_in_the_same_moment(rally, tver, people, count):
    rzhev = next(place for place in gazetteer().places if place.region_id == tver.region_id and place.id != tver.id)
    people(tver, 15)
    people(rzhev, 15)
    count(NOON)
    assert [row["confirmed"] for row in shown(rally).body["others"]] == [30]

    people(tver, 10)
    count(NOON + MINUTE)

    assert shown(rally).cities == {tver.id: 25}
    assert shown(rally).body["others"] == []  # fifteen are too few to stand alone


def test_places_never_add_up_to_more_than_the_total(rally, kazan, tver, people, count):
    people(kazan, 45)
    people(tver, 25)
    count(NOON)
    people(kazan, -3)
    count(NOON + timedelta(seconds=1))

    published = shown(rally)
    assert published.confirmed == 67
    assert published.cities == {kazan.id: 35, tver.id: 25}  # the largest gives way by a whole step, of nobody


def test_the_windows_end_on_the_clock():
    assert windows.ended(NOON, NOON + timedelta(seconds=59)) == []
    assert windows.ended(NOON, NOON + MINUTE) == ["in_minute"]
    assert windows.ended(NOON, NOON + 15 * MINUTE) == ["in_minute", "in_quarter"]
    assert windows.ended(NOON, NOON + timedelta(hours=6)) == ["in_minute", "in_quarter", "in_six_hours"]
    assert windows.ended(NOON, NOON + timedelta(hours=12)) == list(windows.WINDOWS)


def test_the_ledger_has_a_row_a_minute_and_one_at_the_crossing(rally, kazan, people, count):
    for second in (0, 10, 20, 59, 60, 61, 120):
        people(kazan, 10)
        count(NOON + timedelta(seconds=second))
    rows = [json.loads(row.line) for row in LedgerRow.objects.order_by("n")]
    assert [row["confirmed"] for row in rows] == [10, 50, 70]

    people(kazan, 30)
    count(NOON + timedelta(seconds=121))
    last = LedgerRow.objects.order_by("n").last()
    assert json.loads(last.line)["reached"] is True

    count(NOON + timedelta(seconds=122))
    assert LedgerRow.objects.count() == 4


def test_a_quiet_minute_writes_no_row(rally, kazan, people, count):
    people(kazan, 10)
    count(NOON)
    for minute in range(1, 5):
        count(NOON + minute * MINUTE)

    assert LedgerRow.objects.count() == 1


def test_the_ledger_verifies_and_any_change_breaks_it(rally, kazan, tver, people, count):
    for minute in range(6):
        people(kazan, 21)
        people(tver, 13)
        count(NOON + minute * MINUTE)
    lines = list(LedgerRow.objects.order_by("n").values_list("line", flat=True))
    assert ledger.verify(lines) == 6

    spoilt = {
        "a figure": [lines[0], lines[1].replace('"confirmed":68', '"confirmed":69'), *lines[2:]],
        "an order": [lines[1], lines[0], *lines[2:]],
        "a gap": [lines[0], *lines[2:]],
        "a start": lines[1:],
        "a form": [lines[0], "{}", *lines[2:]],
        "no json": [lines[0], "hello", *lines[2:]],
    }
    for rows in spoilt.values():
        with pytest.raises(ledger.Broken):
            ledger.verify(rows)


def test_a_ledger_whose_places_are_more_than_its_total_is_broken():
    row = {"n": 1, "at": "2026-01-01T00:00:00Z", "confirmed": 5, "removed": 0, "cities": {"1": 6}, "others": {}}
    row["previous"] = ledger.START
    row["hash"] = ledger.digest(row)

    with pytest.raises(ledger.Broken):
        ledger.verify([ledger.canonical(row)])


def test_a_snapshot_is_stored_only_over_an_older_one(rally, kazan, people, count):
    people(kazan, 5)
    count(NOON + MINUTE)
    people(kazan, 5)
    count(NOON)  # a worker whose clock is behind

    assert Snapshot.objects.get(rally=rally).body["confirmed"] == 5


def test_reading_the_count_from_memory_asks_no_database(rally, kazan, people, count, django_assert_num_queries):
    people(kazan, 25)
    count(NOON)
    reading.read(rally.slug)

    with django_assert_num_queries(0):
        assert reading.read(rally.slug).tally_json


def test_todays_growth_is_the_total_less_that_of_a_day_ago(rally, kazan, people, count):
    people(kazan, 40)
    count(NOON)
    people(kazan, 7)
    count(NOON + timedelta(hours=25))

    assert shown(rally).today == 7


def test_what_was_folded_stays_exact_beside_what_is_shown(rally, kazan, people, count):
    people(kazan, 33)
    count(NOON)
    people(kazan, -2)
    count(NOON + timedelta(seconds=5))

    assert CityTally.objects.get(rally=rally, city_id=kazan.id).confirmed == 31
    assert PublishedTally.objects.get(rally=rally, city_id=kazan.id).confirmed <= 31


def test_two_publishers_at_once_do_not_wait_for_each_other(rally):
    assert snapshot.publish(rally.pk, now=NOON)
    assert tally.fold(rally.pk, now=NOON) == tally.Folded(0, 0, 0, crossed=False)
    assert pledging.to_minute(NOON) == NOON


def test_one_person_moving_to_and_fro_moves_no_figure(rally, kazan, tver, people, count):
    people(kazan, 40)
    people(tver, 40)
    count(NOON)
    for _ in range(6):  # twelve acts in each city, and one person more in one of them
        people(kazan, 1)
        people(kazan, -1)
        people(tver, -1)
        people(tver, 1)
    people(kazan, 1)
    count(NOON + timedelta(days=1))

    assert shown(rally).cities == {kazan.id: 40, tver.id: 40}


def test_a_ledger_that_makes_room_by_figures_below_zero_is_broken():
    row = {
        "n": 1,
        "at": "2026-01-01T00:00:00Z",
        "confirmed": 5,
        "removed": 0,
        "cities": {"1": 9, "2": -4},
        "others": {},
    }
    row["previous"] = ledger.START
    row["hash"] = ledger.digest(row)

    with pytest.raises(ledger.Broken):
        ledger.verify([ledger.canonical(row)])


def test_the_tally_names_the_ledgers_head(rally, kazan, people, count):
    people(kazan, 25)
    count(NOON)
    count(NOON + timedelta(seconds=1))

    last = LedgerRow.objects.get()
    assert shown(rally).body["ledger"] == {"n": 1, "hash": last.hash}


def test_unknown_names_cost_one_query_and_long_ones_none(rally, django_assert_num_queries):
    with django_assert_num_queries(1):
        for _ in range(5):
            assert reading.read("nowhere") is None
    with django_assert_num_queries(0):
        assert reading.read("x" * 300) is None
