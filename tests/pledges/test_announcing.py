"""Plan, approve, publish; and the letters that follow."""

from datetime import date, time, timedelta

import pytest
from django.test import Client

from maps.gazetteer import gazetteer
from pledges import announcing, letters, mailroom, planning, pledging, record, sealing, trustees
from pledges.models import Announcement, AnnouncementLetter, Letter, Rally, RallySite, Record, SealedAddress
from pledges.models.announcement import Kind, LetterState
from tests.pledges.conftest import AT, NOON, TEXTS, where


@pytest.fixture
def reached(rally):
    Rally.objects.filter(pk=rally.pk).update(reached_at=NOON)


def test_nobody_approves_their_own_act(plan, admin, organizer):
    own = plan(by=admin)

    with pytest.raises(announcing.OwnAct):
        announcing.approve(announcement=own, seen_hash=own.content_hash, by=admin, now=NOON)
    with pytest.raises(announcing.Refused):  # an organizer drafts, an admin approves
        announcing.approve(announcement=own, seen_hash=own.content_hash, by=organizer, now=NOON)


def test_the_database_itself_refuses_an_approval_of_ones_own(plan):
    from django.db import IntegrityError

    drafted = plan()

    with pytest.raises(IntegrityError):
        Announcement.objects.filter(pk=drafted.pk).update(approved_by=drafted.drafted_by)


def test_what_is_approved_is_the_exact_content_that_was_seen(plan, admin):
    drafted = plan()

    with pytest.raises(announcing.Stale):
        announcing.approve(announcement=drafted, seen_hash="0" * 64, by=admin, now=NOON)
    Announcement.objects.filter(pk=drafted.pk).update(content=drafted.content | {"date": "2026-04-22"})
    with pytest.raises(announcing.Stale):
        announcing.approve(announcement=drafted, seen_hash=drafted.content_hash, by=admin, now=NOON)


def test_a_later_change_of_the_plan_does_not_change_what_was_drafted(rally, plan, sites, kazan):
    drafted = plan()
    RallySite.objects.update(place={"en": "Elsewhere"})

    drafted.refresh_from_db()
    assert drafted.site(kazan.id)["place"]["en"] == "Freedom Square"
    assert announcing.content_hash(drafted.content) == drafted.content_hash


def test_no_date_is_published_before_the_crossing(approved, organizer):
    with pytest.raises(announcing.Refused):
        announcing.publish(announcement=approved(), by=organizer, now=NOON)


def test_calling_early_needs_a_reason_in_each_language(plan):
    silent = {language: text | {"reason": ""} for language, text in TEXTS.items()}

    with pytest.raises(announcing.Refused):
        plan(Kind.EARLY, texts=silent)


def test_called_early_with_a_reason_it_is_public_and_the_threshold_may_still_come(rally, approved, organizer, count):
    announcing.publish(announcement=approved(Kind.EARLY), by=organizer, now=NOON)

    shown = count()
    assert shown.status == "announced"
    assert shown.reached_at is None


def test_a_past_date_is_neither_drafted_nor_published(reached, plan, approved, organizer):
    with pytest.raises(announcing.Refused):
        plan(day=date(2026, 3, 1))
    with pytest.raises(announcing.Refused):
        announcing.publish(announcement=approved(), by=organizer, now=NOON + timedelta(days=40))


def test_it_is_published_once(reached, approved, organizer):
    announcement = approved()
    announcing.publish(announcement=announcement, by=organizer, now=NOON)

    with pytest.raises(announcing.AlreadyPublished):
        announcing.publish(announcement=announcement, by=organizer, now=NOON)


def test_an_approved_plan_publishes_itself_at_the_crossing(rally, approved, settings):
    settings.ANNOUNCE_HOLD, settings.ANNOUNCE_HOURS, settings.PLAN_MIN_DAYS = 900, "10-20", 3
    announcement = approved()
    assert announcing.publish_due(now=NOON) == []

    Rally.objects.filter(pk=rally.pk).update(reached_at=NOON)
    assert announcing.publish_due(now=NOON + timedelta(minutes=14)) == []
    assert announcing.publish_due(now=NOON + timedelta(minutes=15)) == [announcement]
    assert announcing.publish_due(now=NOON + timedelta(minutes=16)) == []

    announcement.refresh_from_db()
    assert (announcement.published_by, announcement.number) == (None, 1)
    assert Rally.objects.get(pk=rally.pk).status == "announced"


@pytest.mark.parametrize("moment", [NOON.replace(hour=20), NOON.replace(hour=3), NOON + timedelta(days=27)])
def test_the_worker_keeps_to_the_hours_and_the_days_ahead(reached, approved, settings, moment):
    settings.ANNOUNCE_HOLD, settings.ANNOUNCE_HOURS, settings.PLAN_MIN_DAYS = 900, "10-20", 3
    approved()

    assert announcing.publish_due(now=moment) == []


