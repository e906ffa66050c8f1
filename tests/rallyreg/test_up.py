"""`manage.py up` as a process, on free ports, in a state folder of its own."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import LazySettings

from rallyreg.embedded.postgres import Postgres
from rallyreg.embedded.process import wait_until
from rallyreg.embedded.programs import free_port, is_healthy, is_taken, web
from rallyreg.embedded.valkey import Valkey
from rallyreg.management.commands.up import our_servers
from tests.rallyreg.servers import (
    BASE,
    GENEROUS,
    belonging_to,
    clear_away,
    environment,
    free_ports,
    nothing_is_left,
    query,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@dataclass
class Up:
    """One run of the command, told where to be and what it said."""

    state: Path
    port: int
    console_port: int
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        """From another folder and with a state folder named from there, as people do."""
        self.output = self.state.parent / f"said-{self.port}"
        self.state.mkdir(exist_ok=True)
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, BASE / "manage.py", "up", "--empty", *options(self.port, self.console_port)],
                cwd=self.state.parent,
                env=environment(Path(self.state.name), http_proxy="http://127.0.0.1:9"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def started(self) -> "Up":
        ended_or_told = wait_until(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, seconds=90)
        assert ended_or_told, self.said()
        assert "Ctrl-C" in self.said(), self.said()
        return self

    def pid_of(self, words: str) -> int | None:
        """The child that this run started with these words."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in map(int, children):
            if words in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                return pid
        return None

    def logins(self) -> list[str]:
        return re.findall(r"^ +(?:organizer|admin) .*$", self.said(), re.M)


def options(port: int, console_port: int) -> list[str]:
    return ["--port", str(port), "--console-port", str(console_port)]


def get(port: int, path: str) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=GENEROUS)
    try:
        link.request("GET", path)
        reply = link.getresponse()
        return reply.status, reply.read()
    finally:
        link.close()


@pytest.fixture(scope="module")
def start(shared_state: Path) -> Iterator[Callable[[], Up]]:
    """Starts `up` again in the same state folder, once the one before has ended."""
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(shared_state, *free_ports(2)))
        return started[-1].started()

    yield start
    clear_away(shared_state)
    for up in started:
        up.process.wait(GENEROUS)


@pytest.fixture(scope="module")
def first(start: Callable[[], Up]) -> Up:
    return start()


def test_it_tells_addresses_logins_and_where_mail_lands(first: Up) -> None:
    assert f"http://127.0.0.1:{first.port}/\n" in first.said()
    assert f"http://127.0.0.1:{first.console_port}/\n" in first.said()
    assert [line.split()[:2] for line in first.logins()] == [
        ["organizer", "organizer@example.org"],
        ["admin", "admin@example.org"],
    ]
    assert str(first.state / "mail") in first.said()


def test_web_and_console_answer_and_all_are_ready(first: Up) -> None:
    def ready() -> bool:
        return get(first.port, "/readyz")[0] == 200

    assert wait_until(ready, seconds=GENEROUS), get(first.port, "/readyz")
    assert json.loads(get(first.port, "/readyz")[1]) == {"database": True, "redis": True, "worker": True}
    assert is_healthy(first.port)
    assert is_healthy(first.console_port)


def test_everything_it_writes_is_in_the_state_folder_that_was_named(first: Up) -> None:
    assert {path.name for path in first.state.iterdir()} >= {"keys", "log", "mail"}
    assert (first.state / "keys" / "console-logins").stat().st_mode & 0o077 == 0
    assert {path.name for path in first.state.parent.iterdir()} == {"state", first.output.name}


def test_a_second_one_ends_at_once_and_names_the_first(first: Up) -> None:
    second = Up(first.state, *free_ports(2))

    assert second.process.wait(GENEROUS) == 1
    assert second.said().count("\n") == 1
    assert f"pid {first.process.pid}" in second.said()
    assert is_healthy(first.port)
    second.output.unlink()


def test_a_killed_worker_is_started_again(first: Up) -> None:
    def running() -> int | None:
        return first.pid_of("tally@%h")

    killed = running()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    assert wait_until(lambda: running() not in {None, killed}, seconds=GENEROUS)
    assert "tally ended (-9); starting it again" in first.said()


