"""Formats for machines, as their readers rely on them."""

import base64
import csv
import gzip
import io
import json
from datetime import date, time, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client
from icalendar import Calendar

from maps import gazetteer as gazetteers
from maps.models import City
from pledges import announcing
from pledges.models import PublishedTally, Rally
from pledges.models.announcement import Kind
from pledges.publishing import ledger
from tests.pledges.conftest import NOON

API = "/api/v1/clean-air"


@pytest.fixture
def site(rally, kazan, pledge_from, count):
    for n in range(25):
        pledge_from(kazan, f"p{n}@example.org")
    count()
    return Client()


@pytest.fixture
def announced(rally, approved, organizer, count):
    Rally.objects.filter(pk=rally.pk).update(reached_at=NOON)
    announcement = approved()
    announcing.publish(announcement=announcement, by=organizer, now=NOON)
    count(NOON + timedelta(seconds=1))
    return announcement


def test_the_tally_is_as_the_contract_says(rally, site, kazan):
    response = site.get(f"{API}/tally.json")
    tally = response.json()

    assert tally["rally"] == "clean-air"
    assert (tally["status"], tally["threshold"], tally["confirmed"], tally["removed"]) == ("collecting", 100, 25, 0)
    cities = site.get(f"{API}/cities.json").json()
    assert tally["cities_version"] == cities["version"]
    assert len(tally["cities"]) == len(cities["id"])
    assert tally["cities"][cities["id"].index(kazan.id)] == 25
    assert tally["others"] == []
    assert tally["poll_after"] == 10
    assert response.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=10, stale-if-error=600"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_tally_in_which_only_the_time_has_changed_has_no_body(site, kazan, count, pledge_from):
    first = site.get(f"{API}/tally.json")
    count(NOON + timedelta(seconds=9))
    quiet = site.get(f"{API}/tally.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (quiet.status_code, quiet.content) == (304, b"")
    assert site.get(f"{API}/tally.json").json()["tick"] > first.json()["tick"]

    pledge_from(kazan, "one-more@example.org")
    count(NOON + timedelta(seconds=10))

    changed = site.get(f"{API}/tally.json", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["confirmed"] == first.json()["confirmed"] + 1


def test_an_unchanged_tally_has_no_body(site):
    etag = site.get(f"{API}/tally.json").headers["ETag"]

    response = site.get(f"{API}/tally.json", headers={"If-None-Match": etag})

    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", etag)


def test_the_tally_from_memory_asks_no_database(site, django_assert_num_queries):
    site.get(f"{API}/tally.json")

    with django_assert_num_queries(0):
        packed = site.get(f"{API}/tally.json", headers={"Accept-Encoding": "gzip"})

    assert json.loads(gzip.decompress(packed.content))["confirmed"] == 25


def test_a_stranger_can_verify_the_ledger(site):
    lines = site.get(f"{API}/ledger.jsonl").getvalue().decode().splitlines()

    assert ledger.verify(lines) == 1


def test_the_history_has_a_line_an_hour(site, count, pledge_from, kazan):
    pledge_from(kazan, "late@example.org")
    count(NOON + timedelta(hours=2, minutes=5))

    lines = site.get(f"{API}/history.csv").content.decode().splitlines()

    assert lines == ["at,confirmed,removed", "2026-03-23T13:00:00Z,25,0", "2026-03-23T15:00:00Z,26,0"]


def test_before_the_announcement_there_is_none(site):
    response = site.get(f"{API}/announcement.json")

    assert (response.status_code, response.json()["announcement"]) == (404, None)


def test_the_announcement_is_signed(announced, kazan):
    told = Client().get(f"{API}/announcement.json").json()["announcement"]

    assert told["content"]["date"] == "2026-04-21"
    assert told["content"]["sites"][str(kazan.id)]["place"]["en"] == "Freedom Square"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told["public_key"]))
    claims = {name: told[name] for name in told.keys() - {"sha256", "public_key", "signature"}}
    key.verify(base64.b64decode(told["signature"]), announcing.canonical(claims))


def test_the_calendar_of_a_city_has_its_time_and_site(announced, kazan):
    ics = Client().get(f"/en/clean-air/cities/{kazan.id}/rally.ics")
    (event,) = Calendar.from_ical(ics.content).walk("VEVENT")

    assert event.decoded("dtstart").isoformat() == "2026-04-21T16:00:00+00:00"  # 19:00 in Kazan
    assert "Freedom Square" in event["location"]
    assert event["sequence"] == 0


