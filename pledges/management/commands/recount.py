from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from maps.gazetteer import gazetteer
from pledges import tally
from pledges.management.commands._rally import rally_named
from pledges.models import Rally
from pledges.tally import Difference


class Command(BaseCommand):
    help = "Count the pledges themselves and make the tallies equal to them; with --check only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where anything differs")
        parser.add_argument("--rally", metavar="SLUG", help="default: every rally")

    def handle(self, *args: Any, check: bool, rally: str | None, **options: Any) -> None:
        # A shredded rally keeps its figures without the pledges behind them.
        rallies = [rally_named(rally)] if rally else list(Rally.objects.shown().order_by("slug"))
        wrong = [found.slug for found in rallies if not self.is_exact(found)]
        if check:
            if wrong:
                raise CommandError(f"Tallies differ from the pledges: {', '.join(wrong)}")
            return
        for found in rallies:
            if found.slug in wrong:
                tally.rebuild(found.pk, now=timezone.now())
                self.stdout.write(f"{found.slug}: rebuilt")

    def is_exact(self, rally: Rally) -> bool:
        if rally.shredded_at:
            raise CommandError(f"{rally.slug} is shredded: there is nothing left to count.")
        differences, (confirmed, removed) = tally.differences(rally.pk), tally.total_difference(rally.pk)
        for difference in differences:
            self.stdout.write(
                f"{rally.slug}: {place_of(difference)}: tally {difference.tallied}, pledges {difference.rows}"
            )
        if confirmed or removed:
            self.stdout.write(f"{rally.slug}: places less total: {confirmed:+} confirmed, {removed:+} removed")
        exact = not differences and not confirmed and not removed
        if exact:
            rally.refresh_from_db()
            self.stdout.write(f"{rally.slug}: {rally.confirmed:,} confirmed, {rally.removed:,} removed, exact")
        return exact


def place_of(difference: Difference) -> str:
    places = gazetteer()
    city = places.by_id.get(difference.city_id) if difference.city_id else None
    region = places.regions_by_id.get(difference.region_id)
    return city.name_en if city else region.code if region else f"region {difference.region_id}"