def test_anybody_can_hold_the_worker_and_another_releases(rally, reached, approved, organizer, admin):
    approved()
    rally.refresh_from_db()
    announcing.hold(rally=rally, by=organizer, now=NOON)
    assert announcing.publish_due(now=NOON) == []

    announcing.release(rally=rally, by=admin, now=NOON)
    assert len(announcing.publish_due(now=NOON)) == 1


def test_a_void_plan_is_not_published(reached, approved, organizer):
    announcing.void(announcement=approved(), by=organizer, now=NOON)

    assert announcing.publish_due(now=NOON) == []


def test_the_visible_hour_takes_the_second_persons_place_where_that_is_set(reached, plan, admin, settings):
    drafted = plan()
    with pytest.raises(announcing.OwnAct):
        announcing.approve_by_waiting(announcement=drafted, seen_hash=drafted.content_hash, by=admin, now=NOON)

    settings.SECOND_PERSON = "delay"
    announcing.approve_by_waiting(announcement=drafted, seen_hash=drafted.content_hash, by=admin, now=NOON)
    assert announcing.publish_due(now=NOON + timedelta(minutes=59)) == []
    assert len(announcing.publish_due(now=NOON + timedelta(minutes=60))) == 1


def test_every_act_is_recorded_in_a_chain_that_shows_a_change(reached, approved, organizer):
    announcing.publish(announcement=approved(), by=organizer, now=NOON)
    assert [row.act for row in Record.objects.order_by("n")] == [
        "site put",
        "announcement drafted",
        "announcement approved",
        "announcement published",
    ]
    assert record.first_broken() is None

    Record.objects.filter(n=2).update(act="nothing happened")
    assert record.first_broken() == 2


def test_a_site_to_be_revealed_later_is_in_no_public_content(rally, reached, kazan, approved, sites, organizer):
    RallySite.objects.update(reveal_at=NOON + timedelta(days=2))
    announcement = approved()
    announcing.publish(announcement=announcement, by=organizer, now=NOON)
    announcement.refresh_from_db()

    assert announcing.public_content(announcement, now=NOON)["sites"] == {}
    assert planning.visible_site(announcement, kazan.id, now=NOON + timedelta(days=3))


# The letters.


@pytest.fixture
def published(rally, reached, approved, organizer):
    def done(now=NOON, **more):
        announcement = approved(**more)
        announcing.publish(announcement=announcement, by=organizer, now=now)
        announcement.refresh_from_db()
        return announcement

    return done


@pytest.mark.usefixtures("catcher")
def test_everyone_gets_the_announcement_once_with_date_local_time_and_their_site(
    rally, kazan, tver, pledge_from, published, catcher
):
    pledge_from(kazan, "ada@example.org", language="ru")
    pledge_from(tver, "bob@example.org")
    pledge_from(kazan, "forgotten@example.org", forget=True)
    published()

    letters.deliver_waiting(now=NOON)
    letters.deliver_waiting(now=NOON + timedelta(minutes=2))

    mails = {mail["X-RcptTo"]: mail for mail in catcher.mails()}
    assert len(catcher.mails()) == 2
    ada, bob = (mails[name].get_body("plain").get_content() for name in ("ada@example.org", "bob@example.org"))
    assert "площадь Свободы" in ada
    assert "19:00" in ada
    assert "Freedom Square" not in bob
    assert "Kazan" in bob  # the nearest city that has a site
    assert mails["ada@example.org"]["Subject"] == "Дата"


@pytest.mark.usefixtures("catcher")
def test_the_hour_is_that_of_the_readers_city(rally, pledge_from, published, catcher, organizer, count):
    vladivostok = gazetteer().by_id[2013348]
    place = {"en": "Harbour Square", "ru": "площадь у порта"}
    planning.put_site(rally=rally, city=vladivostok, place=place, note={}, by=organizer, now=NOON)
    pledge_from(vladivostok, "ada@example.org")
    published()
    letters.deliver_waiting(now=NOON)
    count(NOON + timedelta(seconds=1))

    (mail,) = catcher.mails()
    for part in ("plain", "html"):
        assert "21 April 2026, 19:00 (Vladivostok, local time)" in mail.get_body(part).get_content()
    page = Client().get(f"/en/clean-air/cities/{vladivostok.id}/").content.decode()
    assert 'datetime="2026-04-21T19:00:00+10:00"' in page
    assert "21 April 2026, 19:00" in page
    ics = Client().get(f"/en/clean-air/cities/{vladivostok.id}/rally.ics").content.decode()
    assert "DTSTART:20260421T090000Z" in ics


