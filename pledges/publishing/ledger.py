"""The ledger: every published state, a row a minute, each chained to the one before, for anyone to check.

A row is canonical JSON (sorted keys, no spaces, UTF-8): `n` counts from 1, `at` is UTC, `confirmed` and `removed` are
the totals, `cities` and `others` hold the figures that changed (null: no longer shown), `previous` and `hash` are
SHA-256 in hex, the hash over the row without its hash.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pledges.models import LedgerRow, Rally
from pledges.publishing.figures import Figures

START = "0" * 64
AT = "%Y-%m-%dT%H:%M:%SZ"


class Broken(ValueError):
    """A ledger that contradicts itself; says at which row and how."""


def append(rally: Rally, figures: Figures, *, now: datetime) -> LedgerRow | None:
    """Write what changed since the last row, in a later minute than its, or at once at the crossing."""
    last = LedgerRow.objects.filter(rally=rally).order_by("-n").first()
    before = last.state or {} if last else {}
    state: dict[str, Any] = {
        "confirmed": figures.confirmed,
        "removed": figures.removed,
        "cities": {str(city): people for city, people in figures.cities.items()},
        "others": figures.others,
        "reached": rally.reached_at is not None,
    }
    if last:
        now = max(now, last.at)  # a worker whose clock is behind must not turn the ledger's time back
    crossing = state["reached"] and not before.get("reached", False)
    too_soon = last is not None and minute(last.at) == minute(now) and not crossing
    nothing_yet = last is None and not figures.confirmed and not figures.removed
    if state == before or too_soon or nothing_yet:
        return None
    row = chained(last, before, state, crossing=crossing, now=now)
    LedgerRow.objects.filter(rally=rally, state__isnull=False).update(state=None)
    return LedgerRow.objects.create(
        rally=rally,
        n=row["n"],
        at=now,
        confirmed=figures.confirmed,
        removed=figures.removed,
        line=canonical(row),
        hash=row["hash"],
        state=state,
    )


def chained(
    last: LedgerRow | None, before: dict[str, Any], state: dict[str, Any], *, crossing: bool, now: datetime
) -> dict[str, Any]:
    """The row that follows the last one, with its hash."""
    row: dict[str, Any] = {
        "n": last.n + 1 if last else 1,
        "at": now.astimezone(UTC).strftime(AT),
        "confirmed": state["confirmed"],
        "removed": state["removed"],
        "cities": changed(before.get("cities", {}), state["cities"]),
        "others": changed(before.get("others", {}), state["others"]),
        "previous": last.hash if last else START,
    }
    if crossing:
        row["reached"] = True
    return row | {"hash": digest(row)}


def head(rally: Rally) -> dict[str, Any] | None:
    """Number and hash of the newest row, in every snapshot: a ledger cut short does not reach it."""
    last = LedgerRow.objects.filter(rally=rally).order_by("-n").values_list("n", "hash").first()
    return {"n": last[0], "hash": last[1]} if last else None


def changed(before: dict[str, int], now: dict[str, int]) -> dict[str, int | None]:
    return {key: now.get(key) for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)}


def digest(row: dict[str, Any]) -> str:
    return hashlib.sha256(canonical({key: row[key] for key in row if key != "hash"}).encode()).hexdigest()


def canonical(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _check_types(row: dict[str, Any]) -> None:
    """ValueError on what is no ledger row, such as figures below zero that would make room for others."""
    datetime.strptime(row["at"], AT)  # noqa: DTZ007  (only its form is asked)
    figures = [row["confirmed"], row["removed"]]
    figures += [people for kind in ("cities", "others") for people in row[kind].values() if people is not None]
    if any(type(people) is not int or people < 0 for people in figures):
        raise ValueError("not a number of people")


def verify(lines: Iterable[str]) -> int:
    """Check numbers, chain, hashes, times and sums of a downloaded ledger; returns its rows, or raises Broken."""
    previous, at, rows = START, "", 0
    shown: dict[str, int | None] = {}
    for rows, line in enumerate((line for line in lines if line.strip()), start=1):
        try:
            row = json.loads(line)
            _check_types(row)
            follows = row["n"] == rows and row["previous"] == previous and row["at"] >= at
            unchanged = row["hash"] == digest(row)
            for kind in ("cities", "others"):
                shown |= {f"{kind} {key}": people for key, people in row[kind].items()}
            fits = sum(people or 0 for people in shown.values()) <= row["confirmed"]
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise Broken(f"row {rows} cannot be read") from fault
        if not follows:
            raise Broken(f"row {rows} does not follow the row before it")
        if not unchanged:
            raise Broken(f"row {rows} has been changed: its hash is another")
        if not fits:
            raise Broken(f"row {rows}: its places are more than its total")
        previous, at = row["hash"], row["at"]
    return rows