def test_a_killed_web_server_is_started_again_on_its_port(first: Up) -> None:
    killed = first.pid_of(f"--port {first.port}")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)  # its own worker does not notice, and has the port

    assert wait_until(lambda: first.pid_of(f"--port {first.port}") not in {None, killed}, seconds=GENEROUS)
    assert wait_until(lambda: is_healthy(first.port), seconds=GENEROUS)


def test_a_web_server_killed_without_a_supervisor_leaves_no_worker_on_its_port(state: Path) -> None:
    port = free_port()
    command = [str(word) for word in web("public", port).command]
    process = subprocess.Popen(command, cwd=BASE, env=environment(state, RALLYREG_ROLE="public"))
    assert wait_until(lambda: is_healthy(port), seconds=GENEROUS)

    process.kill()
    process.wait()

    try:
        assert nothing_is_left(state), belonging_to(state)
        assert wait_until(lambda: not is_taken(port), seconds=GENEROUS)
    finally:
        clear_away(state)


def test_a_killed_valkey_is_started_again(first: Up) -> None:
    killed = first.pid_of("valkey.sock")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    assert wait_until(lambda: first.pid_of("valkey.sock") not in {None, killed}, seconds=GENEROUS)
    assert wait_until(lambda: get(first.port, "/readyz")[0] == 200, seconds=GENEROUS), get(first.port, "/readyz")


def test_kills_and_ctrl_c_leave_nothing_running_and_the_next_start_finds_all_again(
    first: Up, start: Callable[[], Up]
) -> None:
    query(first.state, "CREATE TABLE kept AS SELECT 'row' AS a")
    first.process.kill()
    first.process.wait()
    assert nothing_is_left(first.state), belonging_to(first.state)

    second = start()
    assert query(second.state, "SELECT a FROM kept") == "row"
    assert second.logins() == first.logins()

    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(GENEROUS) == 0
    assert "Traceback" not in second.said()
    assert belonging_to(second.state) == {}


def test_a_killed_postgres_ends_everything_and_says_so(start: Callable[[], Up]) -> None:
    up = start()
    postgres = up.pid_of(f"-D {up.state}/pgdata-")
    assert postgres is not None
    os.kill(postgres, signal.SIGKILL)

    assert up.process.wait(GENEROUS) == 1
    assert "CommandError: PostgreSQL has ended" in up.said()
    assert nothing_is_left(up.state), belonging_to(up.state)


def test_a_taken_port_is_named_before_anything_starts(state: Path) -> None:
    taken, free = socket.create_server(("127.0.0.1", 0)), free_port()
    number = int(taken.getsockname()[1])

    with taken:
        up = Up(state, free, number)
        assert up.process.wait(GENEROUS) == 1

    assert up.said() == f"CommandError: Port {number} is taken. Choose another with --console-port.\n"
    assert list(state.glob("pgdata-*")) == []
    assert not (state / "log").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_can_be_stopped_while_it_starts(state: Path, number: signal.Signals) -> None:
    up = Up(state, *free_ports(2))
    assert wait_until(lambda: "Postgres is up" in up.said(), seconds=GENEROUS)

    up.process.send_signal(number)
    up.process.send_signal(number)

    assert up.process.wait(GENEROUS) == 0
    assert "Traceback" not in up.said()
    assert nothing_is_left(state), belonging_to(state)


def test_a_terminal_that_is_gone_stops_it_in_order(state: Path) -> None:
    terminal, end = os.openpty()
    process = subprocess.Popen(
        [sys.executable, BASE / "manage.py", "up", "--empty", *options(*free_ports(2))],
        env=environment(state),
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    assert b"Postgres is up" in os.read(terminal, 1000)

    os.close(terminal)
    process.send_signal(signal.SIGHUP)

    assert process.wait(GENEROUS) == 0
    assert nothing_is_left(state), belonging_to(state)


def test_servers_that_addresses_name_are_not_ours(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    settings.EMBEDDED = True
    assert [type(server) for server in our_servers(lambda: None)] == [Postgres, Valkey]

    settings.EMBEDDED = False  # that is, DATABASE_URL is set
    assert [type(server) for server in our_servers(lambda: None)] == [Valkey]

    monkeypatch.setenv("REDIS_URL", "redis://localhost/0")
    assert our_servers(lambda: None) == []


def test_database_url_is_what_makes_the_difference(state: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from rallyreg import settings; print(settings.EMBEDDED, settings.DEBUG)"],
        cwd=BASE,
        env=environment(state, DATABASE_URL="postgresql://site@db/site"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["False", "False"]
