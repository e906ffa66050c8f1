import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maps.gazetteer import Place
from pledges import announcing, planning
from pledges.models import Announcement, Pledge, Rally, RallySite, Staff

KAZAN, TVER = 551487, 480060
ROLES = ("organizer", "coordinator", "admin", "trustee")

# What each role gets; 302 and 303 mean it was done. `{draft}` is waiting for approval, `{approved}` is approved.
MATRIX = """
    GET   /                                       302 302 302 302
    GET   /healthz                                200 200 200 200
    GET   /dashboard/                             200 200 200 200
    GET   /dashboard/?rally=no-such               404 404 404 404
    GET   /dashboard/figures/?rally=clean-air     200 200 200 200
    POST  /dashboard/clean-air/hold/              303 303 303 303
    POST  /dashboard/clean-air/release/           403 403 303 403
    GET   /dashboard/clean-air/hold/              405 405 405 405
    GET   /plan/                                  200 200 200 200
    GET   /plan/clean-air/551487/                 200 200 200 403
    POST  /plan/clean-air/551487/                 422 422 422 403
    POST  /plan/clean-air/551487/delete/          303 303 303 403
    GET   /plan/clean-air/480060/                 200 404 200 403
    POST  /plan/clean-air/480060/                 422 404 422 403
    POST  /plan/clean-air/480060/delete/          303 404 303 403
    GET   /plan/clean-air/1/                      404 404 404 403
    GET   /plan/no-such/551487/                   404 404 404 403
    GET   /announce/                              200 200 200 200
    GET   /announce/new/                          200 403 200 403
    POST  /announce/new/                          422 403 422 403
    GET   /announce/{draft}/                      200 200 200 200
    GET   /announce/{draft}/progress/             200 200 200 200
    GET   /announce/999999/                       404 404 404 404
    POST  /announce/{draft}/approve/              403 403 409 403
    POST  /announce/{draft}/wait/                 403 403 409 403
    POST  /announce/{draft}/publish/              403 403 409 403
    POST  /announce/{approved}/publish/           403 403 303 403
    POST  /announce/{draft}/void/                 303 303 303 303
    GET   /record/                                200 200 200 200
    GET   /mail/                                  404 404 404 404
    GET   /mail/a.eml/                            404 404 404 404
    GET   /admin/                                 403 403 200 403
    GET   /admin/maps/city/                       403 403 200 403
    GET   /admin/maps/region/                     403 403 200 403
    GET   /admin/pledges/rally/                   403 403 200 403
    GET   /admin/pledges/pledge/                  403 403 404 403
    GET   /admin/pledges/staff/                   403 403 404 403
    GET   /admin/pledges/sealedaddress/           403 403 404 403
    GET   /admin/auth/user/                       403 403 404 403
    GET   /no-such-page/                          404 404 404 404
"""
CASES = [
    (method, path, role, int(status))
    for method, path, *statuses in (line.split() for line in MATRIX.strip().splitlines())
    for role, status in zip(ROLES, statuses, strict=True)
]
PUBLIC = {("GET", "/healthz")}


@pytest.fixture
def staff(organizer: Staff, coordinator: Staff, admin: Staff, trustee: Staff) -> dict[str, Staff]:
    return {one.role: one for one in (organizer, coordinator, admin, trustee)}


@pytest.fixture
def scene(
    crossed: Rally, drafted: Callable[..., Announcement], other_admin: Staff, kazan: Place, tver: Place
) -> dict[str, int]:
    """Two sites, one draft, one approved draft."""
    now = timezone.now()
    for place in (kazan, tver):
        planning.put_site(rally=crossed, city=place, place={"en": "Square"}, note={}, by=other_admin, now=now)
    draft, approved = drafted(), drafted()
    announcing.approve(announcement=approved, seen_hash=approved.content_hash, by=other_admin, now=now)
    return {"draft": draft.pk, "approved": approved.pk}


@pytest.mark.parametrize(("method", "path", "role", "status"), CASES)
def test_each_role_reaches_what_is_its_own(
    method: str,
    path: str,
    role: str,
    status: int,
    staff: dict[str, Staff],
    scene: dict[str, int],
    entering: Callable[[Staff], Client],
) -> None:
    client = entering(staff[role])

    response = client.generic(method, path.format(**scene))

    assert response.status_code == status


@pytest.mark.parametrize(("method", "path"), sorted({(method, path) for method, path, _, _ in CASES} - PUBLIC))
def test_without_a_login_nothing_but_the_login_page_is_there(
    method: str, path: str, scene: dict[str, int], client: Client
) -> None:
    response = client.generic(method, path.format(**scene))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(("/login/?next=", "/admin/login/?next="))


def test_posting_without_the_token_of_the_page_does_nothing(crossed: Rally, admin: Staff) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    response = client.post("/dashboard/clean-air/hold/")

    assert response.status_code == 403
    crossed.refresh_from_db()
    assert crossed.held_at is None


def test_someone_switched_off_is_out_at_once(admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)
    Staff.objects.filter(pk=admin.pk).update(is_active=False)

    response = client.get("/dashboard/")

    assert response.status_code == 302


@pytest.fixture
def pages(scene: dict[str, int]) -> list[str]:
    return [
        "/dashboard/",
        "/plan/",
        f"/plan/clean-air/{KAZAN}/",
        "/announce/",
        "/announce/new/",
        f"/announce/{scene['draft']}/",
        "/record/",
    ]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_page_shows_an_address(
    language: str,
    pages: list[str],
    rally: Rally,
    kazan: Place,
    pledge_from: Callable[..., Pledge],
    count: Callable[..., Rally],
    admin: Staff,
    entering: Callable[[Staff], Client],
) -> None:
    pledge_from(kazan, "ada@example.net")
    count()
    client = entering(admin)

    bodies = [client.get(page, headers={"Accept-Language": language}).content.decode() for page in pages]

    for body in bodies:
        assert f'lang="{language}"' in body
        assert not re.search(r"[\w.]+@[\w.]+", body)


def test_no_page_has_inline_script_or_style(
    pages: list[str], admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    client = entering(admin)

    responses: list[Any] = [client.get(page) for page in [*pages, "/admin/", "/admin/pledges/rally/", "/no-such/"]]

    for response in responses:
        body = response.content.decode()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\bsrc=)", body)


def test_console_pages_are_kept_by_nobody(pages: list[str], admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)

    assert {client.get(page).headers["Cache-Control"] for page in pages} == {"no-store"}


def test_the_language_can_be_switched(rally: Rally, admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)

    client.post("/language/", {"language": "ru", "next": "/dashboard/"})

    assert "Чистый воздух" in client.get("/dashboard/").content.decode()


def test_without_a_rally_the_pages_say_how_to_make_one(admin: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(admin)

    for page in ("/dashboard/", "/plan/", "/announce/"):
        assert "create_rally" in client.get(page).content.decode()


def test_the_site_of_a_rally_is_not_lost_by_looking(
    scene: dict[str, int], admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    client = entering(admin)

    client.get(f"/plan/clean-air/{KAZAN}/delete/")

    assert RallySite.objects.count() == 2
