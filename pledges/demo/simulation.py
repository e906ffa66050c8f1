"""Many pledges through the real operations, at a rate, in one process."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from maps.gazetteer import gazetteer
from pledges import mailroom, tally
from pledges.demo import mailboxes, people
from pledges.models import Rally


@dataclass(frozen=True)
class Done:
    """What a simulation did."""

    pledges: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.pledges / self.seconds if self.seconds else 0.0


def simulate(rally: Rally, *, pledges: int, rate: float | None, forget: float, report: Callable[[Done], None]) -> Done:
    """Let so many people pledge and confirm, no faster than `rate` a second; then fold what waits."""
    crowd, dice = people.crowd_of(gazetteer(), rally.home_country), random.Random()
    run = secrets.token_hex(3)  # another simulation has other mailboxes
    started, done = time.monotonic(), Done(0, 0.0)
    for number in range(1, pledges + 1):
        if rate:
            time.sleep(max(started + (number - 1) / rate - time.monotonic(), 0))
        mailbox = mailboxes.invent(crowd, dice, name=f"sim-{run}-{number}", forget=forget)
        mailboxes.pledge(rally, mailbox, now=timezone.now())
        done = Done(number, time.monotonic() - started)
        report(done)
    tally.fold(rally.pk, now=timezone.now())
    mailroom.tidy()
    return done
