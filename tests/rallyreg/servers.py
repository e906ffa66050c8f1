"""What the tests of servers and of `up` share: a starter in a process of its own, and looking for what is left."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from rallyreg.embedded.places import FOR_ROOT, socket_dir, tag
from rallyreg.embedded.postgres import NAME, Postgres
from rallyreg.embedded.process import wait_until

BASE = Path(__file__).resolve().parents[2]
GENEROUS = 30.0  # seconds
OURS = {"DATABASE_URL", "REDIS_URL", "EMAIL_URLS", "RALLYREG_ROLE", "RALLYREG_STATE_DIR", "DEBUG"}

HOLD = """
import sys, time
from pathlib import Path
from rallyreg.embedded.postgres import Postgres
from rallyreg.embedded.valkey import Valkey
servers = [kind(Path(sys.argv[1])) for kind in (Postgres, Valkey)]
for server in servers:
    server.start()
print(*[server.is_ours for server in servers], flush=True)
sys.stdin.read()
for server in reversed(servers):
    server.stop()
"""


def environment(state: Path, **extra: str) -> dict[str, str]:
    """Ours without what a colleague or a CI job may have set for the whole run."""
    plain = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("PG")}
    return plain | {"RALLYREG_STATE_DIR": str(state)} | extra


def holder(state: Path, **extra: str) -> "subprocess.Popen[str]":
    """A process that starts both servers or attaches to them, and holds them until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state)],
        cwd=BASE,
        env=environment(state, **extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: "subprocess.Popen[str]") -> int:
    """End a holder by itself."""
    process.communicate(timeout=GENEROUS)
    return process.returncode


@contextlib.contextmanager
def running(state: Path) -> Iterator[Postgres]:
    postgres = Postgres(state)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


def query(state: Path, statement: str) -> Any:
    """The first column of the first row, if the statement answers with rows."""
    with psycopg.connect(
        host=str(socket_dir(state)), port=5432, user=NAME, dbname=NAME, autocommit=True, connect_timeout=5
    ) as connection:
        answered = connection.execute(statement)
        row = answered.fetchone() if answered.description else None
        return row[0] if row else None


def belonging_to(state: Path) -> dict[int, str]:
    """The living processes whose command or environment names the state folder or its sockets, by pid."""
    needles = [str(state).encode(), str(socket_dir(state)).encode()]
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            told = b""
            for name in ("cmdline", "environ"):
                with suppress(OSError):
                    told += (entry / name).read_bytes()
            if any(needle in told for needle in needles):
                found[int(entry.name)] = told[:200].replace(b"\0", b" ").decode(errors="replace")
    return found


def nothing_is_left(state: Path, seconds: float = GENEROUS) -> bool:
    return wait_until(lambda: not belonging_to(state), seconds=seconds)


def clear_away(state: Path) -> None:
    """After a test: whatever it left running ends, and its folders elsewhere go away."""
    for pid in belonging_to(state):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for folder in (socket_dir(state), FOR_ROOT / tag(state)):
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
