"""PostgreSQL on one machine: made, started, attached to and stopped by whoever holds the lock."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from rallyreg.embedded import process
from rallyreg.embedded.places import (
    CannotStart,
    PostgresBinaries,
    data_home,
    own_socket_dir,
    postgres_binaries,
    server_user,
    socket_dir,
)

NAME = "rallyreg"  # of the database and of its superuser
ACCESS = ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]  # the sockets' folder is the guard
START_SECONDS = 120  # a crash recovery may take its time
OPTIONS = {
    "listen_addresses": "",  # sockets only
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Not a word of a statement or its values may come into the log, also when it fails.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Postgres:
    """The cluster of one state folder."""

    def __init__(self, state_dir: Path, go_on: Callable[[], None] = lambda: None) -> None:
        """`go_on` is called while we wait for the server, and may raise."""
        self.state_dir = state_dir
        self.go_on = go_on
        self.user = server_user()
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = process.Lock(state_dir / "postgres.lock")

    @property
    def is_ours(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        """Start it, or wait for the process that is at it. Raises CannotStart."""
        while not self.take_over():
            if process.wait_until(lambda: self.answers(NAME), seconds=1):
                return  # attached; whoever holds the lock stops it

    def take_over(self) -> bool:
        """Start it unless another process holds it. Raises CannotStart."""
        if not self._lock.take():
            return False
        try:
            self._start_ours()
        except BaseException:
            self.stop()
            raise
        return True

    def stop(self) -> None:
        if self.process:
            process.stop(self.process, signal.SIGINT, patience=15)
        self.process = None
        self._lock.release()

    def answers(self, database: str = "postgres") -> bool:
        self.go_on()
        try:
            with self._connection(database):
                return True
        except psycopg.OperationalError:
            return False

    def _start_ours(self) -> None:
        binaries = postgres_binaries(self.user)
        home = data_home(self.state_dir, self.user)
        data = home / f"pgdata-{binaries.major}"
        others = [path.name for path in home.glob("pgdata-*") if path != data and path.suffix != ".tmp"]
        if others and not data.exists():
            raise CannotStart(
                f"{home} holds data of another PostgreSQL ({', '.join(others)}), and this one is {binaries.major}. "
                f"Set PG_BINDIR to binaries of that version, or dump and load the data, or move the folder away."
            )
        if not data.exists():
            self._make(binaries, data)
        _end_orphan(data)
        sockets = own_socket_dir(self.state_dir, self.user)
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        self.process = process.spawn(
            [binaries.bin_dir / "postgres", "-D", data, "-k", sockets, *options],
            log=self.state_dir / "log" / "postgres.log",
            dies_by=signal.SIGINT,  # a fast shutdown: sessions end, nothing committed is lost
            env=_plain_environment(),
            cwd=Path("/"),
            **self.user.as_popen(),
        )
        if not process.wait_until(self.answers, seconds=START_SECONDS, still=self._is_alive):
            raise CannotStart(f"PostgreSQL did not start; see {self.state_dir / 'log' / 'postgres.log'}")
        self._make_database()

    def _make(self, binaries: PostgresBinaries, data: Path) -> None:
        """initdb beside the place, then a rename: a half-made cluster is never taken for one."""
        draft = data.with_name(f"{data.name}.tmp")
        shutil.rmtree(draft, ignore_errors=True)  # of a start that was killed; we hold the lock
        self.user.own(draft)
        # pg_trgm reads the C library's character types, so the builtin provider alone leaves it blind for Cyrillic.
        locale = ["--locale=C.UTF-8"]
        if binaries.major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C.UTF-8"]
        made = subprocess.run(
            [binaries.bin_dir / "initdb", "-D", draft, "-U", NAME, "-E", "UTF8", *locale, *ACCESS],
            env=_plain_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self.user.as_popen(),  # type: ignore[call-overload]
        )
        if made.returncode != 0:
            raise CannotStart(f"initdb failed: {made.stderr.strip()}")
        draft.rename(data)

    def _make_database(self) -> None:
        """Only the holder of the lock does this, or two starters would make it twice."""
        with self._connection("postgres") as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    def _connection(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        socket = str(socket_dir(self.state_dir))
        return psycopg.connect(  # the port too, or PGPORT would decide
            host=socket, port=5432, user=NAME, dbname=database, connect_timeout=5, autocommit=True
        )

    def _is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def _plain_environment() -> dict[str, str]:
    """Without the terminal's locale and PG* settings, so that every machine makes the same cluster."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}


def _end_orphan(data: Path) -> None:
    """We hold the lock, so whatever postmaster.pid names is left over: end a real server of ours, forget the rest."""
    pid_file = data / "postmaster.pid"
    first = pid_file.read_text().split("\n", 1)[0] if pid_file.exists() else ""
    if not first.isdecimal():
        pid_file.unlink(missing_ok=True)  # half-written
        return
    command = process.command_of(int(first))
    if command.split(" -D ")[0].endswith("/postgres") and f" -D {data} " in command:
        with suppress(ProcessLookupError):
            os.kill(int(first), signal.SIGINT)
        if not process.wait_until(lambda: not process.command_of(int(first)), seconds=START_SECONDS):
            raise CannotStart(f"Another PostgreSQL (pid {first}) uses {data} and does not stop.")
    elif command:
        pid_file.unlink(missing_ok=True)  # the number is somebody else's by now; a dead one's PostgreSQL judges better