@pytest.mark.usefixtures("catcher")
def test_the_letters_resume_after_a_crash_with_the_same_message_id(rally, kazan, pledge_from, published, catcher):
    for n in range(45):
        pledge_from(kazan, f"person{n}@example.org")
    announcement = published()
    letters.write_letters(announcement, now=NOON)
    claimed = letters.claim(announcement, now=NOON)
    key = trustees.unlocked_key(rally)
    with letters.postman() as sender:
        for letter in claimed[:7]:
            letters._send_one(letter, announcement, key, sender, now=NOON)
    # and here the process is killed, before the checkpoint

    letters.deliver_waiting(now=NOON + timedelta(minutes=6))

    ids = [mail["Message-ID"] for mail in catcher.mails()]
    assert len(set(ids)) == 45
    assert len(ids) == 52
    assert set(AnnouncementLetter.objects.values_list("state", flat=True)) == {LetterState.SENT}


@pytest.mark.usefixtures("catcher")
def test_a_junk_row_stops_nobody_and_refusals_are_final(rally, kazan, pledge_from, published, catcher):
    junk = pledge_from(kazan, "junk@example.org")
    SealedAddress.objects.filter(pk=junk.pk).update(blob=b"\1\0\1" + bytes(368))
    pledge_from(kazan, "bounce@example.org")
    later = pledge_from(kazan, "defer@example.org")
    pledge_from(kazan, "ada@example.org")
    published()

    letters.deliver_waiting(now=NOON)

    states = dict(AnnouncementLetter.objects.values_list("pledge_id", "state"))
    assert sorted(states.values()) == [
        LetterState.WAITING,
        LetterState.SENT,
        LetterState.REFUSED,
        LetterState.UNREADABLE,
    ]
    assert states[later.pk] == LetterState.WAITING
    assert AnnouncementLetter.objects.get(pledge=later).due_at > NOON


@pytest.mark.usefixtures("catcher")
def test_letters_wait_while_the_key_is_locked(rally, kazan, pledge_from, published, settings, catcher):
    pledge_from(kazan, "ada@example.org")
    settings.AUTO_UNLOCK = False
    published()
    assert letters.deliver_waiting(now=NOON) == 0

    settings.AUTO_UNLOCK = True
    assert letters.deliver_waiting(now=NOON) == 1


@pytest.mark.usefixtures("catcher")
def test_letters_of_what_no_longer_holds_stop(rally, kazan, pledge_from, published, approved, organizer, catcher):
    pledge_from(kazan, "ada@example.org")
    old = published()
    changed = approved(Kind.CHANGED, day=date(2026, 4, 22))
    announcing.publish(announcement=changed, by=organizer, now=NOON + timedelta(minutes=1))

    letters.deliver_waiting(now=NOON + timedelta(minutes=2))

    assert [letter.announcement_id for letter in AnnouncementLetter.objects.all()] == [changed.pk]
    assert Announcement.objects.get(pk=old.pk).letters_stopped_at
    assert len(catcher.mails()) == 1


@pytest.mark.usefixtures("catcher")
def test_late_joiners_learn_date_and_site_from_their_confirmation_letter(rally, kazan, ask, published, catcher):
    published()
    pledge = ask(kazan, "late@example.org", now=NOON + timedelta(hours=1))
    mailroom.deliver_waiting(now=NOON + timedelta(hours=1))
    pledging.confirm(pledge.pk, now=NOON + timedelta(hours=1))
    letters.deliver_waiting(now=NOON + timedelta(hours=2))

    (mail,) = catcher.mails()
    assert "Freedom Square" in mail.get_body("plain").get_content()
    assert "21 April 2026" in mail.get_body("plain").get_content()


@pytest.mark.usefixtures("catcher")
def test_whoever_confirms_an_older_letter_after_the_announcement_gets_it_too(
    rally, kazan, ask, published, catcher, pledge_from
):
    pledge_from(kazan, "ada@example.org")
    slow = ask(kazan, "slow@example.org")
    mailroom.deliver_waiting(now=NOON)
    published(now=NOON + timedelta(hours=1))
    letters.deliver_waiting(now=NOON + timedelta(hours=1))
    pledging.confirm(slow.pk, now=NOON + timedelta(hours=2))
    letters.deliver_waiting(now=NOON + timedelta(hours=2))

    assert AnnouncementLetter.objects.filter(pledge=slow, state=LetterState.SENT).exists()
    assert not Letter.objects.filter(sent=0).exists()


# The key.


@pytest.mark.parametrize(("shares", "threshold"), [(3, 2), (5, 3), (1, 1)])
def test_any_k_shares_open_and_fewer_do_not(shares, threshold):
    from itertools import combinations

    key = trustees.make_key(shares=shares, threshold=threshold)

    for enough in combinations(key.shares, threshold):
        assert trustees.public_half(trustees.combine(enough)) == key.public
    for few in combinations(key.shares, threshold - 1):
        with pytest.raises(trustees.SharesDoNotFit):
            trustees.combine(few)


