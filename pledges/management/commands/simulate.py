from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from maps.gazetteer import gazetteer
from pledges import tally
from pledges.demo import mailboxes
from pledges.demo.progress import Progress
from pledges.demo.simulation import Done, simulate
from pledges.management.commands._rally import rally_named
from pledges.pledging import NotTakingPledges
from pledges.trustees import WrongKey


class Command(BaseCommand):
    help = "Make pledges of synthetic mailboxes (sim-…@example.org) and confirm them, through the real operations."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rally", required=True, metavar="SLUG")
        parser.add_argument("--pledges", type=int, required=True, metavar="N")
        parser.add_argument("--rate", type=float, metavar="R", help="a second at most; default: as fast as it goes")
        parser.add_argument(
            "--forget", type=float, default=0.0, metavar="SHARE", help="who ask to be forgotten, 0 to 1"
        )

    def handle(self, *args: Any, rally: str, pledges: int, rate: float | None, forget: float, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("These people do not exist; they may be counted only where DEBUG is on.")
        if pledges < 0 or (rate is not None and rate <= 0) or not 0 <= forget <= 1:
            raise CommandError("Needs --pledges of 0 or more, --rate above 0, --forget between 0 and 1.")
        if not gazetteer().places:
            raise CommandError("There are no cities yet: run load_cities first.")
        found, progress = rally_named(rally), Progress(self.stdout)

        def report(done: Done) -> None:
            progress.show(f"{done.pledges:,} of {pledges:,} pledges, {done.rate:,.0f} a second")

        try:
            mailboxes.check_keys()
            done = simulate(found, pledges=pledges, rate=rate, forget=forget, report=report)
        except mailboxes.NoMailroomKeys:
            raise CommandError(
                "This needs the mailroom's keys (MAILROOM_KEY, FINGERPRINT_KEY): run it where the mailroom runs."
            ) from None
        except NotTakingPledges:
            raise CommandError(f"{rally} takes no pledges: it is not open, or over, or cancelled.") from None
        except WrongKey:
            raise CommandError(f"The key of {rally} is not the pinned one, see RALLY_PUBLIC_KEYS.") from None
        progress.say(f"{done.pledges:,} pledges in {done.seconds:.1f} s, {done.rate:,.0f} a second")
        self.tell_tally(found.slug)

    def tell_tally(self, slug: str) -> None:
        rally = rally_named(slug)
        exact = not tally.differences(rally.pk) and tally.total_difference(rally.pk) == (0, 0)
        self.stdout.write(
            f"{slug}: {rally.confirmed:,} confirmed, {rally.removed:,} removed,"
            f" recount {'equal' if exact else 'DIFFERS, see recount --check'}"
        )
