from collections.abc import Callable
from datetime import UTC, datetime, time

import pytest
from django.test import Client

from maps.gazetteer import Place
from pledges import planning
from pledges.models import Pledge, Rally, RallySite, Record, Staff

SITE = {
    "place_ru": "Площадь Свободы",
    "place_en": "Freedom Square",
    "note_ru": "У театра",
    "note_en": "",
    "latitude": "55.796",
    "longitude": "49.116",
    "starts": "15:30",
    "status": "planned",
    "reveal_at": "2030-05-01T09:00",
}
PATH = "/plan/clean-air/551487/"


def test_a_site_is_stored_with_all_that_was_said(
    rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]
) -> None:
    response = entering(organizer).post(PATH, SITE)

    assert response.status_code == 303
    site = RallySite.objects.get()
    assert (site.city_id, site.place, site.note) == (
        551487,
        {"ru": "Площадь Свободы", "en": "Freedom Square"},
        {"ru": "У театра"},
    )
    assert (site.latitude, site.longitude, site.starts) == (55.796, 49.116, time(15, 30))
    assert site.reveal_at == datetime(2030, 5, 1, 6, tzinfo=UTC)  # said in the rally's home time zone
    assert site.proposed_by == organizer
    assert Record.objects.get().act == "site put"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"place_ru": "", "place_en": ""}, "Name the place"),
        ({"longitude": ""}, "both numbers"),
        ({"latitude": "91"}, "less than or equal to 90"),
        ({"longitude": "-181"}, "greater than or equal to -180"),
        ({"latitude": "nan"}, "Enter a number"),
        ({"latitude": "north"}, "Enter a number"),
        ({"starts": "25:00"}, "Enter a valid time"),
        ({"status": "burnt"}, "Select a valid choice"),
        ({"reveal_at": "tomorrow"}, "Enter a valid date/time"),
        ({"place_en": "x" * 201}, "at most 200"),
    ],
)
def test_a_mistake_is_said_and_nothing_stored(
    wrong: dict[str, str], said: str, rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]
) -> None:
    response = entering(organizer).post(PATH, SITE | wrong)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not RallySite.objects.exists()


def test_a_point_far_from_the_city_is_stored_with_a_warning(
    rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]
) -> None:
    swapped = {"latitude": SITE["longitude"], "longitude": SITE["latitude"]}

    response = entering(organizer).post(PATH, SITE | swapped, follow=True)

    assert RallySite.objects.get().latitude == 49.116
    assert "km from the city" in response.content.decode()


def test_a_stored_site_is_shown_again_as_it_was_said(
    rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]
) -> None:
    client = entering(organizer)
    client.post(PATH, SITE)

    body = client.get(PATH, headers={"Accept-Language": "ru"}).content.decode()

    for value in ("Площадь Свободы", 'value="55.796"', 'value="15:30"', 'value="2030-05-01T09:00"'):
        assert value in body


def test_a_site_can_be_deleted(rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(organizer)
    client.post(PATH, SITE)

    response = client.post(f"{PATH}delete/")

    assert response.status_code == 303
    assert not RallySite.objects.exists()
    assert list(Record.objects.values_list("act", flat=True)) == ["site put", "site removed"]


def test_a_city_named_exactly_is_opened(rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]) -> None:
    response = entering(organizer).get("/plan/", {"city": "казань"})

    assert response.status_code == 303
    assert response.headers["Location"] == PATH


def test_namesakes_are_asked_about(rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]) -> None:
    response = entering(organizer).get("/plan/", {"city": "Киров"})

    body = response.content.decode()
    assert response.status_code == 200
    assert "Which one is meant?" in body
    assert body.count("/plan/clean-air/") >= 2


def test_an_unknown_city_is_said_so(rally: Rally, organizer: Staff, entering: Callable[[Staff], Client]) -> None:
    body = entering(organizer).get("/plan/", {"city": "<b>Zzzzzzzz"}).content.decode()

    assert "We know no place of this name" in body
    assert "<b>Zzzz" not in body


def test_a_coordinator_learns_nothing_of_other_cities(
    rally: Rally, coordinator: Staff, admin: Staff, tver: Place, entering: Callable[[Staff], Client]
) -> None:
    place, now = {"en": "Secret Square"}, datetime(2026, 3, 23, tzinfo=UTC)
    planning.put_site(rally=rally, city=tver, place=place, note={}, by=admin, now=now)
    client = entering(coordinator)

    listed, named = client.get("/plan/").content.decode(), client.get("/plan/", {"city": "Тверь"})
    posted = client.post(f"/plan/clean-air/{tver.id}/", SITE)

    assert "Kazan" in listed
    assert "Secret Square" not in listed
    assert "Tver" not in listed
    assert "No city of yours" in named.content.decode()
    assert posted.status_code == 404
    assert RallySite.objects.get().place == place


def test_a_coordinator_proposes_for_an_own_city(
    rally: Rally, coordinator: Staff, entering: Callable[[Staff], Client]
) -> None:
    entering(coordinator).post(PATH, SITE)

    assert RallySite.objects.get().proposed_by == coordinator


def test_the_plan_says_whom_it_reaches(
    rally: Rally,
    kazan: Place,
    tver: Place,
    pledge_from: Callable[..., Pledge],
    count: Callable[..., Rally],
    organizer: Staff,
    entering: Callable[[Staff], Client],
) -> None:
    for name, place in (("ada", kazan), ("bob", kazan), ("eve", kazan), ("dan", tver)):
        pledge_from(place, f"{name}@example.org")
    count()
    client = entering(organizer)
    client.post(PATH, SITE)

    body = client.get("/plan/").content.decode()

    assert "75 %" in body
    assert "Largest cities without a site" in body
    assert "Tver" in body
