import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pledges.models import Staff

MESSAGE = """X-RcptTo: ada@example.net
X-MailFrom: letters@example.org
Subject: =?utf-8?b?0J/QvtC00YLQstC10YDQtNC40YLQtQ==?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Откройте http://127.0.0.1:8000/ru/confirm/abc/ и нажмите. <script>alert(1)</script>
--b
Content-Type: text/html; charset=utf-8

<p><img src="https://tracker.example/a.gif"></p>
--b--
"""


@pytest.fixture
def mail(settings: Any, tmp_path: Path) -> Path:
    settings.DEBUG, settings.STATE_DIR = True, tmp_path
    directory = tmp_path / "mail"
    directory.mkdir()
    (directory / "a-1.eml").write_text(MESSAGE, encoding="utf-8")
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret", encoding="utf-8")
    return directory


def test_caught_mail_is_listed_newest_first(mail: Path, admin: Staff, entering: Callable[[Staff], Client]) -> None:
    newer = mail / "b-2.eml"
    newer.write_text("Subject: Newer\nX-RcptTo: bob@example.net\n\ntext", encoding="utf-8")
    os.utime(newer, (2e9, 2e9))

    body = entering(admin).get("/mail/").content.decode()

    assert body.index("Newer") < body.index("Подтвердите")
    assert "ada@example.net" in body


def test_fifty_to_a_page(mail: Path, admin: Staff, entering: Callable[[Staff], Client]) -> None:
    for n in range(59):
        (mail / f"m{n}.eml").write_text("Subject: One\n\ntext", encoding="utf-8")
    client = entering(admin)

    assert client.get("/mail/").content.decode().count("/mail/m") + 1 >= 50
    assert client.get("/mail/?page=2").content.decode().count(".eml/") == 10


def test_links_in_the_text_can_be_followed_and_nothing_is_fetched_or_run(
    mail: Path, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    body = entering(admin).get("/mail/a-1.eml/").content.decode()

    assert 'href="http://127.0.0.1:8000/ru/confirm/abc/"' in body
    assert "<script>alert" not in body
    assert "<img" not in body
    assert "&lt;img" in body


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fsecret.eml",
        "../secret.eml",
        "%2e%2e%2fsecret.eml",
        ".eml",
        "..",
        "a-1.eml%00",
        "a-1.txt",
        "link.eml",
        "gone.eml",
    ],
)
def test_no_name_leads_out_of_the_mail(
    name: str, mail: Path, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    (mail / "link.eml").symlink_to(mail.parent / "secret.eml")

    response = entering(admin).get(f"/mail/{name}/")

    assert response.status_code == 404
    assert b"secret" not in response.content


def test_without_a_mail_directory_the_list_is_empty(
    settings: Any, tmp_path: Path, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    settings.DEBUG, settings.STATE_DIR = True, tmp_path

    assert "No message yet" in entering(admin).get("/mail/").content.decode()


def test_where_debug_is_off_there_is_no_mail_page(
    mail: Path, settings: Any, admin: Staff, entering: Callable[[Staff], Client]
) -> None:
    settings.DEBUG = False
    client = entering(admin)

    assert client.get("/mail/").status_code == 404
    assert client.get("/mail/a-1.eml/").status_code == 404
    assert "/mail/" not in client.get("/record/").content.decode()
