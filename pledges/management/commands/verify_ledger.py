import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pledges.publishing import ledger

TIMEOUT = 30  # seconds


class Command(BaseCommand):
    help = "Check a published ledger: its numbers, chain, hashes, times and sums. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", metavar="URL|FILE", help="http(s) address of ledger.jsonl, a file, or - for stdin"
        )

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        last = "{}"

        def remembering(lines: Iterator[str]) -> Iterator[str]:
            nonlocal last
            for line in lines:
                last = line if line.strip() else last
                yield line

        try:
            with opened(source) as lines:
                rows = ledger.verify(remembering(lines))
        except ledger.Broken as fault:
            raise CommandError(f"Broken: {fault}.") from fault
        except (URLError, OSError, UnicodeDecodeError) as fault:
            raise CommandError(f"{source} cannot be read: {fault}") from fault
        total = json.loads(last).get("confirmed", 0)
        self.stdout.write(f"{rows:,} rows verified, last total {total:,}")


@contextmanager
def opened(source: str) -> Iterator[Iterator[str]]:
    """The lines, one after the other: a long ledger is never held as a whole."""
    if source == "-":
        yield iter(sys.stdin)
    elif source.startswith(("http://", "https://")):
        request = Request(source, headers={"User-Agent": "verify_ledger"})  # noqa: S310 - the two schemes above
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            yield (line.decode("utf-8") for line in answer)
    else:
        with Path(source).open(encoding="utf-8") as file:
            yield iter(file)
