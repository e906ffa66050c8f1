"""First figures of the tally, on a scratch database of its own: `python benchmarks/first_figures.py [--people N]`.

Starts PostgreSQL and Valkey in a temporary folder, fills them, measures, stops them, and leaves nothing behind.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
Row = tuple[str, str, str]


@contextmanager
def scratch() -> Iterator[None]:
    """Django on servers of our own, with tables and places."""
    with tempfile.TemporaryDirectory(prefix="first-figures-") as folder:
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        os.environ |= {"DJANGO_SETTINGS_MODULE": "rallyreg.settings", "RALLYREG_STATE_DIR": folder, "DEBUG": "1"}
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        from rallyreg.embedded.postgres import Postgres
        from rallyreg.embedded.valkey import Valkey

        # Django would keep a copy of each statement, which costs more than many of them.
        settings.DEBUG = False
        servers = [Postgres(settings.STATE_DIR), Valkey(settings.STATE_DIR)]
        try:
            for server in servers:
                server.start()
            call_command("migrate", verbosity=0)
            call_command("load_cities", stdout=StringIO())
            yield
        finally:
            connection.close()
            for server in reversed(servers):
                server.stop()


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def milliseconds(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:,.1f} ms (max {max(values) * 1000:,.1f})"


def demo_start(people: int) -> Row:
    from django.core.management.base import OutputWrapper
    from django.utils import timezone

    from pledges.demo import replay
    from pledges.demo.progress import Progress

    quiet = Progress(OutputWrapper(StringIO()))
    seconds = timed(lambda: replay.start(threshold=people, now=timezone.now(), progress=quiet))
    return f"demo --start, threshold {people:,}", f"{seconds:.1f} s", "20 s"


def grow(slug: str, people: int, now: datetime) -> None:
    """A rally with so many confirmed pledges and as many single changes waiting, as single acts leave them."""
    from django.db import connection

    from pledges.demo.stage import Stage
    from pledges.opening import open_rally

    texts = {"en": {"title": slug}}
    rally = open_rally(slug=slug, texts=texts, threshold=people, now=now, opens_at=now - timedelta(days=1))
    stage = Stage(rally)
    drawn = stage.crowd.draw(people, random.Random(1))
    from pledges.demo.people import pledge_together

    pledge_together(rally, drawn, since=now - timedelta(days=1), now=now, dice=stage.dice)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pledges_change WHERE rally_id = %s", [rally.pk])
        cursor.execute(
            "INSERT INTO pledges_change (rally_id, region_id, city_id, confirmed, removed)"
            " SELECT rally_id, region_id, city_id, 1, 0 FROM pledges_pledge WHERE rally_id = %s ORDER BY id",
            [rally.pk],
        )
        cursor.execute("ANALYZE pledges_pledge, pledges_change")


def fold_and_recount(people: int) -> list[Row]:
    from django.db import connection
    from django.utils import timezone

    from pledges import tally
    from pledges.models import Rally

    now = timezone.now()
    grow("many", people, now)
    rally = Rally.objects.get(slug="many")
    fold = timed(lambda: tally.fold(rally.pk, now=now))
    rally.refresh_from_db()
    if rally.confirmed != people or rally.reached_at is None or tally.differences(rally.pk):
        raise SystemExit("the fold is wrong")
    fresh = [timed(lambda: tally.differences(rally.pk)) for _ in range(5)]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) pledges_pledge, pledges_change, pledges_citytally")
    vacuumed = [timed(lambda: tally.differences(rally.pk)) for _ in range(9)]
    return [
        (f"fold of {people:,} waiting changes", f"{fold:.2f} s", "0.5 s"),
        (f"recount of {people:,} pledges, just written", milliseconds(fresh), "200 ms"),
        (f"recount of {people:,} pledges, vacuumed", milliseconds(vacuumed), "200 ms"),
    ]


def ticks(people_a_tick: int) -> list[Row]:
    """One tick a second for two minutes of the clock, with so many acts in each."""
    from django.utils import timezone

    from pledges import tally
    from pledges.demo.stage import Stage
    from pledges.models import Rally
    from pledges.publishing import snapshot

    stage = Stage(Rally.objects.get(slug="many"))
    now, folds, publishings = timezone.now(), [], []
    for second in range(120):
        at = now + timedelta(seconds=second)
        stage.grow(people_a_tick, total=stage.counted(), since=at, now=at)
        folds.append(timed(lambda at=at: tally.fold(stage.rally.pk, now=at)))
        publishings.append(timed(lambda at=at: snapshot.publish(stage.rally.pk, now=at)))
    places = f"{len(stage.crowd.places):,} places, {people_a_tick} acts"
    return [
        (f"fold of a tick ({places})", milliseconds(folds), ""),
        (f"publish of a tick ({places})", milliseconds(publishings), ""),
    ]


def simulation(pledges: int) -> Row:
    from pledges.demo.simulation import simulate
    from pledges.models import Rally

    rally = Rally.objects.get(slug="many")
    done = simulate(rally, pledges=pledges, rate=None, forget=0.0, report=lambda _: None)
    return "simulate: pledge, open, reseal, confirm", f"{done.rate:,.0f} a second", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500_000)
    people = parser.parse_args().people
    with scratch():
        rows = [demo_start(people), *fold_and_recount(people), *ticks(500), simulation(500)]
    width = max(len(row[0]) for row in rows)
    for name, figure, goal in rows:
        print(f"{name:<{width}}  {figure:>28}  {'goal ' + goal if goal else ''}")


if __name__ == "__main__":
    main()
