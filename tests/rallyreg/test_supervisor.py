import os
from pathlib import Path

import pytest

from rallyreg.embedded.process import wait_until
from rallyreg.supervisor import Child, Supervisor
from tests.rallyreg.servers import GENEROUS


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path / "log", tmp_path, {"GREETING": "hello"}, say=lambda text: None)


def test_a_child_runs_in_its_role_with_its_own_log(supervisor: Supervisor, tmp_path: Path) -> None:
    child = Child("talker", ["/bin/sh", "-c", "echo $GREETING $RALLYREG_ROLE; pwd"], role="mailroom")
    supervisor.start(child)
    assert child.process is not None
    child.process.wait(GENEROUS)

    assert (tmp_path / "log" / "talker.log").read_text().split() == ["hello", "mailroom", str(tmp_path)]


def test_a_child_that_keeps_ending_is_started_again_after_growing_pauses(supervisor: Supervisor) -> None:
    child = Child("short", ["/bin/true"])
    supervisor.start(child)
    pauses = []

    for _ in range(7):
        assert child.process is not None
        child.process.wait(GENEROUS)
        supervisor.look()
        assert child.process is None
        supervisor.look()
        assert child.process is None, "its pause is not over"
        pauses.append(child.pause)
        child.due_at = 0
        supervisor.look()

    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_a_child_that_may_finish_is_done_when_it_ends_well(supervisor: Supervisor) -> None:
    for command, left in (("/bin/true", 0), ("/bin/false", 1)):
        child = Child("once", [command], may_finish=True)
        supervisor.start(child)
        assert child.process is not None
        child.process.wait(GENEROUS)

        supervisor.look()

        assert len(supervisor.children) == left


def test_a_child_that_will_not_end_is_ended_with_what_it_started(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = "trap '' TERM; sleep 600 & echo $! > grandchild; echo ready; while true; do wait; done"
    child = Child("deaf", ["/bin/sh", "-c", deaf], patience=0.2)
    supervisor.start(child)
    assert wait_until(lambda: "ready" in (tmp_path / "log" / "deaf.log").read_text(), seconds=GENEROUS)
    grandchild = int((tmp_path / "grandchild").read_text())

    supervisor.stop()

    assert child.process is None
    assert wait_until(lambda: not is_running(grandchild), seconds=GENEROUS)


def test_a_child_is_asked_to_end_only_once(supervisor: Supervisor, tmp_path: Path) -> None:
    """For Celery the second time means: drop what you are doing."""
    slow = "trap 'echo asked' TERM; echo ready; for n in 1 2 3 4 5; do sleep 0.2; done"
    supervisor.start(Child("slow", ["/bin/sh", "-c", slow], patience=GENEROUS))
    log = tmp_path / "log" / "slow.log"
    assert wait_until(lambda: "ready" in log.read_text(), seconds=GENEROUS)

    supervisor.stop()

    assert log.read_text().split() == ["ready", "asked"]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "State:\tZ" not in status.read_text()
