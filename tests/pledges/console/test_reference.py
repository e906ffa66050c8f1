from collections.abc import Callable

from django.test import Client

from pledges.console import reference
from pledges.models import Rally, Record, Staff

TEXTS = {f"{part}_{code}": f"{part} {code}" for code in ("ru", "en") for part in ("title", "cause", "asks", "about")}


def test_nothing_but_places_and_rallies_is_there() -> None:
    registered = {model._meta.label for model in reference.site._registry}

    assert registered == {"maps.City", "maps.Region", "pledges.Rally"}


def test_an_admin_mends_texts_and_it_is_on_record(
    rally: Rally, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    response = entering(admin).post(f"/admin/pledges/rally/{rally.pk}/change/", TEXTS | {"threshold": "1", "slug": "x"})

    assert response.status_code == 302
    rally.refresh_from_db()
    assert rally.texts["ru"]["title"] == "title ru"
    assert (rally.threshold, rally.slug) == (100, "clean-air")
    assert Record.objects.get().act == "rally texts changed"


def test_places_are_only_looked_at(rally: Rally, admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)

    shown = client.get("/admin/maps/city/551487/change/")
    changed = client.post("/admin/maps/city/551487/change/", {"name_ru": "x"})
    added, deleted = (
        client.get("/admin/maps/city/add/"),
        client.post("/admin/maps/city/551487/delete/", {"post": "yes"}),
    )

    assert shown.status_code == 200
    assert [changed.status_code, added.status_code, deleted.status_code] == [403, 403, 403]


def test_the_admin_has_no_login_of_its_own(client: Client, db: None) -> None:
    response = client.get("/admin/login/?next=/admin/maps/city/")

    assert response.headers["Location"] == "/login/?next=%2Fadmin%2Fmaps%2Fcity%2F"
