"""Everything on one machine: servers, web, console, workers, beat, and a demo rally to look at."""

import json
import os
import secrets
import signal
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rallyreg.embedded import CannotStart, process, programs, valkey_socket
from rallyreg.embedded.places import data_home, server_user
from rallyreg.embedded.postgres import Postgres
from rallyreg.embedded.valkey import Valkey
from rallyreg.supervisor import Supervisor

LOGINS = {"organizer@example.org": "organizer", "admin@example.org": "admin"}
COUNT_RALLIES = "from pledges.models import Rally; print(Rally.objects.count() or '')"


class Stopped(Exception):
    """Somebody asked us to end."""


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []
    is_asked_to_stop = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--console-port", type=int, default=8001)
        parser.add_argument("--empty", action="store_true", help="no demo rally")

    def handle(self, *args: Any, port: int, console_port: int, empty: bool, **options: Any) -> None:
        self.ports = {"public": port, "console": console_port}
        self.servers = our_servers(self.go_on)
        self.supervisor = Supervisor(settings.STATE_DIR / "log", settings.BASE_DIR, self.environment(), self.say)
        self.logins: dict[str, str] = {}
        lock = process.Lock(settings.STATE_DIR / "up.lock")
        try:
            self.heed_signals()
            if not lock.take():
                raise CannotStart(f"`up` is running already (pid {lock.holder()}) on {settings.STATE_DIR}")
            self.start(empty=empty)
            self.tell()
            self.watch()
        except CannotStart as reason:
            raise CommandError(str(reason)) from None
        except Stopped:
            self.say("stopping")
        finally:
            self.supervisor.stop()
            for server in reversed(self.servers):
                server.stop()
            lock.release()

    def environment(self) -> dict[str, str]:
        """What all our processes must agree on; the state folder too, as they start in another folder than we."""
        ours = {
            "RALLYREG_STATE_DIR": str(settings.STATE_DIR),
            "SITE_URLS": f"http://127.0.0.1:{self.ports['public']}",
            "CONSOLE_URL": f"http://127.0.0.1:{self.ports['console']}",
            "REDIS_URL": f"unix://{valkey_socket(settings.STATE_DIR)}?db=0",
        }
        return ours | {name: os.environ[name] for name in ours if name in os.environ and name != "RALLYREG_STATE_DIR"}

    def start(self, *, empty: bool) -> None:
        for option, port in zip(("--port", "--console-port"), self.ports.values(), strict=True):
            if programs.is_taken(port):
                raise CannotStart(f"Port {port} is taken. Choose another with {option}.")
        for server in self.servers:
            began = time.monotonic()
            server.start()
            self.say(f"{type(server).__name__} is up ({time.monotonic() - began:.1f} s)")
        self.prepare(empty=empty)
        self.start_children(empty=empty)
        for name, port in self.ports.items():
            self.wait_for_web(name, port)

    def prepare(self, *, empty: bool) -> None:
        """Tables, places, the demo, the two logins. In processes of their own, which leave nothing open in this one."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("load_cities")
        if not empty and not self.manage("shell", "-v0", "-c", COUNT_RALLIES, capture=True).strip():
            self.manage("demo", "--start")
        if settings.DEBUG:
            self.logins = staff_logins(settings.STATE_DIR / "keys" / "console-logins", self.make_login)

    def manage(self, *command: str, capture: bool = False) -> str:
        self.go_on()
        running = subprocess.Popen(
            [programs.PYTHON, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | self.supervisor.environment | {"RALLYREG_ROLE": "owner"},
            stdout=subprocess.PIPE if capture else None,
            start_new_session=True,  # a terminal's Ctrl-C is for us; we end it, without its traceback
            text=True,
        )
        try:
            told = self.wait_for(running)
        finally:
            process.end(running, patience=0)
        if running.returncode:
            raise CannotStart(f"manage.py {command[0]} failed")
        return told or ""

    def wait_for(self, running: "subprocess.Popen[str]") -> str:
        while True:
            self.go_on()
            with suppress(subprocess.TimeoutExpired):
                return running.communicate(timeout=0.2)[0]

    def make_login(self, email: str, role: str) -> str:
        told = self.manage("create_staff", "--email", email, "--role", role, "--print-password", capture=True)
        return told.strip().splitlines()[-1]

    def start_children(self, *, empty: bool) -> None:
        if not settings.EMAIL_URLS:
            smtp = programs.free_port()
            self.supervisor.environment["EMAIL_URLS"] = f"smtp://127.0.0.1:{smtp}"
            self.supervisor.start(programs.catcher(smtp, settings.STATE_DIR / "mail"))
        children = [programs.web(role, port) for role, port in self.ports.items()]
        children += [*programs.workers(), programs.beat()]
        for child in children if empty else [*children, programs.visitors()]:
            self.supervisor.start(child)

    def wait_for_web(self, name: str, port: int) -> None:
        def answers() -> bool:
            self.go_on()
            self.supervisor.look()
            return programs.is_healthy(port)

        if not process.wait_until(answers, seconds=60):
            raise CannotStart(f"The web server does not answer; see {settings.STATE_DIR / 'log' / name}.log")

    def tell(self) -> None:
        public, console = (f"http://127.0.0.1:{port}" for port in self.ports.values())
        lines = [f"Public site   {public}/", f"Console       {console}/"]
        lines += [f"  {LOGINS[email]:<11} {email}  {password}" for email, password in self.logins.items()]
        if not settings.EMAIL_URLS:
            lines += [f"Mail lands in {settings.STATE_DIR / 'mail'} and at {console}/mail/"]
        if settings.EMBEDDED and (data := data_home(settings.STATE_DIR, server_user())) != settings.STATE_DIR:
            lines += [f"Data in       {data}, which PostgreSQL's user can reach"]
        lines += [f"Logs          {settings.STATE_DIR / 'log'}", "Ctrl-C stops everything."]
        self.say("\n" + "\n".join(lines) + "\n")

    def watch(self) -> None:
        """Until somebody stops us, or PostgreSQL is gone."""
        while True:
            self.go_on()
            time.sleep(0.5)
            for server in self.servers:
                self.look_after(server)
            self.supervisor.look()

    def look_after(self, server: Postgres | Valkey) -> None:
        if server.process is None:
            server.take_over()  # of another process, such as a test run, that has held it and may have ended
        elif server.process.poll() is not None:
            if isinstance(server, Postgres):
                raise CannotStart("PostgreSQL has ended; everything is stopped. The next start recovers.")
            self.say("Valkey ended; starting it again")
            server.stop()
            server.start()

    def heed_signals(self) -> None:
        """They are only noted: what a handler raises gets lost in whatever destructor or callback is just running."""

        def note(number: int, frame: FrameType | None) -> None:
            self.is_asked_to_stop = True

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup` has a say
                signal.signal(number, note)

    def go_on(self) -> None:
        """Called wherever we wait."""
        if self.is_asked_to_stop:
            raise Stopped

    def say(self, text: str) -> None:
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError:  # the terminal is gone, which is no reason to stop half-way
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def our_servers(go_on: Callable[[], None]) -> list[Postgres | Valkey]:
    """Those that no address in the environment names."""
    servers: list[Postgres | Valkey] = [Postgres(settings.STATE_DIR, go_on)] if settings.EMBEDDED else []
    return servers if os.environ.get("REDIS_URL") else [*servers, Valkey(settings.STATE_DIR, go_on)]


def staff_logins(path: Path, make: Callable[[str, str], str]) -> dict[str, str]:
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
