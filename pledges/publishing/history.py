"""The total hour by hour, from the ledger."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

HOURLY = """
    SELECT DISTINCT ON (hour) date_trunc('hour', at, 'UTC') + interval '1 hour' AS hour, confirmed, removed
    FROM pledges_ledgerrow WHERE rally_id = %s ORDER BY hour, n DESC
"""


@dataclass(frozen=True)
class Hour:
    """The totals at the end of an hour in which they changed."""

    at: datetime
    confirmed: int
    removed: int


def hourly(rally_id: int) -> list[Hour]:
    with connection.cursor() as cursor:
        cursor.execute(HOURLY, [rally_id])
        return [Hour(*row) for row in cursor.fetchall()]