def test_the_calendar_of_the_rally_is_in_local_time(announced):
    (event,) = Calendar.from_ical(Client().get("/ru/clean-air/rally.ics").content).walk("VEVENT")

    assert event.decoded("dtstart").isoformat() == "2026-04-21T19:00:00"


def test_a_changed_date_replaces_the_entry_in_every_calendar(announced, approved, organizer, count, kazan):
    changed = approved(Kind.CHANGED, day=date(2026, 4, 25), at=time(18, 0))
    announcing.publish(announcement=changed, by=organizer, now=NOON + timedelta(minutes=1))
    count(NOON + timedelta(minutes=2))

    (event,) = Calendar.from_ical(Client().get(f"/en/clean-air/cities/{kazan.id}/rally.ics").content).walk("VEVENT")
    assert (event["sequence"], event.decoded("dtstart").day) == (1, 25)


def test_pages_feed_and_late_pages_show_the_date(announced, kazan):
    page = Client().get("/en/clean-air/").content.decode()
    assert "We meet." in page
    assert "April" in page
    city = Client().get(f"/ru/clean-air/cities/{kazan.id}/").content.decode()
    assert "площадь Свободы" in city
    atom = Client().get("/en/clean-air/feed.atom").content.decode()
    assert "<title>The date</title>" in atom


def test_a_page_in_russian_is_in_russian(site):
    assert "Чистый воздух" in Client().get("/ru/clean-air/").content.decode()


def test_health_says_which_part_is_missing(site, rally):
    assert Client().get("/healthz").status_code == 200
    response = Client().get("/readyz")
    assert response.status_code == 503  # the snapshot is of another day
    assert response.json() == {"database": True, "redis": response.json()["redis"], "worker": False}


def test_names_that_look_like_code_are_inert(rally, count, pledge_from, kazan):
    evil = "<img src=x onerror=alert(1)>"
    Rally.objects.filter(pk=rally.pk).update(texts={"en": {"title": evil, "cause": evil, "asks": evil, "about": evil}})
    count()

    for path in ("/en/clean-air/", "/en/clean-air/feed.atom", "/ru/clean-air/cities/"):
        assert evil not in Client().get(path).content.decode()


def cities_csv(language):
    response = Client().get(f"/{language}/clean-air/cities.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";" if language == "ru" else ","))


@pytest.fixture
def places_of(rally, kazan, tver, count):
    """Kazan has a figure of its own, Tver's people are counted with its region's."""

    def shown(**changed):
        for place, people, own in ((kazan, 1244, True), (tver, 30, False)):
            PublishedTally.objects.create(
                rally=rally, region_id=place.region_id, city_id=place.id, confirmed=people, shown=own
            )
        City.objects.filter(pk=kazan.id).update(**changed)
        Rally.objects.filter(pk=rally.pk).update(confirmed=1300)
        gazetteers.reset()
        count()

    return shown


def test_the_cities_are_a_table_for_spreadsheets_in_both_languages(places_of, kazan):
    places_of()

    assert cities_csv("en") == [
        ["geoname_id", "name", "region", "country", "confirmed", "per_1000"],
        [str(kazan.id), "Kazan", "Tatarstan", "Russia", "1244", "1.00"],
        ["", "smaller places", "Tver Oblast", "Russia", "30", ""],
    ]
    assert cities_csv("ru")[1] == [str(kazan.id), "Казань", "Татарстан", "Россия", "1244", "1,00"]


def test_excel_is_told_that_the_cities_are_utf_8(places_of):
    places_of()

    assert Client().get("/ru/clean-air/cities.csv").content.startswith(b"\xef\xbb\xbfgeoname_id;name;")


@pytest.mark.parametrize("name", ["=cmd()|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_is_no_formula(places_of, name):
    places_of(name_en=name)

    response = Client().get("/en/clean-air/cities.csv").content.decode("utf-8-sig")

    (row,) = [row for row in csv.reader(io.StringIO(response, newline="")) if "Tatarstan" in row]
    assert row[1] == f"'{name}"


def test_markup_and_separators_in_a_name_stay_in_its_cell(places_of):
    places_of(name_en='<img src=x onerror=alert(1)>, "x"; y')

    assert cities_csv("en")[1][1] == '<img src=x onerror=alert(1)>, "x"; y'
