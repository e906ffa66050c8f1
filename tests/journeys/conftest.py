"""The whole system as `manage.py up` starts it, driven over HTTP and SMTP from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from rallyreg import catcher
from rallyreg.embedded import postgres_socket_dir, valkey_socket
from rallyreg.embedded.process import wait_until
from rallyreg.embedded.programs import free_port

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0  # seconds until something that is to happen has to have happened


@dataclass
class Page:
    status: int
    url: str
    text: str
    headers: Any


class Browser:
    """A browser without JavaScript: follows redirects, says where it comes from, keeps no cookies."""

    def __init__(self, base: str) -> None:
        self.base = base

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, path)))

    def post(self, path: str, fields: dict[str, Any]) -> Page:
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self.base, path), body, {"Sec-Fetch-Site": "same-origin"})
        return self._open(request)

    def json(self, path: str) -> Any:
        return json.loads(self.get(path).text)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                return Page(reply.status, reply.url, reply.read().decode(), reply.headers)
        except urllib.error.HTTPError as reply:
            return Page(reply.code, reply.url, reply.read().decode(), reply.headers)


@dataclass
class System:
    """A running `up` and ways to look into it."""

    state: Path
    port: int
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    seen: set[str] = field(default_factory=set)

    @property
    def browser(self) -> Browser:
        return Browser(f"http://127.0.0.1:{self.port}")

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
        letters = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in catcher.mails(self.state / "mail")]
        return [letter for letter in letters if letter["X-RcptTo"] == address]

    def letter_to(self, address: str) -> str:
        """The text of the newest letter to an address, once it is there."""
        assert wait_until(lambda: bool(self.mail_to(address)), seconds=PATIENCE)
        return self.mail_to(address)[-1].get_body("plain").get_content()

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


@pytest.fixture(scope="session")
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., System]]:
    running: list[System] = []

    def start(*options: str, **environment: str) -> System:
        state, port = tmp_path_factory.mktemp("state"), free_port()
        env = {
            key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URLS"}
        }
        env |= {"RALLYREG_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"} | environment
        command = [sys.executable, "manage.py", "up", "--port", str(port), "--console-port", str(free_port()), *options]
        with (state / "up.out").open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        system = System(state, port, process, env)
        running.append(system)
        ready = wait_until(
            lambda: "Ctrl-C" in (state / "up.out").read_text(), seconds=90, still=lambda: process.poll() is None
        )
        assert ready, (state / "up.out").read_text()
        return system

    yield start
    for system in running:
        system.process.send_signal(signal.SIGINT)
    for system in running:
        system.process.wait(60)


@pytest.fixture(scope="session")
def system(start_system: Callable[..., System]) -> System:
    """One empty system for all journeys; each makes a rally of its own."""
    return start_system("--empty")


@pytest.fixture
def rally(system: System, request: pytest.FixtureRequest) -> str:
    """An open rally; its slug."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name)[:50].strip("-")
    system.manage(
        "create_rally",
        "--slug",
        slug,
        "--title-en",
        "Clean Air",
        "--title-ru",
        "Чистый воздух",
        "--threshold",
        "3",
        "--open",
    )
    assert wait_until(lambda: system.browser.get(f"/en/{slug}/").status == 200, seconds=PATIENCE)
    return slug


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    return wait_until(holds, seconds=seconds)
