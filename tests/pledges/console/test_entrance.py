from collections.abc import Callable

import pytest
from django.test import Client

from pledges.models import Rally, Staff

PASSWORD = "correct-horse-battery"


@pytest.fixture
def ada(db: None) -> Staff:
    return Staff.objects.create_staff(email="Ada@example.org", role="organizer", password=PASSWORD)


def test_staff_log_in_with_e_mail_and_password(rally: Rally, ada: Staff, client: Client) -> None:
    response = client.post("/login/", {"username": "ada@example.org", "password": PASSWORD, "next": "/plan/"})

    assert response.status_code == 302
    assert response.headers["Location"] == "/plan/"
    assert client.get("/plan/").status_code == 200


@pytest.mark.parametrize("username", ["ada@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_account_look_the_same(username: str, ada: Staff, client: Client) -> None:
    response = client.post("/login/", {"username": username, "password": "wrong"})

    body = response.content.decode()
    assert response.status_code == 200
    assert "do not fit" in body
    assert "wrong" not in body


def test_a_login_leads_to_no_other_site(ada: Staff, client: Client) -> None:
    response = client.post(
        "/login/", {"username": "ada@example.org", "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert response.headers["Location"] == "/dashboard/"


def test_guessing_passwords_ends_after_thirty_tries(ada: Staff, client: Client) -> None:
    statuses = [client.post("/login/", {"username": "", "password": "x"}).status_code for _ in range(31)]

    assert statuses[:30] == [200] * 30
    assert statuses[30] == 429


def test_logging_out_needs_a_press(ada: Staff, entering: Callable[[Staff], Client]) -> None:
    client = entering(ada)

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/dashboard/").status_code == 302


def test_health_is_public(client: Client, db: None) -> None:
    assert client.get("/healthz").content == b"up\n"


def test_the_slash_may_be_left_out(ada: Staff, entering: Callable[[Staff], Client]) -> None:
    assert entering(ada).get("/dashboard").headers["Location"] == "/dashboard/"
