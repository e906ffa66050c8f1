"""Where the counting is. Acts leave changes; the fold adds them to the tallies and latches the threshold.

A change is deleted in the transaction that adds it up, so it is counted exactly once whatever is killed: what is not
committed is not seen, what was folded is gone. Folding locks the rally's row in a way that pledging does not touch.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from pledges.models import Rally


@dataclass(frozen=True)
class Folded:
    """What one fold did."""

    places: int
    confirmed: int
    removed: int
    crossed: bool


@dataclass(frozen=True)
class Difference:
    """A place whose tally and waiting changes do not add up to its rows."""

    region_id: int
    city_id: int | None
    tallied: tuple[int, int]  # confirmed, removed
    rows: tuple[int, int]


TAKE_CHANGES = """
    WITH taken AS (DELETE FROM pledges_change WHERE rally_id = %s RETURNING region_id, city_id, confirmed, removed)
    SELECT region_id, city_id, sum(confirmed)::int, sum(removed)::int, sum(abs(confirmed) + abs(removed))::int
    FROM taken GROUP BY region_id, city_id
"""
# Not an upsert: PostgreSQL checks a row before it finds the conflict, and a withdrawal's -1 alone is no tally.
ADD_TO_TALLIES = """
    WITH given(region_id, city_id, confirmed, removed) AS (
        SELECT * FROM unnest(%(regions)s::int[], %(cities)s::int[], %(confirmed)s::int[], %(removed)s::int[])
    ), known AS (
        UPDATE pledges_citytally t SET confirmed = t.confirmed + g.confirmed, removed = t.removed + g.removed
        FROM given g
        WHERE t.rally_id = %(rally)s AND t.region_id = g.region_id AND t.city_id IS NOT DISTINCT FROM g.city_id
        RETURNING t.region_id, t.city_id
    )
    INSERT INTO pledges_citytally (rally_id, region_id, city_id, confirmed, removed)
    SELECT %(rally)s, g.* FROM given g WHERE NOT EXISTS (
        SELECT FROM known k WHERE k.region_id = g.region_id AND k.city_id IS NOT DISTINCT FROM g.city_id
    )
"""
ADD_TO_WINDOWS = """
    INSERT INTO pledges_publishedtally AS t
        (rally_id, region_id, city_id, confirmed, shown, in_minute, in_quarter, in_six_hours, in_day)
    SELECT %s, region, city, 0, false, n, n, n, n FROM unnest(%s::int[], %s::int[], %s::int[]) AS u(region, city, n)
    ON CONFLICT (rally_id, region_id, city_id) DO UPDATE
    SET in_minute = t.in_minute + excluded.in_minute, in_quarter = t.in_quarter + excluded.in_quarter,
        in_six_hours = t.in_six_hours + excluded.in_six_hours, in_day = t.in_day + excluded.in_day
"""
# One statement sees one moment, so a recount beside running writers is exact too.
COMPARE = """
    WITH rows AS (
        SELECT region_id, city_id, count(*) FILTER (WHERE removed_at IS NULL) AS confirmed,
               count(removed_at) AS removed
        FROM pledges_pledge WHERE rally_id = %(rally)s AND confirmed_at IS NOT NULL GROUP BY region_id, city_id
    ), tallied AS (
        SELECT region_id, city_id, sum(confirmed) AS confirmed, sum(removed) AS removed FROM (
            SELECT region_id, city_id, confirmed, removed FROM pledges_citytally WHERE rally_id = %(rally)s
            UNION ALL
            SELECT region_id, city_id, confirmed, removed FROM pledges_change WHERE rally_id = %(rally)s
        ) AS both_parts GROUP BY region_id, city_id
    )
    SELECT coalesce(t.region_id, r.region_id), coalesce(t.city_id, r.city_id),
           coalesce(t.confirmed, 0)::int, coalesce(t.removed, 0)::int,
           coalesce(r.confirmed, 0)::int, coalesce(r.removed, 0)::int
    FROM tallied t FULL JOIN rows r
        ON r.region_id = t.region_id AND coalesce(r.city_id, 0) = coalesce(t.city_id, 0)
    WHERE coalesce(t.confirmed, 0) <> coalesce(r.confirmed, 0) OR coalesce(t.removed, 0) <> coalesce(r.removed, 0)
