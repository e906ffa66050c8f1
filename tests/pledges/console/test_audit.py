from collections.abc import Callable
from datetime import UTC, datetime

from django.test import Client

from pledges import record
from pledges.models import Record, Staff

NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)


def test_the_record_is_shown_newest_first(admin: Staff, entering: Callable[[Staff], Client]) -> None:
    record.write("plan held", by=admin, now=NOON, rally="clean-air")
    record.write("plan released", by=admin, now=NOON, rally="clean-air")

    body = entering(admin).get("/record/").content.decode()

    assert body.index("released the plan") < body.index("held the plan")
    assert "The record is whole" in body


def test_a_changed_row_is_found(admin: Staff, entering: Callable[[Staff], Client]) -> None:
    for act in ("plan held", "plan released"):
        record.write(act, by=admin, now=NOON)
    Record.objects.filter(n=1).update(act="site put")

    body = entering(admin).get("/record/").content.decode()

    assert "The record is broken at row 1" in body


def test_the_record_is_paged(admin: Staff, entering: Callable[[Staff], Client]) -> None:
    for n in range(60):
        record.write("plan held", by=admin, now=NOON, n=n)
    client = entering(admin)

    first, second = client.get("/record/").content.decode(), client.get("/record/?page=2").content.decode()

    assert first.count("held the plan") == 50
    assert second.count("held the plan") == 10
    assert "?page=2" in first
