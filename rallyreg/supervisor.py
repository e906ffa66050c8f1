"""Keeps the processes of one machine running: starts, restarts with growing pauses, stops in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rallyreg.embedded import process

LONGEST_PAUSE = 30.0  # seconds before a child that keeps dying is started again
STEADY = 60.0  # seconds after which a child counts as running


@dataclass
class Child:
    """One process to keep running, in a role of its own."""

    name: str
    command: Sequence[str | Path]
    role: str = "owner"
    dies_by: signal.Signals = signal.SIGKILL
    patience: float = 5.0  # seconds to end by itself
    may_finish: bool = False  # ending well means done, not dead
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = 1.0
    due_at: float = 0.0


@dataclass
class Supervisor:
    """Children in the order in which they start; they stop the other way round."""

    logs: Path
    base: Path  # where the children start
    environment: dict[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> None:
        if child not in self.children:
            self.children.append(child)
        child.process = process.spawn(
            child.command,
            log=self.logs / f"{child.name}.log",
            dies_by=child.dies_by,
            cwd=self.base,
            env=os.environ | self.environment | {"RALLYREG_ROLE": child.role},
        )
        child.started_at = time.monotonic()

    def look(self) -> None:
        """Start again what has ended, not faster than its pause."""
        now = time.monotonic()
        for child in list(self.children):
            if child.process is not None and child.process.poll() is not None:
                if child.may_finish and child.process.returncode == 0:
                    self.children.remove(child)
                    continue
                child.pause = 1.0 if now - child.started_at > STEADY else min(child.pause * 2, LONGEST_PAUSE)
                self.say(f"{child.name} ended ({child.process.returncode}); starting it again in {child.pause:.0f} s")
                process.stop(child.process, signal.SIGKILL, patience=1)  # and what it may have left
                child.process, child.due_at = None, now + child.pause
            elif child.process is None and now >= child.due_at:
                self.start(child)

    def stop(self) -> None:
        """Ask all to end, newest first, then wait; whoever does not is ended."""
        for child in reversed(self.children):
            if child.process and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            if child.process:
                process.end(child.process, patience=child.patience)
                child.process = None
