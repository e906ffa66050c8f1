"""The record of what staff did: append only, each row chained to the one before by its hash."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from pledges.models import Record, Staff

RECORD_LOCK = 0x7265636F7264  # "record"; one writer at a time, or two rows would follow the same one
START = "0" * 64


@transaction.atomic
def write(act: str, *, by: Staff | None, now: datetime, **detail: Any) -> Record:
    """Append one row, in the transaction of the act itself: both are stored or neither."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RECORD_LOCK])
    last = Record.objects.order_by("-n").first()
    row = Record(n=last.n + 1 if last else 1, at=now, by=by, act=act, detail=detail)
    row.hash = chained(row, last.hash if last else START)
    row.save(force_insert=True)
    return row


def chained(row: Record, previous: str) -> str:
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    line = json.dumps([row.n, at, row.by_id, row.act, row.detail, previous], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(line.encode()).hexdigest()


def first_broken() -> int | None:
    """The number of the first row that does not follow from the one before; None where the record is whole."""
    previous, expected = START, 1
    for row in Record.objects.order_by("n").iterator():
        if row.n != expected or row.hash != chained(row, previous):
            return row.n
        previous, expected = row.hash, row.n + 1
    return None
