"""The clock. No arguments, safe to run twice, safe to run in two places at once; each looks for what is waiting."""

from celery import shared_task
from django.utils import timezone

from pledges import announcing, letters, mailroom, tally
from pledges.models import Change, Rally
from pledges.publishing import snapshot


@shared_task
def tally_tick() -> None:
    """Fold what waits, then publish every rally, whatever its state."""
    now = timezone.now()
    for rally_id in Change.objects.waiting_rallies():
        tally.fold(rally_id, now=now)
    for rally_id in Rally.objects.shown().values_list("pk", flat=True):
        snapshot.publish(rally_id, now=now)


@shared_task
def tally_rallies() -> None:
    """Publish the plans of rallies that have crossed."""
    announcing.publish_due(now=timezone.now())


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
