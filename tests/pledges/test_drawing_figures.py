"""What the server draws beside the map: the picture for messengers, the chart, the codes."""

from datetime import timedelta
from io import BytesIO
from itertools import pairwise

import pytest
import segno
from django.utils import translation
from PIL import Image

from maps.gazetteer import gazetteer
from pledges.drawing import chart, qr, share
from pledges.publishing.history import Hour
from tests.pledges.conftest import NOON
from tests.pledges.test_drawing import EVIL, SVG, parsed, texts, told

# The picture for messengers


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("status", ["draft", "collecting", "reached", "announced", "over", "cancelled"])
def test_the_share_picture_is_there_in_every_state(published, status, language):
    figures = {place.id: place.population // 300 for place in gazetteer().places if place.population >= 6000}
    rally = published(figures, told(), status=status, confirmed=503_211, threshold=500_000)

    with translation.override(language):
        png = share.draw(rally, gazetteer(), now=NOON)

    picture = Image.open(BytesIO(png))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(png) <= 150_000


def test_the_share_picture_shows_more_of_its_bar_with_more_people(published):
    def coloured(people):
        picture = Image.open(BytesIO(share.draw(published(confirmed=people), gazetteer(), now=NOON))).convert("RGB")
        row = [picture.getpixel((x, 464)) for x in range(share.LEFT, share.LEFT + share.TEXT_WIDTH)]
        return sum(red > 180 and blue < 120 for red, _green, blue in row)

    assert coloured(25) == pytest.approx(share.TEXT_WIDTH / 4, abs=12)
    assert coloured(100) == pytest.approx(share.TEXT_WIDTH, abs=12)
    assert coloured(0) == 0


@pytest.mark.parametrize("cause", ["", EVIL, "Ё" * 300, "слово " * 200, "‮عربي 🙂"])
def test_no_text_breaks_the_share_picture(published, cause):
    rally = published(texts={"en": {"title": cause or "x", "cause": cause}})

    assert Image.open(BytesIO(share.draw(rally, gazetteer(), now=NOON))).size == (1200, 630)


# The chart


def hours(number, start=NOON - timedelta(hours=900)):
    return [Hour(start + timedelta(hours=n), 10 * n, 0) for n in range(1, number + 1)]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("number", [0, 1, 2, 800])
def test_the_chart_is_drawn_from_any_number_of_hours(published, number, language):
    rally = published(confirmed=10 * number, threshold=500_000)
    with translation.override(language):
        laid = chart.lay_out(rally, hours(number))

    root = parsed(chart.svg(laid, language=language))
    assert Image.open(BytesIO(chart.png(laid))).size == (chart.WIDTH, chart.HEIGHT)
    curve = [tuple(map(float, point.split(","))) for point in root.find(f"{SVG}polyline").get("points").split()]
    assert len(curve) >= 2
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(curve))  # on to the right, and never down
    assert all(0 <= x <= chart.WIDTH and 0 <= y <= chart.HEIGHT for x, y in curve)


def test_the_hour_that_is_not_over_ends_at_the_count_and_is_no_fall(published):
    rally = published(confirmed=57, counted_at=(NOON + timedelta(minutes=20)).isoformat())

    points = chart._points(rally, [Hour(NOON, 50, 0), Hour(NOON + timedelta(hours=1), 55, 0)])

    assert points == [(NOON - timedelta(hours=1), 0), (NOON, 50), (NOON + timedelta(minutes=20), 57)]


def test_hours_in_which_nothing_changed_are_flat(published):
    rally = published(confirmed=80, counted_at=(NOON + timedelta(hours=9)).isoformat())

    points = chart._points(rally, [Hour(NOON, 50, 0), Hour(NOON + timedelta(hours=9), 80, 0)])

    assert (NOON + timedelta(hours=8), 50) in points


def test_the_chart_says_its_newest_figure_the_threshold_and_ticks_in_the_readers_language(published):
    rally = published(confirmed=214_873, threshold=500_000)
    with translation.override("ru"):
        words = texts(chart.svg(chart.lay_out(rally, hours(800)), language="ru"))

    assert {"214\u00a0873", "Нужно: 500\u00a0000", "400\u00a0000", "0"} <= set(words)
    assert any(word.endswith("марта") for word in words)


def test_a_scale_has_whole_numbers_even_for_three_people(published):
    laid = chart.lay_out(published(confirmed=1, threshold=3), [])

    assert {"0", "1", "2", "3"} <= {word.text for word in laid.words}


# Codes


def test_a_code_has_the_modules_segno_made_and_white_around():
    address = "https://rally.example/ru/clean-air/"
    made = segno.make_qr(address, error="m")

    side, dark = qr.runs(address)
    root = parsed(qr.svg(address))

    assert side == len(made.matrix)
    assert sum(length for _x, _y, length in dark) == sum(map(sum, made.matrix))
    assert all(made.matrix[y][x + step] for x, y, length in dark for step in range(length))
    assert root.get("viewBox") == f"0 0 {side + 8} {side + 8}"
