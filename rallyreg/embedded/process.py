"""Starting a process that does not outlive us, and locks that the kernel releases whatever happens."""

import ctypes
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from rallyreg.embedded.places import has_death_signal

PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    dies_by: signal.Signals,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    **popen: Any,
) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own, so that a terminal's Ctrl-C reaches us alone; it dies when we do."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), dies_by),
            **popen,
        )


def dying_with(parent: int, by: signal.Signals) -> Callable[[], None] | None:
    """To call in the child.

    Linux only; elsewhere a killed supervisor leaves its children, of which the next start ends the servers.
    """
    if not has_death_signal():
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork

    def preexec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return preexec


def stop(process: "subprocess.Popen[Any]", by: signal.Signals, *, patience: float) -> None:
    """Ask, wait, then end it and what it started."""
    if process.poll() is None:
        process.send_signal(by)
    end(process, patience=patience)


def end(process: "subprocess.Popen[Any]", *, patience: float) -> None:
    """Wait for one that was asked already (a second signal may mean "at once"), then end it and what it started."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # the whole session may have ended
        os.killpg(process.pid, signal.SIGKILL)


def command_of(pid: int) -> str:
    """A process's command line; empty if there is no such process."""
    if has_death_signal():  # that is, Linux, where `ps` may be missing
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


class Lock:
    """An advisory lock on a file, with our pid in it; gone with the process that held it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return True

    def holder(self) -> str:
        return self.path.read_text() if self.path.exists() else "?"

    def release(self) -> None:
        if self._file:
            self._file.close()
        self._file = None


def wait_until(ready: Callable[[], bool], *, seconds: float, still: Callable[[], bool] = lambda: True) -> bool:
    """Whether it became ready in time and while whatever it depends on was `still` alive."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if ready():
            return True
        if not still():
            return False
        time.sleep(0.03)
    return False
