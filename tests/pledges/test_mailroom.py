"""The mailroom against a real SMTP server."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pledges import mailroom, pledging, sealing
from pledges.models import Letter, Pledge, Rally, SealedAddress, Suppression
from pledges.relays import Sent, outcome_of
from tests.pledges.conftest import NOON, mailbox, where

pytestmark = pytest.mark.usefixtures("catcher")
HOUR = timedelta(hours=1)


def test_the_letter_goes_out_with_links_and_code_and_carries_nothing_twice(ask, kazan, catcher, settings):
    settings.SITE_URLS = ["https://one.example", "https://two.example"]
    pledge = ask(kazan, "Ada@example.org", language="ru")
    seed = Letter.objects.get().seed

    assert mailroom.deliver_waiting(now=NOON) == 1
    assert mailroom.deliver_waiting(now=NOON) == 0

    (mail,) = catcher.mails()
    assert mail["X-RcptTo"] == "Ada@example.org"
    text = mail.get_body("plain").get_content()
    confirm, manage = sealing.token("confirm", seed), sealing.token("manage", seed)
    assert f"https://one.example/ru/confirm/{confirm}/" in text
    assert f"https://two.example/ru/confirm/{confirm}/" in text
    assert f"https://one.example/ru/manage/{manage}/" in text
    assert sealing.code(seed) in text
    assert "MARK" not in mail.as_string()
    assert mail["List-Unsubscribe"] == f"<https://one.example/ru/manage/{manage}/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    pledge.refresh_from_db()
    assert pledge.mailed_at == NOON


def test_new_pending_and_confirmed_mailboxes_get_the_same_letter(ask, kazan, catcher, pledge_from):
    pledge_from(kazan, "known@example.org")
    ask(kazan, "pending@example.org")
    mailroom.deliver_waiting(now=NOON)
    before = len(catcher.mails())
    for address in ("new@example.org", "pending@example.org", "known@example.org"):
        ask(kazan, address)
    mailroom.deliver_waiting(now=NOON)

    def masked(mail):
        text = mail.get_body("plain").get_content()
        return [
            line
            for line in text.splitlines()
            if "/confirm/" not in line and "/manage/" not in line and "code" not in line
        ]

    letters = catcher.mails()[before:]
    assert len(letters) == 3
    assert masked(letters[0]) == masked(letters[1]) == masked(letters[2])


@pytest.mark.parametrize("address", ["x@mailinator.com", "bounce@example.org", "silent@example.org"])
def test_mailboxes_that_get_no_letter_look_like_any_other(rally, kazan, ask, catcher, address):
    Suppression.objects.create(fingerprint=mailbox("silent@example.org"), until=NOON + timedelta(days=1))
    pledge = ask(kazan, address)

    mailroom.deliver_waiting(now=NOON)

    assert catcher.mails() == []
    pledge.refresh_from_db()
    assert pledge.mailed_at == NOON
    assert not Letter.objects.exists()


def test_three_letters_a_day_and_five_in_all(kazan, ask, catcher):
    for day in (NOON, NOON + timedelta(hours=25)):
        for _ in range(4):
            ask(kazan, "ada@example.org", now=day)
        while mailroom.deliver_waiting(now=day):
            pass

        assert len(catcher.mails()) == (3 if day == NOON else 5)  # with the one reminder of the first day's last


def test_a_deferred_letter_is_tried_again_and_not_lost(kazan, ask, catcher):
    ask(kazan, "defer@example.org")
    mailroom.deliver_waiting(now=NOON)
    letter = Letter.objects.get()
    assert (letter.claimed_at, letter.tries) == (None, 1)

    assert mailroom.deliver_waiting(now=NOON + timedelta(seconds=59)) == 0
    assert mailroom.deliver_waiting(now=NOON + timedelta(seconds=61)) == 1
    assert Letter.objects.get().tries == 2


def test_letters_wait_while_no_relay_answers(kazan, ask, catcher, settings):
    relay = settings.EMAIL_URLS
    ask(kazan, "ada@example.org")
    settings.EMAIL_URLS = ["smtp://127.0.0.1:1"]
    mailroom.deliver_waiting(now=NOON)
    assert catcher.mails() == []

    settings.EMAIL_URLS = ["smtp://127.0.0.1:1", *relay]
    mailroom.deliver_waiting(now=NOON + 2 * timedelta(minutes=1))
    assert len(catcher.mails()) == 1


def test_a_crash_between_promise_and_stamp_repeats_the_same_letter(kazan, ask, catcher):
    pledge = ask(kazan, "ada@example.org")
    (claimed,) = mailroom.claim(now=NOON)
    mailroom.prepare(claimed, now=NOON)  # and here the process dies

    assert mailroom.deliver_waiting(now=NOON + timedelta(minutes=1)) == 0  # the lease still runs
    assert mailroom.deliver_waiting(now=NOON + timedelta(minutes=6)) == 1
    pledge.refresh_from_db()
    assert pledge.letters == 1
    assert len(catcher.mails()) == 1


def test_a_blob_that_does_not_open_stops_nobody_behind_it(rally, kazan, ask, catcher):
    junk = sealing.seal_to_mailroom("ada@example.org", slug="another-rally")
    pledging.make_pledge(rally=rally, where=where(kazan), sealed=junk, forget=False, language="en", now=NOON)
    not_an_address = sealing.seal_to_mailroom("ada", slug=rally.slug)
    pledging.make_pledge(rally=rally, where=where(kazan), sealed=not_an_address, forget=False, language="en", now=NOON)
    ask(kazan, "bob@example.org")

    mailroom.deliver_waiting(now=NOON)

    assert [mail["X-RcptTo"] for mail in catcher.mails()] == ["bob@example.org"]


def test_one_reminder_after_a_day_and_then_nothing(kazan, ask, catcher):
    ask(kazan, "ada@example.org")
    for hours in (0, 1, 23, 25, 26, 47):
        mailroom.deliver_waiting(now=NOON + hours * HOUR)

    texts = [mail.get_body("plain").get_content() for mail in catcher.mails()]
    assert len(texts) == 2
    assert "A day ago" in texts[1]
    assert not Letter.objects.exists()


def test_whoever_answered_a_later_letter_is_not_reminded_of_the_first(kazan, ask, mailed, catcher):
    ask(kazan, "ada@example.org")
    mailroom.deliver_waiting(now=NOON)
    pledging.confirm(mailed(kazan, "ada@example.org", now=NOON + HOUR).pk, now=NOON + HOUR)

    mailroom.tidy()
    mailroom.deliver_waiting(now=NOON + 25 * HOUR)

    assert len(catcher.mails()) == 1


def test_unconfirmed_pledges_go_48_hours_after_their_letter_was_accepted(kazan, ask, pledge_from):
    ask(kazan, "ada@example.org")
    pledge_from(kazan, "bob@example.org")
    mailroom.deliver_waiting(now=NOON)

    mailroom.expire(now=NOON + 48 * HOUR)
    assert Pledge.objects.count() == 2
    mailroom.expire(now=NOON + 49 * HOUR)

    assert Pledge.objects.get().confirmed_at
    assert SealedAddress.objects.count() == 1


def test_a_pledge_whose_letter_nobody_accepts_goes_after_seven_days(kazan, ask, settings):
    settings.EMAIL_URLS = ["smtp://127.0.0.1:1"]
    ask(kazan, "ada@example.org")
    mailroom.expire(now=NOON + timedelta(days=6))
    assert Pledge.objects.exists()

    mailroom.expire(now=NOON + timedelta(days=7))

    assert not Pledge.objects.exists()
    assert not Letter.objects.exists()


def test_old_times_and_domain_tags_are_blurred_after_14_days(kazan, pledge_from):
    pledge = pledge_from(kazan, "ada@example.org")
    assert pledge.confirmed_at == NOON

    mailroom.expire(now=NOON + timedelta(days=15))

    pledge.refresh_from_db()
    assert pledge.domain_tag is None
    assert pledge.confirmed_at == NOON.replace(hour=0)


def test_confirming_ends_the_letter(kazan, ask, catcher):
    pledge = ask(kazan, "ada@example.org")
    mailroom.deliver_waiting(now=NOON)
    pledging.confirm(pledge.pk, now=timezone.now())

    mailroom.tidy()

    assert not Letter.objects.exists()


def test_one_sealed_blob_sent_twice_is_two_letters_and_stops_nobody(rally, kazan, ask, catcher):
    blob = sealing.seal_to_mailroom("ada@example.org", slug=rally.slug)
    for _ in range(2):
        pledging.make_pledge(rally=rally, where=where(kazan), sealed=blob, forget=False, language="en", now=NOON)
    ask(kazan, "bob@example.org")

    mailroom.deliver_waiting(now=NOON)

    assert len(catcher.mails()) == 3
    assert len(set(Pledge.objects.values_list("confirm_hash", flat=True))) == 3


def test_a_letter_that_cannot_be_written_is_put_off_and_those_behind_it_go(rally, kazan, ask, catcher):
    pledge = ask(kazan, "ada@example.org")
    Letter.objects.filter(pk=pledge.pk).update(language="zz", tries=32767 - 10)
    rally_without_key = Rally.objects.create(slug="keyless", threshold=5, opens_at=NOON)
    sealed = sealing.seal_to_mailroom("cyd@example.org", slug="keyless")
    pledging.make_pledge(
        rally=rally_without_key, where=where(kazan), sealed=sealed, forget=False, language="en", now=NOON
    )
    ask(kazan, "bob@example.org")

    mailroom.deliver_waiting(now=NOON)

    assert "bob@example.org" in [mail["X-RcptTo"] for mail in catcher.mails()]
    waiting = Letter.objects.get(pledge__rally=rally_without_key)
    assert (waiting.claimed_at, waiting.due_at) == (None, NOON + timedelta(minutes=1))


def test_a_cancelled_rally_sends_no_more_letters(rally, kazan, ask, catcher):
    ask(kazan, "ada@example.org")
    Rally.objects.filter(pk=rally.pk).update(cancelled_at=NOON)

    mailroom.deliver_waiting(now=NOON)

    assert catcher.mails() == []


def test_the_48_hours_count_from_the_first_letter(kazan, ask, catcher):
    ask(kazan, "ada@example.org")
    mailroom.deliver_waiting(now=NOON)
    mailroom.deliver_waiting(now=NOON + 25 * HOUR)  # the reminder

    mailroom.expire(now=NOON + 49 * HOUR)

    assert len(catcher.mails()) == 2
    assert not Pledge.objects.exists()


@pytest.mark.parametrize(
    ("code", "words", "meant"),
    [
        (550, b"5.1.1 no such user", Sent.REFUSED),
        (550, b"no such user", Sent.REFUSED),
        (552, b"5.2.2 mailbox full", Sent.REFUSED),
        (550, b"5.7.1 relaying denied", Sent.DEFERRED),
        (554, b"blocked by our list", Sent.DEFERRED),
        (451, b"4.3.0 later", Sent.DEFERRED),
    ],
)
def test_a_refusal_is_final_only_if_it_is_about_the_mailbox(code, words, meant):
    assert outcome_of(code, words) is meant


def test_no_line_of_a_letter_is_longer_than_smtp_carries(rally, kazan, ask, catcher):
    Rally.objects.filter(pk=rally.pk).update(texts={"en": {"title": "воздух " * 400}})
    ask(kazan, "ada@example.org")

    mailroom.deliver_waiting(now=NOON)

    raw = catcher.raw()
    assert max(len(line) for line in raw[0].split(b"\r\n")) <= 998
