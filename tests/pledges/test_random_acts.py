"""Whatever people do in whatever order, the tally is a recount, and the public figures keep their promises."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from maps.gazetteer import gazetteer
from pledges import mailroom, pledging, tally
from pledges.models import CityTally, LedgerRow, Letter, Pledge, Rally, SealedAddress
from pledges.publishing import ledger, reading, snapshot
from pledges.sealing import seal_to_mailroom, token_hash
from tests.pledges.conftest import NOON, where

PEOPLE = [f"person{n}@example.org" for n in range(5)]
CITIES = [551487, 480060, 2950159]


def acts_on(rally_id):
    class Acts(RuleBasedStateMachine):
        """Five mailboxes, three cities, one folder; the model is who is counted where."""

        def __init__(self):
            super().__init__()
            self.outer = transaction.atomic()
            self.outer.__enter__()
            self.now = NOON
            self.counted = {}  # person → city
            self.pledges = []  # (person, id)
            self.rally = Rally.objects.get(pk=rally_id)

        def teardown(self):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

        def pick(self, data):
            return data.draw(st.sampled_from(self.pledges)) if self.pledges else (None, None)

        @rule(person=st.sampled_from(PEOPLE), city=st.sampled_from(CITIES), forget=st.booleans())
        def pledge(self, person, city, forget):
            sealed = seal_to_mailroom(person, slug=self.rally.slug)
            place = gazetteer().by_id[city]
            handle = pledging.make_pledge(
                rally=self.rally, where=where(place), sealed=sealed, forget=forget, language="ru", now=self.now
            )
            pk = Pledge.objects.get(handle_hash=token_hash(handle)).pk
            letter = Letter.objects.select_related("pledge__rally").get(pk=pk)
            if mailroom.prepare(letter, now=self.now):
                self.pledges.append((person, pk))

        @rule(data=st.data())
        def confirm(self, data):
            person, pk = self.pick(data)
            try:
                if pk and pledging.confirm(pk, now=self.now):
                    self.counted[person] = Pledge.objects.get(pk=pk).city_id
            except pledging.Gone:
                assert not Pledge.objects.filter(pk=pk).exists()

        @rule(data=st.data(), city=st.sampled_from(CITIES))
        def move(self, data, city):
            person, pk = self.pick(data)
            try:
                if pk and pledging.move(pk, where(gazetteer().by_id[city])).confirmed_at:
                    self.counted[person] = city
            except pledging.Gone:
                assert not Pledge.objects.filter(pk=pk).exists()

        @rule(data=st.data(), silenced=st.booleans())
        def withdraw(self, data, silenced):
            person, pk = self.pick(data)
            try:
                if pk and silenced:
                    pledging.disown(pk, now=self.now)
                elif pk:
                    pledging.withdraw(pk)
            except pledging.Gone:
                return
            self.counted.pop(person, None)

        @rule(data=st.data())
        def forget(self, data):
            _, pk = self.pick(data)
            try:
                if pk:
                    pledging.forget_address(pk)
                    mailroom.tidy()
                    assert not SealedAddress.objects.filter(pk=pk).exists()
            except pledging.Gone:
                assert not Pledge.objects.filter(pk=pk).exists()

        @rule(seconds=st.integers(1, 90))
        def fold(self, seconds):
            self.now += timedelta(seconds=seconds)
            tally.fold(rally_id, now=self.now)
            snapshot.publish(rally_id, now=self.now)
            self.rally.refresh_from_db()
            assert self.rally.confirmed == len(self.counted)
            assert tally.total_difference(rally_id) == (0, 0)
            reading.forget()
            shown = reading.read(self.rally.slug)
            assert shown.confirmed == len(self.counted)
            assert sum(shown.cities.values()) + sum(row["confirmed"] for row in shown.body["others"]) <= shown.confirmed
            ledger.verify(LedgerRow.objects.order_by("n").values_list("line", flat=True))

        @invariant()
        def tally_and_waiting_changes_are_a_recount(self):
            assert tally.differences(rally_id) == []

        @invariant()
        def everybody_is_counted_once_where_they_said(self):
            rows = Pledge.objects.counted().values_list("city_id", flat=True)
            assert sorted(rows) == sorted(self.counted.values())
            assert not CityTally.objects.filter(confirmed__lt=0).exists()

    return Acts


@pytest.fixture
def small_steps(settings):
    """Figures that five people can move."""
    settings.PUBLISH_STEP, settings.PUBLISH_MIN_CITY = 2, 2


@pytest.mark.usefixtures("small_steps")
def test_random_acts_never_break_the_count(rally):
    run_state_machine_as_test(
        acts_on(rally.pk),
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
