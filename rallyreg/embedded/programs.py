"""The programs of a site on one machine, as the supervisor starts them, and the ports they take."""

import http.client
import signal
import socket
import sys
from pathlib import Path

from rallyreg.supervisor import Child

PYTHON = sys.executable
QUEUES = {"tally": "tally", "mail": "mailroom", "announce": "announcer"}  # and the role that works on it
CELERY = [PYTHON, "-m", "celery", "-A", "rallyreg"]
WORKER = ["--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=warning"]
GRANIAN = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]


def web(role: str, port: int) -> Child:
    listen = ["--host", "127.0.0.1", "--port", str(port)]
    command = [PYTHON, "-m", "granian", *GRANIAN, *listen, "rallyreg.embedded.wsgi:application"]
    return Child(role, command, role, signal.SIGTERM)  # or its own workers would keep the port


def workers() -> list[Child]:
    return [
        Child(role, [*CELERY, "worker", "-Q", queue, "-n", f"{queue}@%h", *WORKER], role)
        for queue, role in QUEUES.items()
    ]


def beat() -> Child:
    """Keeps no schedule on the disk: what it starts may come twice or late."""
    return Child("beat", [*CELERY, "beat", "-S", "celery.beat:Scheduler", "--loglevel=warning", "--pidfile="], "tally")


def catcher(port: int, directory: Path) -> Child:
    return Child("catcher", [PYTHON, "-m", "rallyreg.catcher", "--port", str(port), "--dir", directory])


def visitors() -> Child:
    """The demo's pledges, a few every second."""
    return Child("demo", [PYTHON, "manage.py", "demo", "--trickle"], may_finish=True)


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the last run's closed connections do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(port: int) -> bool:
    """Asked straight, whatever proxy the environment names."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
