from datetime import timedelta

import pytest

from pledges import mailroom, pledging, sealing
from pledges.models import Change, Letter, Pledge, Removal, SealedAddress, Suppression
from tests.pledges.conftest import NOON, mailbox, where


def test_what_was_answered_check_your_mail_is_stored_with_the_letter_it_is_owed(ask, kazan):
    pledge = ask(kazan, "ada@example.org")

    assert (pledge.city_id, pledge.confirmed_at, pledge.fingerprint) == (kazan.id, None, None)
    assert Letter.objects.get(pk=pledge.pk).due_at == NOON


def test_only_confirmed_pledges_count(rally, kazan, pledge_from, mailed, count):
    pledge_from(kazan, "ada@example.org")
    mailed(kazan, "bob@example.org")

    assert count().confirmed == 1


def test_confirming_twice_counts_once(kazan, pledge_from, count):
    pledge = pledge_from(kazan, "ada@example.org")
    pledging.confirm(pledge.pk, now=NOON)

    assert count().confirmed == 1


def test_pledging_again_from_another_city_moves_the_pledge(kazan, tver, pledge_from, count):
    first = pledge_from(kazan, "ada@example.org")
    pledge_from(tver, "Ada@example.org")

    rally = count()
    assert rally.confirmed == 1
    assert not Pledge.objects.filter(pk=first.pk).exists()
    assert Pledge.objects.get(rally=rally).city_id == tver.id


def test_spellings_of_one_mailbox_are_one_pledge(kazan, pledge_from, count):
    for address in ["a.d.a@gmail.com", "ada+rally@googlemail.com", "ADA@gmail.com"]:
        pledge_from(kazan, address)

    assert count().confirmed == 1


def test_confirming_with_another_city_counts_there(kazan, tver, mailed, count):
    pledging.confirm(mailed(kazan, "ada@example.org").pk, now=NOON, where=where(tver))

    rally = count()
    assert Pledge.objects.get(rally=rally).city_id == tver.id


def test_moving_leaves_the_total_alone(rally, kazan, tver, pledge_from, count):
    pledge = pledge_from(kazan, "ada@example.org")
    pledging.move(pledge.pk, where(tver))

    assert count().confirmed == 1
    assert dict(rally_tallies(rally)) == {kazan.id: 0, tver.id: 1}


def test_withdrawing_deletes_every_row_of_the_mailbox(rally, kazan, tver, pledge_from, mailed, count):
    pledge = pledge_from(kazan, "ada@example.org")
    mailed(tver, "ada@example.org")
    pledging.withdraw(pledge.pk)

    assert count().confirmed == 0
    assert not Pledge.objects.exists()
    assert not SealedAddress.objects.exists()
    assert not Letter.objects.exists()


def test_forgetting_the_address_keeps_the_count(kazan, pledge_from, count):
    pledge = pledge_from(kazan, "ada@example.org")
    assert SealedAddress.objects.filter(pk=pledge.pk).exists()
    pledging.forget_address(pledge.pk)
    mailroom.tidy()

    assert count().confirmed == 1
    assert not SealedAddress.objects.exists()


def test_a_pledge_that_asks_to_be_forgotten_never_has_a_sealed_address(kazan, pledge_from, count):
    pledge_from(kazan, "ada@example.org", forget=True)

    assert count().confirmed == 1
    assert not SealedAddress.objects.exists()


def test_it_was_not_me_deletes_and_silences(kazan, mailed, ask):
    pledge = mailed(kazan, "ada@example.org")
    pledging.disown(pledge.pk, now=NOON)

    assert not Pledge.objects.exists()
    assert Suppression.objects.filter(fingerprint=mailbox("ada@example.org")).exists()
    later = Letter.objects.select_related("pledge__rally").get(pk=ask(kazan, "ada@example.org").pk)
    assert mailroom.prepare(later, now=NOON) is None


