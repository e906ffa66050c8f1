"""A few people now and then, so that a page somebody looks at is alive."""

import random
from threading import Event

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from pledges.demo import cast
from pledges.demo.stage import Stage
from pledges.models import Rally

PAUSE = (1.0, 3.0)  # seconds
A_MINUTE = (20.0, 40.0)  # people, whatever the curve says
RETRY = 2.0  # seconds


def trickle(*, stop: Event) -> None:
    """Until told to stop, or the rally is over. A database that goes away is waited for."""
    dice = random.Random()
    while not stop.is_set():
        seconds = dice.uniform(*PAUSE)
        stop.wait(seconds)
        try:
            if not drop(seconds, dice):
                return
        except (OperationalError, InterfaceError):
            connection.close()
            stop.wait(RETRY)


def drop(seconds: float, dice: random.Random) -> bool:
    """Those who come in so many seconds; False once nobody can."""
    rally = cast.demo_rally()
    if rally is None:
        return True  # it is still being made
    if not Rally.objects.taking_pledges().filter(pk=rally.pk).exists():
        return False
    stage, now = Stage(rally), timezone.now()
    total = stage.counted()
    people = int(people_a_minute(stage, total) * seconds / 60 + dice.random())  # the fraction is a chance
    if people:
        stage.grow(people, total=total, since=now, now=now)
    return True


def people_a_minute(stage: Stage, total: int) -> float:
    """As many as came in 2021 at this total, within limits."""
    least, most = A_MINUTE
    return min(max(stage.script.curve.rate_at(total), least), most)