"""
TOTALS = """
    SELECT (SELECT coalesce(sum(confirmed), 0) FROM pledges_citytally WHERE rally_id = %(rally)s) - confirmed,
           (SELECT coalesce(sum(removed), 0) FROM pledges_citytally WHERE rally_id = %(rally)s) - removed
    FROM pledges_rally WHERE id = %(rally)s
"""


@transaction.atomic
def fold(rally_id: int, *, now: datetime) -> Folded | None:
    """Add the waiting changes to the tallies and the rally; None where another worker is at it."""
    locked = Rally.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=rally_id)
    if not locked.exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute(TAKE_CHANGES, [rally_id])
        taken = cursor.fetchall()
        if not taken:
            return Folded(0, 0, 0, crossed=False)
        regions, cities, confirmed, removed, acts = (list(column) for column in zip(*taken, strict=True))
        columns = {"regions": regions, "cities": cities, "confirmed": confirmed, "removed": removed}
        cursor.execute(ADD_TO_TALLIES, {"rally": rally_id, **columns})
        cursor.execute(ADD_TO_WINDOWS, [rally_id, regions, cities, acts])
    Rally.objects.filter(pk=rally_id).update(
        confirmed=F("confirmed") + sum(confirmed), removed=F("removed") + sum(removed)
    )
    return Folded(len(taken), sum(confirmed), sum(removed), crossed=_latch(rally_id, now=now))


def _latch(rally_id: int, *, now: datetime) -> bool:
    """Set the crossing, once and for good, in the transaction that crossed."""
    unreached = Rally.objects.filter(pk=rally_id, reached_at=None, opens_at__isnull=False, cancelled_at=None)
    return unreached.filter(confirmed__gte=F("threshold")).update(reached_at=now) == 1


def differences(rally_id: int) -> list[Difference]:
    """Places where tally + waiting changes differ from a recount of the pledges themselves. Must be empty, always."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARE, {"rally": rally_id})
        return [Difference(row[0], row[1], (row[2], row[3]), (row[4], row[5])) for row in cursor.fetchall()]


def total_difference(rally_id: int) -> tuple[int, int]:
    """By how much the places' sums differ from the rally's own (confirmed, removed). Must be (0, 0), always."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {"rally": rally_id})
        confirmed, removed = cursor.fetchone()
    return int(confirmed), int(removed)


MEND_PLACE = """
    INSERT INTO pledges_change (rally_id, region_id, city_id, confirmed, removed) VALUES (%s, %s, %s, %s, %s)
"""
MEND_TOTAL = """
    UPDATE pledges_rally SET (confirmed, removed) = (
        SELECT coalesce(sum(confirmed), 0), coalesce(sum(removed), 0) FROM pledges_citytally WHERE rally_id = %(rally)s
    ) WHERE id = %(rally)s
"""


@transaction.atomic
def rebuild(rally_id: int, *, now: datetime) -> None:
    """Make the tallies from the pledges, after a restore. Keeps the latch and what was published."""
    Rally.objects.select_for_update(no_key=True).get(pk=rally_id)
    with connection.cursor() as cursor:
        # Differences become changes, so that publishing and the latch follow their ordinary way.
        for wrong in differences(rally_id):
            delta = [wrong.rows[0] - wrong.tallied[0], wrong.rows[1] - wrong.tallied[1]]
            cursor.execute(MEND_PLACE, [rally_id, wrong.region_id, wrong.city_id, *delta])
        cursor.execute(MEND_TOTAL, {"rally": rally_id})
    fold(rally_id, now=now)