def test_a_removed_mailbox_that_confirms_again_stays_removed(rally, kazan, tver, pledge_from, admin, count):
    fake = pledge_from(kazan, "fake@example.org")
    removal = Removal.objects.create(rally=rally, criteria={}, reason="burst", made_by=admin, made_at=NOON)
    Pledge.objects.filter(pk=fake.pk).update(removed_at=NOON, removal=removal)
    Change.objects.create(rally=rally, region_id=kazan.region_id, city_id=kazan.id, confirmed=-1, removed=1)

    again = pledge_from(tver, "fake@example.org")

    assert (count().confirmed, count().removed) == (0, 1)
    assert again.removed_at == NOON
    assert again.confirmed_at is not None


def test_a_closed_rally_takes_no_pledges(rally, kazan, ask, mailed):
    waiting = mailed(kazan, "ada@example.org")
    rally.over_at = NOON
    rally.save()

    with pytest.raises(pledging.NotTakingPledges):
        ask(kazan, "bob@example.org")
    with pytest.raises(pledging.NotTakingPledges):
        pledging.confirm(waiting.pk, now=NOON)


def test_the_code_confirms_and_five_wrong_ones_end_it(rally, kazan, count):
    def asked(address):
        blob = sealing.seal_to_mailroom(address, slug=rally.slug)
        handle = pledging.make_pledge(
            rally=rally, where=where(kazan), sealed=blob, forget=False, language="en", now=NOON
        )
        mailroom.prepare(Letter.objects.select_related("pledge__rally").get(blob=blob), now=NOON)
        return handle, sealing.code(Letter.objects.get(blob=blob).seed)

    handle, code = asked("ada@example.org")
    assert pledging.confirm_by_code(handle, "not it", now=NOON) is None
    assert pledging.confirm_by_code(handle, code, now=NOON)

    handle, code = asked("bob@example.org")
    for _ in range(5):
        assert pledging.confirm_by_code(handle, "0" if code != "0" else "1", now=NOON) is None
    assert pledging.confirm_by_code(handle, code, now=NOON) is None
    assert count().confirmed == 1


def test_a_code_before_its_letter_was_written_is_wrong(rally, kazan, ask):
    blob = sealing.seal_to_mailroom("ada@example.org", slug=rally.slug)
    handle = pledging.make_pledge(rally=rally, where=where(kazan), sealed=blob, forget=False, language="en", now=NOON)

    assert pledging.confirm_by_code(handle, sealing.code(Letter.objects.get().seed), now=NOON) is None


@pytest.mark.parametrize("token", ["", "x", "кириллица", "A" * 22, "A" * 4000, "AAAAAAAAAAAAAAAAAAAAA=", "\0" * 22])
def test_a_forged_token_finds_nothing(rally, token):
    for purpose in ("confirm", "manage"):
        with pytest.raises(pledging.Gone):
            pledging.find(purpose, token)


def test_a_token_serves_its_own_purpose_only(rally, kazan):
    blob = sealing.seal_to_mailroom("ada@example.org", slug=rally.slug)
    pledging.make_pledge(rally=rally, where=where(kazan), sealed=blob, forget=False, language="en", now=NOON)
    mailroom.prepare(Letter.objects.select_related("pledge__rally").get(blob=blob), now=NOON)

    seed = Letter.objects.get().seed
    assert pledging.find("confirm", sealing.token("confirm", seed))
    with pytest.raises(pledging.Gone):
        pledging.find("manage", sealing.token("confirm", seed))


def test_no_time_of_a_visitor_is_finer_than_a_minute(kazan, pledge_from):
    pledge = pledge_from(kazan, "ada@example.org", now=NOON + timedelta(seconds=31, microseconds=5))

    assert {pledge.asked_at, pledge.mailed_at, pledge.confirmed_at} == {NOON}


def rally_tallies(rally):
    from pledges.models import CityTally

    return CityTally.objects.filter(rally=rally).values_list("city_id", "confirmed")
