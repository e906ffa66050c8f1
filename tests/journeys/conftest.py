"""A whole system for all journeys, and visitors with real browsers."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from rallyreg.embedded import places
from rallyreg.embedded.process import wait_until
from rallyreg.embedded.programs import free_port
from tests.journeys.browsing import browser_type_launch_args, chromium_path, crowd, states, visit  # noqa: F401  (fixtures)
from tests.journeys.systems import NUMBERS, ROOT, System


@pytest.fixture(scope="session")
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., System]]:
    running: list[System] = []

    def start(*options: str, **environment: str) -> System:
        state, port, console_port = tmp_path_factory.mktemp("state"), free_port(), free_port()
        env = {
            key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URLS"}
        }
        env |= {"RALLYREG_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1", "TRUSTED_PROXIES": "127.0.0.1"} | environment
        ports = ["--port", str(port), "--console-port", str(console_port)]
        command = [sys.executable, "manage.py", "up", *ports, *options]
        with (state / "up.out").open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        system = System(state, port, console_port, process, env)
        running.append(system)
        ready = wait_until(
            lambda: "Ctrl-C" in (state / "up.out").read_text(), seconds=90, still=lambda: process.poll() is None
        )
        assert ready, (state / "up.out").read_text()
        return system

    yield start
    for system in running:
        system.process.send_signal(signal.SIGINT)
    for system in running:
        system.process.wait(60)
        shutil.rmtree(places.FOR_ROOT / places.tag(system.state), ignore_errors=True)


@pytest.fixture(scope="session")
def system(start_system: Callable[..., System]) -> System:
    """One empty system for all journeys; each makes a rally of its own."""
    return start_system("--empty", POLL_SECONDS="2")


@pytest.fixture
def rally(system: System, request: pytest.FixtureRequest) -> str:
    """An open rally; its slug."""
    slug = f"{re.sub(r'[^a-z0-9]+', '-', request.node.name)[:40].strip('-')}-{next(NUMBERS)}"
    system.open_rally(slug, threshold=3)
    return slug
