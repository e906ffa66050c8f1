"""The rally's page in each state of its life, in both languages, as a browser without JavaScript sees it."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from pledges import announcing
from pledges.models import Announcement, Rally
from pledges.models.announcement import Kind
from tests.pledges.conftest import DAY, NOON


@pytest.fixture
def look(count, settings):
    """The words of the page, and its HTML, after a tick."""
    settings.RATELIMIT_ENABLE = False

    def shown(language="en", path="", minutes=1):
        count(NOON + timedelta(minutes=minutes))
        response = Client().get(f"/{language}/clean-air/{path}")
        assert response.status_code == 200
        html = response.content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)), html

    return shown


def set_rally(rally, **values):
    Rally.objects.filter(pk=rally.pk).update(**values)


def test_a_draft_takes_no_pledge_and_says_so(rally, look):
    set_rally(rally, opens_at=None)

    for language, words in (("en", "It is not open yet"), ("ru", "Запись ещё не открыта")):
        text, html = look(language)
        assert words in text
        assert 'id="pledge"' not in html
        assert "data-live=" not in html.split("data-part=")[1]


def test_while_collecting_it_says_what_for_who_asks_and_what_will_happen(look):
    for language, words in (
        ("en", ["For clean air", "The committee asks", "We set the date when we are 100", "0 of 100"]),
        ("ru", ["За чистый воздух", "Зовёт комитет", "Назовём дату, когда нас будет 100", "0 из 100"]),
    ):
        text, html = look(language)
        assert all(part in text for part in words)
        assert [text.index(part) for part in words] == sorted(text.index(part) for part in words)
        assert 'id="pledge"' in html


@pytest.mark.parametrize(("confirmed", "words"), [(94, "We set the date when we are 100"), (95, "5 more, and we set")])
def test_from_95_percent_it_is_nearly_there(rally, look, confirmed, words):
    set_rally(rally, confirmed=confirmed)

    assert words in look()[0]


@pytest.mark.parametrize(
    ("left", "words"), [(1, "Ещё 1 человек"), (2, "Ещё 2 человека"), (5, "Ещё 5 человек"), (21, "Ещё 21 человек")]
)
def test_plural_forms_are_right(rally, look, left, words):
    set_rally(rally, threshold=1000, confirmed=1000 - left)

    assert words in look("ru")[0]


def test_after_the_crossing_it_says_when_the_date_comes(rally, approved, look, settings):
    settings.ANNOUNCE_HOURS, settings.ANNOUNCE_HOLD = "10-20", 900
    set_rally(rally, reached_at=NOON, confirmed=100)
    assert "100 of us. The date comes soon" in look()[0]

    plan = approved()
    Announcement.objects.filter(pk=plan.pk).update(publish_after=NOON + timedelta(days=1, hours=-3))

    assert re.search(r"100 of us\. The date: (tomorrow|on 24 March) at 12:00 \(Moscow\)", look()[0])
    assert re.search(r"Нас 100\. Дата — (завтра|24 марта) в 12:00 \(Москва\)", look("ru")[0])
    assert 'id="pledge"' in look()[1]


def test_called_early_it_says_how_many_and_why_and_offers_the_way_out(rally, approved, organizer, look):
    set_rally(rally, confirmed=91)
    look(minutes=1)
    announcing.publish(announcement=approved(Kind.EARLY), by=organizer, now=NOON + timedelta(minutes=2))

    text = look(minutes=3)[0]

    assert "91 of us. We go earlier: Time is short." in text
    assert "Not what you agreed to? Leave the count" in text
    assert "Already registered? Send the form again and get a link to change city or leave." in text
    assert "Tuesday, 21 April 2026, 19:00" in text
    russian = look("ru", minutes=3)[0]
    assert "Нас 91. Выходим раньше: Время не ждёт." in russian
    assert "Вы соглашались не на это? Уйти из счёта" in russian


@pytest.fixture
def announced(rally, approved, organizer):
    set_rally(rally, reached_at=NOON)
    announcing.publish(announcement=approved(), by=organizer, now=NOON)


def test_announced_it_has_the_date_the_calendar_and_the_way_to_ones_own_city(announced, look):
    text, html = look()

    assert "Tuesday, 21 April 2026, 19:00" in text
    assert 'data-countdown="2026-04-21T19:00"' in html
    assert "/en/clean-air/rally.ics" in html
    assert 'name="q"' in html
    assert "Freedom Square" in look(path="cities/551487/")[0]


def test_a_changed_date_strikes_the_old_one_through_and_says_why(announced, approved, organizer, look):
    changed = approved(Kind.CHANGED, day=DAY + timedelta(days=7))
    announcing.publish(announcement=changed, by=organizer, now=NOON)

    text, html = look()

    assert "<s>Tuesday, 21 April 2026, 19:00</s>" in html
    assert "Tuesday, 28 April 2026, 19:00" in text
    assert "Why: Time is short." in text
    assert "<s>вторник, 21 апреля 2026, 19:00</s>" in look("ru")[1].lower()
    calendar = Client().get("/en/clean-air/rally.ics").content.decode()
    assert "SEQUENCE:1" in calendar
    assert "DTSTART:20260428T190000" in calendar
    assert "<s>Tuesday, 21 April 2026, 19:00</s>" in look(path="cities/551487/")[1]


def test_over_it_thanks_and_says_when_everything_is_deleted(rally, announced, look):
    set_rally(rally, over_at=NOON, shred_on=DAY + timedelta(days=30), confirmed=120)

    text, html = look()

    assert "It is over. Thank you" in text
    assert "deleted on 21 May 2026" in text
    assert 'id="pledge"' not in html
    assert "Everything that is held about who pledged is deleted on 21 May 2026." in look(path="privacy/")[0]


def test_cancelled_it_says_do_not_come_and_shows_no_date(rally, announced, approved, organizer, look):
    announcing.publish(announcement=approved(Kind.CANCELLED), by=organizer, now=NOON)

    text, html = look()

    assert "It is cancelled. Please do not come" in text
    assert "Why: Time is short." in text
    assert "21 April" not in text.split("Most of us")[0]
    assert 'id="pledge"' not in html
    assert "data-countdown" not in html
    assert "Freedom Square" not in look(path="cities/551487/")[0]
    assert "Freedom Square" not in look(path="cities/")[0]


def test_the_rights_page_has_the_campaigns_own_words_or_general_ones(rally, look):
    assert "Check date and place" in look(path="rights/")[0]

    texts = {**rally.texts, "en": rally.texts["en"] | {"rights": "Call 123.\n\n<b>Bold</b>"}}
    set_rally(rally, texts=texts)

    text, html = look(path="rights/")
    assert "Call 123." in text
    assert "Check date" not in text
    assert "<b>" not in html  # words, not markup


def test_the_privacy_page_says_how_many_were_taken_out(rally, look):
    set_rally(rally, removed=11)

    assert "11 fake promises were taken out" in look(path="privacy/")[0]
    assert "убрано 11 ненастоящих обещаний" in look("ru", path="privacy/")[0]
