"""Everything goes on a published date: what is left of a rally is what was public of it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from pledges import record
from pledges.models import AnnouncementLetter, Change, Letter, Pledge, Rally, SealedAddress
from pledges.models.rally import Status

BATCH = 5_000  # pledges deleted in one transaction


class StillRunning(Exception):
    """The rally is neither over nor cancelled."""


def held(rally: Rally) -> Counter[str]:
    """How many rows of each kind would go."""
    return Counter(
        {
            "pledges": Pledge.objects.filter(rally=rally).count(),
            "letters": Letter.objects.filter(pledge__rally=rally).count(),
            "sealed addresses": SealedAddress.objects.filter(pledge__rally=rally).count(),
            "announcement letters": AnnouncementLetter.objects.filter(announcement__rally=rally).count(),
            "changes": Change.objects.of(rally).count(),
        }
    )


def shred(
    rally: Rally, *, now: datetime, even_if_running: bool = False, report: Callable[[int], None] = lambda _: None
) -> Counter[str]:
    """Delete a rally's pledges and all that hangs on them; what was published stays. Returns what is gone.

    Closes the rally first, so that nothing comes in behind it, and may be repeated after a crash.
    """
    _close(rally, now=now, even_if_running=even_if_running)
    before, gone = held(rally), 0
    while batch := list(Pledge.objects.filter(rally=rally).values_list("pk", flat=True)[:BATCH]):
        gone += Pledge.objects.filter(pk__in=batch).erase()
        report(gone)
    with transaction.atomic():
        Change.objects.of(rally).delete()
        record.write("rally shredded", by=None, now=now, rally=rally.slug, pledges=gone)
    return before - held(rally)


@transaction.atomic
def _close(rally: Rally, *, now: datetime, even_if_running: bool) -> None:
    locked = Rally.objects.select_for_update(no_key=True).get(pk=rally.pk)
    if locked.status not in {Status.OVER, Status.CANCELLED}:
        if not even_if_running:
            raise StillRunning(rally.slug)
        locked.over_at = now
    locked.shredded_at = locked.shredded_at or now
    locked.save(update_fields=["over_at", "shredded_at"])
