"""How the announcement stands: which one holds, what it changed, when one will come. Part of the snapshot."""

from datetime import datetime
from typing import Any

from pledges import announcing
from pledges.models import Announcement, LedgerRow, Rally
from pledges.models.announcement import Kind


def standing(rally: Rally, *, now: datetime) -> dict[str, Any]:
    """`announcement` holds now; `early` called it before the threshold, at so many; `date_before` is what a changed
    date replaced, as [day, time]; `date_due` is when the worker will publish by itself."""
    told = Announcement.objects.told(rally)
    early = next((one for one in told if one["kind"] == Kind.EARLY), None)
    due = announcing.publishes_at(rally, now=now)
    return {
        "announcement": told[0]["pk"] if told else None,
        "date_before": _date_before(told),
        "early": early and {"announcement": early["pk"], "confirmed": confirmed_at(rally, early["published_at"])},
        "date_due": due and due.isoformat(timespec="minutes"),
    }


def _date_before(told: list[dict[str, Any]]) -> list[str] | None:
    dates = [[one["content__date"], one["content__time"]] for one in told if one["content__date"]]
    return next((date for date in dates if date != dates[0]), None)


def confirmed_at(rally: Rally, moment: datetime) -> int:
    """The total as the ledger had it then; 0 before its first row."""
    rows = LedgerRow.objects.filter(rally=rally, at__lte=moment).order_by("-at").values_list("confirmed", flat=True)
    return rows.first() or 0
