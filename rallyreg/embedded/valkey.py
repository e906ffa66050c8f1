"""Valkey on one machine. Nothing of it is ever written to a disk: a dead broker loses nothing by design."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rallyreg.embedded import process
from rallyreg.embedded.places import CannotStart, own_socket_dir, server_user, valkey_binary, valkey_socket

OPTIONS = ["--port", "0", "--save", "", "--appendonly", "no", "--unixsocketperm", "700"]
OPTIONS += ["--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl", "--daemonize", "no"]


class Valkey:
    """The one of a state folder."""

    def __init__(self, state_dir: Path, go_on: Callable[[], None] = lambda: None) -> None:
        """`go_on` is called while we wait for the server, and may raise."""
        self.state_dir = state_dir
        self.go_on = go_on
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = process.Lock(state_dir / "valkey.lock")

    @property
    def is_ours(self) -> bool:
        return self.process is not None

    def start(self) -> None:
        """Start it, or wait for the process that is at it. Raises CannotStart."""
        while not self.take_over():
            if process.wait_until(self.answers, seconds=1):
                return

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

    def _start_ours(self) -> None:
        socket = valkey_socket(self.state_dir)
        # Runs as ourselves: unlike PostgreSQL it does not mind root, and needs no file but its socket.
        own_socket_dir(self.state_dir, server_user())
        self._end_orphan()
        socket.unlink(missing_ok=True)
        self.process = process.spawn(
            [valkey_binary(), "--unixsocket", socket, *OPTIONS],
            log=self.state_dir / "log" / "valkey.log",
            dies_by=signal.SIGKILL,
            cwd=socket.parent,
        )
        if not process.wait_until(self.answers, seconds=20, still=self._is_alive):
            raise CannotStart(f"Valkey did not start; see {self.state_dir / 'log' / 'valkey.log'}")

    def stop(self) -> None:
        if self.process:
            process.stop(self.process, signal.SIGTERM, patience=5)
        self.process = None
        self._lock.release()

    def answers(self) -> bool:
        self.go_on()
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _client(self) -> redis.Redis:
        at_once = Retry(NoBackoff(), 0)  # redis-py's own patience is 4 s for a socket that is not there
        return redis.Redis(unix_socket_path=str(valkey_socket(self.state_dir)), socket_timeout=2, retry=at_once)

    def _end_orphan(self) -> None:
        """We hold the lock, so one that still answers is left over from a killed starter."""
        if self.answers():
            with self._client() as client:
                client.shutdown(nosave=True)

    def _is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None
