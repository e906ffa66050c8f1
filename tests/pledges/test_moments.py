"""Days and hours as people say them."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from pledges import moments

NOW = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "language", "words"),
    [
        (datetime(2026, 3, 23, 13, 0, tzinfo=UTC), "en", "today at 16:00 (Moscow)"),
        (datetime(2026, 3, 23, 13, 0, tzinfo=UTC), "ru", "сегодня в 16:00 (Москва)"),
        (datetime(2026, 3, 23, 21, 30, tzinfo=UTC), "en", "tomorrow at 00:30 (Moscow)"),  # there it is the next day
        (datetime(2026, 3, 25, 7, 0, tzinfo=UTC), "ru", "25 марта в 10:00 (Москва)"),
    ],
)
def test_a_moment_is_said_by_the_clocks_of_its_time_zone(moment, language, words):
    with translation.override(language):
        assert moments.said(moment, zone="Europe/Moscow", now=NOW) == words


def test_days_are_counted_by_the_calendar_there():
    late = datetime(2026, 3, 23, 22, 0, tzinfo=UTC)

    assert moments.days_until(date(2026, 3, 25), zone="UTC", now=late) == 2
    assert moments.days_until(date(2026, 3, 25), zone="Europe/Moscow", now=late) == 1
    assert moments.days_until(date(2026, 3, 23), zone="Europe/Moscow", now=late) == -1
