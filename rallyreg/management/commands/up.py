"""Everything on one machine: servers, web, console, workers, beat, and a demo rally to look at."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rallyreg.embedded import CannotStart, process
from rallyreg.embedded.postgres import Postgres
from rallyreg.embedded.valkey import Valkey
from rallyreg.supervisor import Child, Supervisor

LOGINS = {"organizer@example.org": "organizer", "admin@example.org": "admin"}
PYTHON = sys.executable


class Stopped(Exception):
    """Somebody asked us to end."""


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--console-port", type=int, default=8001)
        parser.add_argument("--empty", action="store_true", help="no demo rally")

    def handle(self, *args: Any, port: int, console_port: int, empty: bool, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _stop)
        lock = process.Lock(settings.STATE_DIR / "up.lock")
        if not lock.take():
            raise CommandError(f"`up` is running already (pid {lock.holder()}) on {settings.STATE_DIR}")
        check_ports(port, console_port)
        self.servers: list[Postgres | Valkey] = []
        environment = {"SITE_URLS": f"http://127.0.0.1:{port}", "CONSOLE_URL": f"http://127.0.0.1:{console_port}"}
        environment = {name: os.environ.get(name) or value for name, value in environment.items()}
        self.supervisor = Supervisor(settings.STATE_DIR / "log", environment, self.say)
        try:
            self.start_servers()
            self.prepare(empty=empty)
            self.start_children(port, console_port, empty=empty)
            self.wait_for_web(port)
            self.tell(port, console_port)
            self.watch()
        except CannotStart as reason:
            raise CommandError(str(reason)) from None
        except Stopped:
            self.say("stopping")
        finally:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)  # once is enough
            self.supervisor.stop()
            for server in reversed(self.servers):
                server.stop()

    def start_servers(self) -> None:
        if settings.EMBEDDED:
            self.serve("PostgreSQL", Postgres(settings.STATE_DIR))
        if not os.environ.get("REDIS_URL"):
            self.serve("Valkey", Valkey(settings.STATE_DIR))

    def serve(self, name: str, server: Postgres | Valkey) -> None:
        began = time.monotonic()
        self.servers.append(server)
        server.start()
        self.say(f"{name} is up ({time.monotonic() - began:.1f} s)")

    def prepare(self, *, empty: bool) -> None:
        """Tables, places, the demo, the two logins. In processes of their own, which leave nothing open in this one."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("load_cities")
        if not empty and not self.has_rally():
            self.manage("demo", "--start")
        if settings.DEBUG:
            self.logins = staff_logins(settings.STATE_DIR / "keys" / "console-logins", self.make_login)

    def manage(self, *command: str, capture: bool = False) -> str:
        done = subprocess.run(
            [PYTHON, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | self.supervisor.environment | {"RALLYREG_ROLE": "owner"},
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"manage.py {command[0]} failed")
        return done.stdout or ""

    def has_rally(self) -> bool:
        return bool(
            self.manage(
                "shell",
                "-v0",
                "-c",
                "from pledges.models import Rally as r; print(r.objects.count() or '')",
                capture=True,
            ).strip()
        )

    def make_login(self, email: str, role: str) -> str:
        told = self.manage("create_staff", "--email", email, "--role", role, "--print-password", capture=True)
        return told.strip().splitlines()[-1]

    def start_children(self, port: int, console_port: int, *, empty: bool) -> None:
        if not settings.EMAIL_URLS:
            smtp = free_port()
            self.supervisor.environment["EMAIL_URLS"] = f"smtp://127.0.0.1:{smtp}"
            catcher = [PYTHON, "-m", "rallyreg.catcher", "--port", str(smtp), "--dir", str(settings.STATE_DIR / "mail")]
            self.supervisor.start(Child("catcher", catcher))
        self.supervisor.start(Child("public", web(port), "public", signal.SIGTERM))
        self.supervisor.start(Child("console", web(console_port), "console", signal.SIGTERM))
        for queue, role in (("tally", "tally"), ("mail", "mailroom"), ("announce", "announcer")):
            self.supervisor.start(Child(role, worker(queue), role))
        beat = [PYTHON, "-m", "celery", "-A", "rallyreg", "beat", "-S", "celery.beat:Scheduler"]
        self.supervisor.start(Child("beat", [*beat, "--loglevel=warning", "--pidfile="], "tally"))
        if not empty:
            self.supervisor.start(Child("demo", [PYTHON, "manage.py", "demo", "--trickle"]))

    def wait_for_web(self, port: int) -> None:
        def answers() -> bool:
            self.supervisor.look()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as reply:
                    return bool(reply.status == 200)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return False

        if not process.wait_until(answers, seconds=60):
            raise CannotStart(f"The web server does not answer; see {settings.STATE_DIR / 'log' / 'public.log'}")

    def tell(self, port: int, console_port: int) -> None:
        lines = [f"Public site   http://127.0.0.1:{port}/", f"Console       http://127.0.0.1:{console_port}/"]
        if settings.DEBUG:
            lines += [f"  {LOGINS[email]:<11} {email}  {password}" for email, password in self.logins.items()]
        if not settings.EMAIL_URLS:
            lines += [f"Mail lands in {settings.STATE_DIR / 'mail'} and at http://127.0.0.1:{console_port}/mail/"]
        lines += [f"Logs          {settings.STATE_DIR / 'log'}", "Ctrl-C stops everything."]
        self.say("\n" + "\n".join(lines) + "\n")

    def watch(self) -> None:
        """Until somebody stops us, or PostgreSQL is gone."""
        while True:
            time.sleep(0.5)
            for server in self.servers:
                if server.process and server.process.poll() is not None:
                    if isinstance(server, Postgres):
                        raise CannotStart("PostgreSQL has ended; everything is stopped. The next start recovers.")
                    self.say("Valkey ended; starting it again")
                    server.stop()
                    server.start()
            self.supervisor.look()

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def check_ports(*ports: int) -> None:
    """Before anything starts."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CommandError(f"Port {port} is taken. Choose another with --port or --console-port.") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web(port: int) -> list[str]:
    granian = [PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    return [
        *granian,
        "--workers",
        "1",
        "--blocking-threads",
        "4",
        "--no-ws",
        "--log-level",
        "warning",
        "rallyreg.wsgi:application",
    ]


def worker(queue: str) -> list[str]:
    celery = [PYTHON, "-m", "celery", "-A", "rallyreg", "worker", "--pool=solo", "-Q", queue, "-n", f"{queue}@%h"]
    return [*celery, "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=warning"]


def staff_logins(path: Path, make: Any) -> dict[str, str]:
    """The demo's logins: made once, kept for the next start, readable by us alone."""
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    logins = {email: make(email, role) for email, role in LOGINS.items()}
    draft = path.with_name(f".{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(logins))
    draft.rename(path)
    return logins
