"""The clock. No arguments, safe to run twice, safe to run in two places at once; each looks for what is waiting."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.db import DataError, IntegrityError
from django.utils import timezone

from pledges import announcing, letters, mailroom, tally
from pledges.models import Change, Rally
from pledges.publishing import snapshot

log = logging.getLogger(__name__)


@contextmanager
def each_by_itself() -> Iterator[None]:
    """One rally's broken row must not stop the others' count; it is tried again at the next tick."""
    try:
        yield
    except (IntegrityError, DataError, LookupError) as fault:
        log.error("a rally could not be counted: %s", type(fault).__qualname__)


@shared_task
def tally_tick() -> None:
    """Fold what waits, then publish every rally, whatever its state."""
    now = timezone.now()
    for rally_id in Change.objects.waiting_rallies():
        with each_by_itself():
            tally.fold(rally_id, now=now)
    for rally_id in Rally.objects.shown().values_list("pk", flat=True):
        with each_by_itself():
            snapshot.publish(rally_id, now=now)


@shared_task
def tally_rallies() -> None:
    """Publish the plans of rallies that have crossed; close those whose day has passed."""
    now = timezone.now()
    announcing.publish_due(now=now)
    announcing.close_past(now=now)


@shared_task
def mail_waiting() -> None:
    """Send the confirmation letters that are due, batch after batch for up to half a minute."""
    started = timezone.now()
    while (now := timezone.now()) < started + mailroom.RUN and mailroom.deliver_waiting(now=now):
        pass


@shared_task
def mail_tidy() -> None:
    mailroom.tidy()


@shared_task
def mail_expire() -> None:
    mailroom.expire(now=timezone.now())


@shared_task
def announce_letters() -> None:
    letters.deliver_waiting(now=timezone.now())
