import io
import sys
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client

from pledges.models import Record, Staff


def create_staff(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_staff", *arguments, stdout=out)
    return out.getvalue()


ADA = ("--email", "ada@example.org", "--role", "admin")


@pytest.mark.django_db
def test_a_printed_password_stands_alone_on_the_last_line_and_works() -> None:
    password = create_staff(*ADA, "--print-password").splitlines()[-1]

    assert len(password) == 16
    assert authenticate(username="ada@example.org", password=password) == Staff.objects.get()


@pytest.mark.django_db
def test_a_known_one_keeps_the_role_and_gets_a_new_password() -> None:
    first = create_staff(*ADA, "--print-password").splitlines()[-1]

    second = create_staff("--email", "ADA@example.org", "--role", "trustee", "--print-password").splitlines()[-1]

    assert Staff.objects.get().role == "admin"
    assert authenticate(username="ada@example.org", password=first) is None
    assert authenticate(username="ada@example.org", password=second) is not None


@pytest.mark.django_db
def test_a_new_password_ends_the_old_sessions(client: Client) -> None:
    create_staff(*ADA, "--print-password")
    client.force_login(Staff.objects.get())

    create_staff(*ADA, "--print-password")

    assert client.get("/record/").status_code == 302


@pytest.mark.django_db
def test_a_known_one_is_left_alone_without_being_asked() -> None:
    password = create_staff(*ADA, "--print-password").splitlines()[-1]

    create_staff(*ADA)

    assert authenticate(username="ada@example.org", password=password) is not None


@pytest.mark.django_db
def test_a_password_can_come_from_standard_input(monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct-horse-battery\n"))

    create_staff(*ADA, "--password-stdin")

    assert authenticate(username="ada@example.org", password="correct-horse-battery") is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("not-an-address", "correct-horse-battery", "valid email"),
        ("ada@example.org", "short", "too short"),
        ("ada@example.org", "", "too short"),
        ("ada@example.org", "password1234", "too common"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_stored(email: str, password: str, said: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))

    with pytest.raises(CommandError, match=said):
        create_staff("--email", email, "--role", "admin", "--password-stdin")

    assert not Staff.objects.exists()


@pytest.mark.django_db
def test_a_new_account_is_on_record_without_its_address() -> None:
    create_staff(*ADA, "--print-password")

    row = Record.objects.get()
    assert row.act == "staff made"
    assert "@" not in str(row.detail)
