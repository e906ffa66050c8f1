"""Playing the curve: the past of a running campaign at once, and its future at a pace one can watch."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from pledges import announcing, letters
from pledges.demo import cast
from pledges.demo.progress import Progress
from pledges.demo.stage import Script, Stage
from pledges.models import Announcement, AnnouncementLetter, Rally
from pledges.models.announcement import LetterState
from pledges.pledging import NotTakingPledges

STEP = timedelta(hours=1)  # as often as the history has rows
TICK = 0.5  # seconds
MOST = 25_000  # people at once, so that a tick stays short
ON_THE_CURVE = 0.75  # of the time; the rest goes from where 2021 ended to the threshold


@transaction.atomic
def start(*, threshold: int, now: datetime, progress: Progress, step: timedelta = STEP) -> Rally:
    """A campaign that has come to its standing by now. Whole or not at all.

    In one transaction also because workers beside it would publish the rally at a time later than its steps.
    """
    script = Script.of(threshold)
    opens_at = now - script.curve.time_of(script.standing)
    stage = Stage(cast.open_demo_rally(opens_at=opens_at, threshold=threshold))
    since, total = opens_at, 0
    while since < now:
        until = min(since + step, now)
        grown = script.standing if until == now else script.curve.total_at(until - opens_at)
        stage.grow(grown - total, total=total, since=since, now=until)
        stage.count(now=until)
        since, total = until, grown
        progress.show(f"{total:,} of {script.standing:,} people have pledged")
    cast.plan(stage.rally, now=now)
    progress.show("writing all of it down")
    return stage.rally


def begin(*, threshold: int, now: datetime) -> Rally:
    """The demo rally as it stands, or a new one with nobody in it; with a plan for the day it crosses."""
    with transaction.atomic():
        rally = cast.demo_rally() or cast.open_demo_rally(opens_at=now, threshold=threshold)
        if not rally.is_taking_pledges() or rally.shredded_at:
            raise NotTakingPledges(rally.slug)
        if rally.announced_at is None and not cast.has_plan(rally, now=now):
            cast.plan(rally, now=now)
    return rally


@dataclass(frozen=True)
class Run:
    """One drive from the present total on."""

    stage: Stage
    progress: Progress
    alone: bool  # no workers run: fold, publish and send here

    def drive(self, *, to: int | None, seconds: float) -> None:
        """Let people come until there are `to` of them; or with None until the threshold is crossed."""
        first, goal = self.stage.counted(), to or self.stage.script.threshold
        target = paced(self.stage.script, first=first, goal=goal)
        started = time.monotonic()
        counted = first
        while counted < goal:
            share = (time.monotonic() - started) / seconds if seconds else 1.0
            missing = min(target(min(share, 1.0)) - counted, MOST)
            now = timezone.now()
            if missing > 0:
                self.stage.grow(missing, total=counted, since=now, now=now)
            self._work(now=now)
            counted = self.stage.counted()
            self.progress.show(f"{counted:,} of {self.stage.rally.threshold:,} people have pledged")
            if seconds:
                time.sleep(TICK)

    def cross(self) -> bool:
        """Wait for the fold that sets the crossing; False where nobody folds."""
        return self._wait("waiting for the tally worker", self._has_crossed, patience=30)

    def announce(self) -> bool:
        """Wait until the plan has announced itself and every letter has gone; False where they do not go."""
        return self._wait("waiting for the announcement", self._has_announced, patience=60) and self._wait(
            "letters", self._has_written_to_all, patience=300
        )

    def letters(self) -> dict[str, int]:
        """How many of the announcement's letters are in which state."""
        states = AnnouncementLetter.objects.filter(announcement__rally=self.stage.rally).values_list("state")
        return {LetterState(state).label: n for state, n in states.annotate(n=Count("pk")).order_by("state")}

    def _wait(self, what: str, is_done: Callable[[], bool], *, patience: float) -> bool:
        until = time.monotonic() + patience
        while not is_done():
            if time.monotonic() > until:
                return False
            self.progress.show(", ".join([what, *(f"{n} {state}" for state, n in self.letters().items())]))
            self._work(now=timezone.now())
            time.sleep(0 if self.alone else TICK)
        return True

    def _work(self, *, now: datetime) -> None:
        if self.alone:
            self.stage.count(now=now)
            announcing.publish_due(now=now)
            letters.deliver_waiting(now=now)

    def _has_crossed(self) -> bool:
        self.stage.rally.refresh_from_db()
        return self.stage.rally.reached_at is not None

    def _has_announced(self) -> bool:
        self.stage.rally.refresh_from_db()
        return self.stage.rally.announced_at is not None

    def _has_written_to_all(self) -> bool:
        written = Announcement.objects.filter(rally=self.stage.rally, letters_written_at__isnull=False)
        states = self.letters()
        return written.exists() and not states.get(LetterState.WAITING.label)


def paced(script: Script, *, first: int, goal: int) -> Callable[[float], int]:
    """The total to have after a share of the time: along the curve to where it ended in 2021, evenly from there."""
    called = min(script.called, goal)
    begins, ends = script.curve.time_of(first), script.curve.time_of(called)
    on_the_curve = 0.0 if first >= called else 1.0 if called == goal else ON_THE_CURVE
    base = max(first, called)

    def total(share: float) -> int:
        if share < on_the_curve:
            return script.curve.total_at(begins + (ends - begins) * (share / on_the_curve))
        return base + round((goal - base) * (share - on_the_curve) / (1 - on_the_curve)) if goal > base else goal

    return total
