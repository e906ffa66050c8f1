"""Exactness: one fold, many folders, killed folders, random acts."""

import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from pledges import pledging, tally
from pledges.models import Change, CityTally, LedgerRow, Pledge, Rally
from pledges.publishing import ledger, snapshot
from tests.pledges.conftest import NOON, where


def test_a_fold_adds_what_waits_and_leaves_nothing(rally, kazan, pledge_from):
    pledge_from(kazan, "ada@example.org")
    pledge_from(kazan, "bob@example.org")

    folded = tally.fold(rally.pk, now=NOON)

    assert folded == tally.Folded(places=1, confirmed=2, removed=0, crossed=False)
    assert CityTally.objects.get(rally=rally, city_id=kazan.id).confirmed == 2
    assert not Change.objects.exists()


def test_people_of_a_region_alone_have_a_tally_of_their_own(rally, kazan, pledge_from, count):
    pledge = pledge_from(kazan, "ada@example.org")
    pledging.move(pledge.pk, pledging.Where(kazan.region_id, None))

    count()

    assert CityTally.objects.get(rally=rally, region_id=kazan.region_id, city=None).confirmed == 1
    assert tally.differences(rally.pk) == []


def test_the_threshold_is_latched_once_and_stays(rally, kazan, pledge_from):
    Rally.objects.filter(pk=rally.pk).update(threshold=2)
    pledges = [pledge_from(kazan, f"{name}@example.org") for name in ("ada", "bob")]

    assert tally.fold(rally.pk, now=NOON).crossed
    pledging.withdraw(pledges[0].pk)
    assert not tally.fold(rally.pk, now=NOON + timedelta(hours=1)).crossed
    pledge_from(kazan, "cyd@example.org")
    assert not tally.fold(rally.pk, now=NOON + timedelta(hours=2)).crossed

    rally.refresh_from_db()
    assert rally.reached_at == NOON


def test_a_recount_finds_a_planted_error_and_mends_it(rally, kazan, pledge_from, count):
    pledge_from(kazan, "ada@example.org")
    count()
    CityTally.objects.filter(rally=rally).update(confirmed=5)

    (wrong,) = tally.differences(rally.pk)
    assert (wrong.tallied, wrong.rows) == ((5, 0), (1, 0))
    assert tally.total_difference(rally.pk) == (4, 0)

    tally.rebuild(rally.pk, now=NOON)
    assert tally.differences(rally.pk) == []
    assert tally.total_difference(rally.pk) == (0, 0)
    assert CityTally.objects.get(rally=rally).confirmed == 1


# From here on the transactions are real, for several processes and threads act at once.


def in_thread(act, *args, **kwargs):
    try:
        return act(*args, **kwargs)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_forty_concurrent_confirms_of_one_mailbox_count_one(rally, kazan, tver, mailed):
    pledges = [mailed(place, "ada@example.org") for place in (kazan, tver, kazan)]

    with ThreadPoolExecutor(8) as pool:
        acts = [pool.submit(in_thread, pledging.confirm, pledges[n % 3].pk, now=NOON) for n in range(40)]
    gone = [act.exception() for act in acts if act.exception()]

    assert all(isinstance(fault, pledging.Gone) for fault in gone)  # their place was taken by a later one
    assert Pledge.objects.confirmed().count() == 1
    tally.fold(rally.pk, now=NOON)
    assert Rally.objects.get(pk=rally.pk).confirmed == 1
    assert tally.differences(rally.pk) == []


@pytest.mark.django_db(transaction=True)
def test_confirming_is_not_blocked_while_a_fold_is_open(rally, kazan, mailed):
    first, second = mailed(kazan, "ada@example.org"), mailed(kazan, "bob@example.org")
    pledging.confirm(first.pk, now=NOON)

    with transaction.atomic():
        tally.fold(rally.pk, now=NOON)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(in_thread, pledging.confirm, second.pk, now=NOON).result(timeout=10)
            assert pool.submit(in_thread, tally.fold, rally.pk, now=NOON).result(timeout=10) is None

    tally.fold(rally.pk, now=NOON)
    assert Rally.objects.get(pk=rally.pk).confirmed == 2


def fold_and_publish_for_ever(rally_id):
    """A tally worker that holds its fold open for a moment, so that a kill finds it in the middle."""
    connection.close()
    tick = 0
    while True:
        tick += 1
        with transaction.atomic():
            tally.fold(rally_id, now=NOON + timedelta(milliseconds=tick))
            time.sleep(random.random() / 50)
        snapshot.publish(rally_id, now=NOON + timedelta(seconds=tick))


@pytest.mark.django_db(transaction=True)
def test_folders_killed_in_mid_fold_lose_and_double_nothing(rally, kazan, tver, mailed):
    """Two folders, one of them killed again and again, and eight writers who confirm, move and withdraw."""
    Rally.objects.filter(pk=rally.pk).update(threshold=60)
    pledges = [mailed((kazan, tver)[n % 2], f"person{n}@example.org") for n in range(160)]
    kills, stop = 0, threading.Event()
    spawn = multiprocessing.get_context("fork")

    def write(mine):
        for n, pledge in enumerate(mine):
            pledging.confirm(pledge.pk, now=NOON)
            if n % 5 == 1:
                pledging.move(pledge.pk, where((kazan, tver)[n % 2]))
            if n % 5 == 2:
                pledging.withdraw(pledge.pk)
            time.sleep(random.random() / 25)

    connection.close()
    steady = spawn.Process(target=fold_and_publish_for_ever, args=[rally.pk], daemon=True)
    steady.start()
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(in_thread, write, pledges[n::8]) for n in range(8)]
        while not all(writer.done() for writer in writers):
            victim = spawn.Process(target=fold_and_publish_for_ever, args=[rally.pk], daemon=True)
            victim.start()
            time.sleep(0.05 + random.random() / 10)
            os.kill(victim.pid, signal.SIGKILL)
            victim.join()
            kills += 1
        for writer in writers:
            writer.result()
    stop.set()
    os.kill(steady.pid, signal.SIGKILL)
    steady.join()
    while tally.fold(rally.pk, now=NOON) is None:  # PostgreSQL may still be ending the killed folder's session
        time.sleep(0.05)
    tally.fold(rally.pk, now=NOON)

    left = Pledge.objects.counted().count()
    assert kills >= 3
    assert left == 128
    assert Rally.objects.get(pk=rally.pk).confirmed == left
    assert sum(CityTally.objects.values_list("confirmed", flat=True)) == left
    assert tally.differences(rally.pk) == []
    lines = LedgerRow.objects.order_by("n").values_list("line", flat=True)
    assert ledger.verify(lines) >= 1
    assert sum('"reached":true' in line for line in lines) == 1
