"""Sentences that pictures, posters and pages share."""

import pytest
from django.utils import translation

from maps.gazetteer import gazetteer
from pledges import wording
from tests.pledges.conftest import NOON
from tests.pledges.test_drawing import told


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_state_has_a_sentence_of_its_own(published, language):
    states = ["draft", "collecting", "reached", "announced", "over", "cancelled"]

    with translation.override(language):
        sentences = {wording.standing(published(status=status)) for status in states}

    assert len(sentences) == len(states)


def test_day_and_hour_are_said_once_announced_and_never_of_a_cancelled_rally(published):
    announced, cancelled = (published(announcement=told(), status=status) for status in ("announced", "cancelled"))

    with translation.override("ru"):
        assert wording.day(announced) == "Вторник, 21\u00a0апреля"
    assert wording.hour(announced, None, now=NOON) == "19:00"
    assert (wording.day(cancelled), wording.hour(cancelled, None, now=NOON)) == ("", "")
    assert wording.day(published()) == ""


def test_a_citys_own_hour_is_said_but_not_of_a_site_still_hidden(published, kazan):
    def at(reveal_at):
        site = {
            "place": {"en": "Square"},
            "note": {},
            "lat": None,
            "lng": None,
            "time": "17:30",
            "reveal_at": reveal_at,
        }
        return published(announcement=told(sites={str(kazan.id): site}), status="announced")

    assert wording.hour(at(None), kazan, now=NOON) == "17:30"
    assert wording.hour(at("2030-01-01T00:00:00+00:00"), kazan, now=NOON) == "19:00"


def test_addresses_are_under_our_first_name(published, kazan, settings):
    settings.SITE_URLS = ["https://rally.example", "https://mirror.example"]

    with translation.override("ru"):
        assert wording.page_url(published()) == "https://rally.example/ru/clean-air/"
        city = wording.page_url(published(), gazetteer().by_id[kazan.id])
    assert wording.without_scheme(city) == f"rally.example/ru/clean-air/cities/{kazan.id}"
