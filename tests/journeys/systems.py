"""The whole system as `manage.py up` starts it, driven over HTTP and SMTP from outside."""

import itertools
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import psycopg
import redis

from rallyreg import catcher
from rallyreg.embedded import postgres_socket_dir, valkey_socket
from rallyreg.embedded.process import wait_until

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0  # seconds until something that is to happen has to have happened
NUMBERS = itertools.count(1)
NETWORKS = (f"198.18.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))  # each visitor comes from one of their own


@dataclass
class Page:
    status: int
    url: str
    text: str
    headers: Any


class Browser:
    """A browser without JavaScript: follows redirects, says where it comes from, keeps no cookies unless told to."""

    def __init__(self, base: str, *handlers: urllib.request.BaseHandler, **headers: str) -> None:
        self.base = base
        self.headers = {"X-Forwarded-For": next(NETWORKS)} | {key.replace("_", "-"): headers[key] for key in headers}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, path), headers=self.headers))

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> Page:
        """Fields may be text or bytes; a header given as `Origin=…` takes the place of Sec-Fetch-Site."""
        body = urllib.parse.urlencode(fields).encode()
        said = self.headers | (headers or {"Sec-Fetch-Site": "same-origin"})
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, path), body, said))

    def json(self, path: str) -> Any:
        return json.loads(self.get(path).text)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=PATIENCE) as reply:
                return Page(reply.status, reply.url, reply.read().decode(), reply.headers)
        except urllib.error.HTTPError as reply:
            return Page(reply.code, reply.url, reply.read().decode(), reply.headers)


class Console(Browser):
    """A member of staff, logged in: keeps cookies and sends each form back with its token."""

    def __init__(self, base: str, email: str, password: str) -> None:
        super().__init__(base, urllib.request.HTTPCookieProcessor())
        page = self.submit("/login/", {"username": email, "password": password})
        assert "/dashboard/" in page.url, page.text

    def submit(self, path: str, fields: dict[str, Any], *, to: str = "") -> Page:
        """Fill in the form of a page and send it, `to` another address if that is what its button does."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)
        assert found, path
        return self.post(to or path, fields | {"csrfmiddlewaretoken": found[1]})


@dataclass
class System:
    """A running `up` and ways to look into it."""

    state: Path
    port: int
    console_port: int
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    _letters: dict[Path, EmailMessage] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def browser(self) -> Browser:
        return Browser(self.url)

    def staff(self, email: str, role: str) -> Console:
        """A new member of staff at the console."""
        told = self.manage("create_staff", "--email", email, "--role", role, "--print-password")
        return Console(self.console_url, email, told.strip().splitlines()[-1])

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def database(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(
            host=str(postgres_socket_dir(self.state)), user="rallyreg", dbname="rallyreg", autocommit=True
        )

    def valkey(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=str(valkey_socket(self.state)))

    def mail_to(self, address: str) -> list[EmailMessage]:
        """All letters to one address so far, oldest first."""
        return [letter for letter in self.mails() if letter["X-RcptTo"] == address]

    def mails(self) -> list[EmailMessage]:
        """All letters so far, oldest first."""
        for path in catcher.mails(self.state / "mail"):
            if path not in self._letters:
                self._letters[path] = message_from_bytes(path.read_bytes(), policy=SMTP)
        return list(self._letters.values())

    def letter_to(self, address: str) -> str:
        """The text of the newest letter to an address, once it is there."""
        assert wait_until(lambda: bool(self.mail_to(address)), seconds=PATIENCE)
        return self.mail_to(address)[-1].get_body("plain").get_content()

    def count(self, rally: str) -> int:
        """How many the public sees."""
        return self.browser.json(f"/api/v1/{rally}/tally.json")["confirmed"]

    def open_rally(self, slug: str, threshold: int) -> None:
        titles = ["--title-en", "Clean Air", "--title-ru", "Чистый воздух"]
        self.manage("create_rally", "--slug", slug, *titles, "--threshold", str(threshold), "--open")
        assert wait_until(lambda: self.browser.get(f"/en/{slug}/").status == 200, seconds=PATIENCE)

    def family(self) -> list[int]:
        """Every process of this system: `up` and all that descend from it, the database's own included."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found)

    def pids(self, word: str) -> list[int]:
        """Processes of this system with a word in their command line."""
        found, sockets = [], postgres_socket_dir(self.state)
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (directory / "environ").read_bytes()
            except OSError:
                continue
            ours = f"RALLYREG_STATE_DIR={self.state}".encode() in environment or str(sockets) in command
            if word in command and ours:
                found.append(int(directory.name))
        return found


def link_in(text: str, purpose: str) -> str:
    """The path of a letter's first link of that kind."""
    found = re.search(rf"https?://[^/\s]+(/\w\w/{purpose}/[\w-]+/)", text)
    assert found, text
    return found[1]


def code_in(text: str) -> str:
    found = re.search(r"\b(\d{6})\b", text)
    assert found, text
    return found[1]


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    return wait_until(holds, seconds=seconds)
