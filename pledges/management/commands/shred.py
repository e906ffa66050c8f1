from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pledges import shredding
from pledges.demo.progress import Progress
from pledges.management.commands._rally import rally_named


class Command(BaseCommand):
    help = "Delete every pledge, address and letter of a rally that is over or cancelled. What was published stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rally", required=True, metavar="SLUG")
        parser.add_argument("--yes", action="store_true", help="do it; without it, only say what would go")
        parser.add_argument("--yes-really", action="store_true", help="do it even to a rally that is still running")

    def handle(self, *args: Any, rally: str, yes: bool, yes_really: bool, **options: Any) -> None:
        found, progress = rally_named(rally), Progress(self.stdout)
        if not (yes or yes_really):
            for kind, rows in shredding.held(found).items():
                self.stdout.write(f"{rows:>9,} {kind}")
            raise CommandError("Nothing is deleted yet. Add --yes to delete all of it for good.")
        try:
            gone = shredding.shred(
                found,
                now=timezone.now(),
                even_if_running=yes_really,
                report=lambda pledges: progress.show(f"{pledges:,} pledges deleted"),
            )
        except shredding.StillRunning:
            raise CommandError(
                f"{rally} is neither over nor cancelled; --yes-really deletes it all the same."
            ) from None
        progress.say(f"{rally} is shredded. Deleted:")
        for kind, rows in gone.items():
            self.stdout.write(f"{rows:>9,} {kind}")
