import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from maps.gazetteer import gazetteer
from pledges.demo import cast, mailboxes, replay
from pledges.demo.progress import Progress
from pledges.demo.stage import Stage
from pledges.demo.trickle import trickle
from pledges.pledging import NotTakingPledges

DRIVING = ("seconds", "to", "alone", "no_wait")


class Command(BaseCommand):
    help = "Play an invented campaign along the registration curve of 2021, up to the crossing and its letters."

    def add_arguments(self, parser: CommandParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--start", action="store_true", help="only make a campaign that stands at about 214,000 now")
        mode.add_argument("--trickle", action="store_true", help="add a few people every few seconds until it is over")
        parser.add_argument("--seconds", type=float, default=120, metavar="N", help="for the whole drive; default: 120")
        parser.add_argument("--to", type=int, metavar="TOTAL", help="stop there; default: past the threshold")
        parser.add_argument("--alone", action="store_true", help="count, announce and send here, where no worker runs")
        parser.add_argument("--no-wait", action="store_true", help="do not wait for the announcement's letters")
        parser.add_argument(
            "--threshold", type=int, default=cast.THRESHOLD, help="of a new demo rally; everything is in proportion"
        )

    def handle(self, *args: Any, start: bool, trickle: bool, threshold: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo adds people who do not exist; it does not run where DEBUG is off.")
        if trickle:
            self.trickle()
            return
        if not gazetteer().places:
            raise CommandError("There are no cities yet: run load_cities first.")
        try:
            mailboxes.check_keys()
        except mailboxes.NoMailroomKeys:
            raise CommandError("The demo needs the mailroom's keys: MAILROOM_KEY and FINGERPRINT_KEY.") from None
        progress = Progress(self.stdout)
        try:
            if start:
                self.start(progress, threshold)
            else:
                self.drive(progress, threshold, **{name: options[name] for name in DRIVING})
        except KeyboardInterrupt:
            progress.say("Stopped. Run it again to go on from here.")

    def start(self, progress: Progress, threshold: int) -> None:
        if cast.demo_rally():
            progress.say(f"The demo rally {cast.SLUG} is there already.")
            return
        began = timezone.now()
        rally = replay.start(threshold=threshold, now=began, progress=progress)
        rally.refresh_from_db()
        took = (timezone.now() - began).total_seconds()
        progress.say(f"Demo: {rally.confirmed:,} of {rally.threshold:,} people have pledged ({took:.0f} s).")

    def drive(
        self, progress: Progress, threshold: int, *, seconds: float, to: int | None, alone: bool, no_wait: bool
    ) -> None:
        try:
            rally = replay.begin(threshold=threshold, now=timezone.now())
        except NotTakingPledges:
            raise CommandError("The demo rally is over or cancelled; an empty state begins a new one.") from None
        run = replay.Run(Stage(rally), progress, alone)
        if to is not None or rally.reached_at is None:
            run.drive(to=to, seconds=seconds)
        if to is None:
            if not run.cross():
                raise CommandError("Nobody folds the tallies. Is `manage.py up` running? Else add --alone.")
            progress.say(f"Crossed: {run.stage.rally.threshold:,} people have pledged.")
            if not no_wait and not run.announce():
                raise CommandError("The letters do not all go. Is an announcer running, and a mail server?")
        self.summary(run)

    def summary(self, run: replay.Run) -> None:
        rally = run.stage.rally
        rally.refresh_from_db()
        rows = rally.ledger.count()
        self.stdout.write(f"{rally.slug}: {run.stage.counted():,} of {rally.threshold:,}, {rally.status.label}")
        self.stdout.write(f"ledger: {rows} rows")
        if rally.announced_at:
            letters = ", ".join(f"{n} {state}" for state, n in run.letters().items())
            self.stdout.write(f"announced at {rally.announced_at:%Y-%m-%d %H:%M:%S} UTC; letters: {letters or 'none'}")

    def trickle(self) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        trickle(stop=stop)
