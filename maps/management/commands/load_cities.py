import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import maps
from maps import gazetteer, villagefile

DATA = Path(maps.__file__).parent / "data"
CITIES, VILLAGES = DATA / "cities.csv", DATA / "villages.csv.gz"


class Command(BaseCommand):
    help = "Make the database hold the cities of the file, and the villages that come along. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=CITIES, help="CSV; default: the one that comes along")
        parser.add_argument("--villages", type=Path, default=VILLAGES, help="places that are not listed; likewise")

    def handle(self, *args: Any, file: Path, villages: Path, **options: Any) -> None:
        started = time.monotonic()
        try:
            loaded = gazetteer.load(file)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except gazetteer.BadRow as error:
            raise CommandError(f"{file}: {error}") from error
        self.stdout.write(
            f"{loaded.total} cities: {loaded.added} added, {loaded.changed} changed, {loaded.deleted} deleted,"
            f" {loaded.unlisted} unlisted but kept ({time.monotonic() - started:.1f} s)"
        )
        started = time.monotonic()
        if (count := villagefile.load(villages)) is not None:
            self.stdout.write(f"{count} places that are not listed ({time.monotonic() - started:.1f} s)")
