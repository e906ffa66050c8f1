"""The mail catcher, as `up` runs it: a process that is spoken to over SMTP."""

import smtplib
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from rallyreg import catcher
from rallyreg.embedded.process import wait_until
from rallyreg.embedded.programs import free_port, is_taken
from tests.rallyreg.servers import BASE, GENEROUS


@dataclass
class Running:
    port: int
    directory: Path
    process: "subprocess.Popen[str]"

    def send(self, *to: str, content: str = "Hello") -> dict[str, tuple[int, bytes]]:
        """Who was refused, and how."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = "site@example.org", ", ".join(to), "Москва"
        mail.set_content(content)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=GENEROUS) as link:
            return link.send_message(mail, "envelope@example.org", to)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    port, directory = free_port(), tmp_path / "mail"
    process = subprocess.Popen(
        [sys.executable, "-m", "rallyreg.catcher", "--port", str(port), "--dir", directory],
        cwd=BASE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert wait_until(lambda: is_taken(port), seconds=GENEROUS)
    yield Running(port, directory, process)
    process.kill()
    process.communicate()


def test_a_mail_becomes_one_file_that_names_its_envelope(running: Running) -> None:
    running.send("ada@example.org", "bob@example.org")

    (path,) = catcher.mails(running.directory)
    mail = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert mail["X-MailFrom"] == "envelope@example.org"
    assert catcher.recipients(path) == ["ada@example.org", "bob@example.org"]
    assert mail["Subject"] == "Москва"
    assert mail.get_content().strip() == "Hello"
    assert [entry.name for entry in running.directory.iterdir()] == [path.name]
    assert stat.S_IMODE(running.directory.stat().st_mode) == 0o700


def test_mails_are_listed_in_the_order_they_came_in(running: Running) -> None:
    for number in range(5):
        running.send(f"ada{number}@example.org")

    found = [recipient for path in catcher.mails(running.directory) for recipient in catcher.recipients(path)]
    assert found == [f"ada{number}@example.org" for number in range(5)]


@pytest.mark.parametrize(("address", "code"), [("bounce-1@example.org", 550), ("defer@example.org", 451)])
def test_a_refused_address_gets_its_code_and_no_file(running: Running, address: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        running.send(address)

    assert refused.value.recipients[address][0] == code
    assert catcher.mails(running.directory) == []


def test_one_refused_address_does_not_keep_the_mail_from_the_others(running: Running) -> None:
    refused = running.send("bounce@example.org", "ada@example.org")

    assert list(refused) == ["bounce@example.org"]
    assert [catcher.recipients(path) for path in catcher.mails(running.directory)] == [["ada@example.org"]]


def test_it_says_nothing_whatever_it_is_told(running: Running) -> None:
    running.send("ada@example.org")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        running.send("bounce@example.org")
    with smtplib.SMTP("127.0.0.1", running.port, timeout=GENEROUS) as link:
        link.ehlo()
        link.docmd("MAIL", "FROM:<mark@@example>")
        link.docmd("NONSENSE", "mark")
        assert link.mail("a@example.org")[0] == 250
        assert link.rcpt("b@example.org")[0] == 250
        (running.directory / "x.eml").touch()
        running.directory.rename(running.directory.with_name("gone"))  # so that keeping the next one fails
        assert link.data(b"mark\r\n")[0] >= 400

    running.process.terminate()

    assert running.process.communicate(timeout=GENEROUS)[0] == ""