def test_a_mistyped_word_is_refused():
    one, two = trustees.make_key(shares=3, threshold=2).shares[:2]
    words = two.split()
    words[5] = "academic" if words[5] != "academic" else "acid"

    with pytest.raises(trustees.SharesDoNotFit):
        trustees.combine([one, " ".join(words)])


def test_nothing_is_sealed_to_a_key_that_is_not_the_pinned_one(rally, kazan, ask):
    letter = Letter.objects.select_related("pledge__rally").get(pk=ask(kazan, "ada@example.org").pk)
    Rally.objects.filter(pk=rally.pk).update(public_key=bytes(range(32)))
    letter.pledge.rally.refresh_from_db()

    with pytest.raises(trustees.WrongKey):
        mailroom.prepare(letter, now=NOON)
    assert not SealedAddress.objects.exists()
    assert len(bytes(letter.blob)) == sealing.MAILROOM_SEALED
    assert where(kazan).city_id == kazan.id


# What a review found.


@pytest.mark.usefixtures("catcher")
@pytest.mark.parametrize(
    "plain",
    [b"\xff\xff" + bytes(318), b"ru", b"zz" + bytes(318), b"ru" + bytes(16) + b"\0\x10ada\r\nBcc: b@x.de" + bytes(280)],
)
def test_junk_that_opens_with_the_public_key_stops_nobody(rally, kazan, pledge_from, published, catcher, plain):
    """Anybody can seal to a public key."""
    junk = pledge_from(kazan, "junk@example.org")
    blob = sealing._seal(plain, bytes(rally.public_key), 1, sealing._pledge_info(junk.pk))
    SealedAddress.objects.filter(pk=junk.pk).update(blob=blob)
    pledge_from(kazan, "ada@example.org")
    published()

    letters.deliver_waiting(now=NOON)

    assert [mail["X-RcptTo"] for mail in catcher.mails()] == ["ada@example.org"]
    assert AnnouncementLetter.objects.get(pledge=junk).state == LetterState.UNREADABLE


def test_content_changed_after_the_approval_is_not_published(reached, approved, organizer):
    announcement = approved()
    Announcement.objects.filter(pk=announcement.pk).update(content=announcement.content | {"date": "2026-04-30"})

    with pytest.raises(announcing.Stale):
        announcing.publish(announcement=announcement, by=organizer, now=NOON)


def test_a_hold_that_comes_between_the_workers_look_and_its_lock_counts(rally, reached, approved, organizer):
    plan = approved()
    rally.refresh_from_db()
    announcing.hold(rally=rally, by=organizer, now=NOON)

    with pytest.raises(announcing.Refused):
        announcing.publish(announcement=plan, by=None, now=NOON)


def test_a_cancelled_rally_announces_nothing_but_news(rally, reached, approved, organizer):
    plan = approved()
    Rally.objects.filter(pk=rally.pk).update(cancelled_at=NOON)

    with pytest.raises(announcing.Refused):
        announcing.publish(announcement=plan, by=organizer, now=NOON)
    announcing.publish(announcement=approved(Kind.NEWS, day=None, at=None), by=organizer, now=NOON)


@pytest.mark.usefixtures("catcher")
def test_a_cancellation_keeps_the_calendars_entry_and_its_letter_says_no_date(
    rally, kazan, pledge_from, published, approved, organizer, catcher, count
):
    pledge_from(kazan, "ada@example.org")
    published()
    announcing.publish(announcement=approved(Kind.CANCELLED, day=None, at=None), by=organizer, now=NOON)
    count(NOON + timedelta(seconds=1))
    letters.deliver_waiting(now=NOON + timedelta(seconds=2))

    (mail,) = catcher.mails()
    assert "When" not in mail.get_body("plain").get_content()
    ics = Client().get(f"/en/clean-air/cities/{kazan.id}/rally.ics").content.decode()
    assert "STATUS:CANCELLED" in ics
    assert "SEQUENCE:1" in ics


def test_a_day_after_its_start_the_rally_is_over(rally, published):
    published()
    start = NOON.replace(month=4, day=21, hour=16)

    announcing.close_past(now=start + timedelta(hours=23))
    assert Rally.objects.get(pk=rally.pk).over_at is None
    announcing.close_past(now=start + timedelta(hours=24))
    assert Rally.objects.get(pk=rally.pk).status == "over"


def test_the_hour_of_a_hidden_site_is_hidden_too(rally, kazan, published, sites):
    RallySite.objects.update(reveal_at=NOON + timedelta(days=2), starts=time(21, 30))
    announcement = published()

    place = gazetteer().by_id[kazan.id]
    assert planning.starts_in(announcement, place, now=NOON).time() == AT
    assert planning.starts_in(announcement, place, now=NOON + timedelta(days=3)).time() == time(21, 30)
