"""Posters and flyers: what they say, that nothing runs over the edge, and that the file tells of nobody."""

import re
import shutil
import subprocess

import pytest
from django.utils import translation

from maps import gazetteer as gazetteers
from maps.gazetteer import gazetteer
from maps.models import City
from pledges import printing
from tests.pledges.conftest import NOON
from tests.pledges.test_drawing import EVIL, told

LONG = (
    "Против строительства мусоросжигательных заводов и за право жителей решать, что строится рядом с их «домом», " * 4
)
KOMSOMOLSK = 2021851
CYRILLIC = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not installed")


def words_in(pdf):
    """What is drawn, as far as it is ASCII: reportlab keeps those letters as they are."""
    return " ".join(part.decode("latin-1") for part in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", pdf))


def with_poppler(pdf, *options):
    told = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return told.stdout.decode()


def sheet(rally, place=None, language="en"):
    with translation.override(language):
        return printing.sheet(rally, place, language=language, now=NOON)


def site(reveal_at=None, **place):
    return {"place": place, "note": {}, "lat": None, "lng": None, "time": "18:30", "reveal_at": reveal_at}


@pytest.mark.parametrize("paper", [printing.poster, printing.flyers])
def test_paper_says_what_for_how_many_where_to_look_and_to_check_the_date(published, paper, settings):
    settings.SITE_URLS = ["https://rally.example"]

    said = words_in(paper(sheet(published()), compressed=False))

    promise = "We set the date when we are"
    for words in ("For clean air", promise, "100", "rally.example/en/clean-air", "Check the date by"):
        assert words in said


def test_a_poster_says_who_asks_and_one_of_a_rally_that_says_nobody_has_no_gap(published):
    nobody = published(texts={"en": {"title": "Clean Air", "cause": "For clean air"}})

    assert "The committee asks" in words_in(printing.poster(sheet(published()), compressed=False))
    assert sheet(nobody).asks == ""
    assert printing.poster(sheet(nobody)).startswith(b"%PDF")


def test_the_papers_of_a_city_name_it_and_lead_to_its_page(published, kazan, settings):
    settings.SITE_URLS = ["https://rally.example"]
    said = sheet(published(), kazan)

    assert said.url == f"https://rally.example/en/clean-air/cities/{kazan.id}/"
    assert said.address == "rally.example/en/clean-air"  # which somebody has to type
    assert "Kazan" in words_in(printing.poster(said, compressed=False))
    assert "Kazan" in words_in(printing.flyers(said, compressed=False))


def test_after_the_announcement_paper_says_day_hour_and_site(published, kazan):
    rally = published(announcement=told(sites={str(kazan.id): site(en="Freedom Square")}), status="announced")
    said = sheet(rally, kazan)

    assert (said.when, said.where) == ("Tuesday, 21\u00a0April, 18:30", "Freedom Square")
    assert "Freedom Square" in words_in(printing.poster(said, compressed=False))
    assert sheet(rally).where == "Find the place in your city"
    assert "Check the date by" in words_in(printing.poster(said, compressed=False))


def test_a_site_still_hidden_and_its_hour_are_on_no_paper(published, kazan):
    hidden = site("2030-01-01T00:00:00+00:00", en="Freedom Square")
    rally = published(announcement=told(sites={str(kazan.id): hidden}), status="announced")

    said = sheet(rally, kazan)

    assert (said.where, said.when) == ("", "Tuesday, 21\u00a0April, 19:00")
    assert "Freedom" not in words_in(printing.poster(said, compressed=False))


@pytest.mark.parametrize("status", ["over", "cancelled"])
def test_a_date_that_no_longer_holds_is_on_no_paper(published, kazan, status):
    rally = published(announcement=told(sites={str(kazan.id): site(en="Freedom Square")}), status=status)

    said = sheet(rally, kazan)

    assert (said.when, said.where) == ("", "")
    assert said.standing in {"It is over. Thank you, everyone who came", "It is cancelled. Please do not come"}


def test_a_name_is_no_markup(published, kazan):
    City.objects.filter(pk=kazan.id).update(name_en=EVIL)
    gazetteers.reset()
    rally = published(texts={"en": {"title": "<b>x</b>", "cause": "<para>&amp;"}})

    said = words_in(printing.poster(sheet(rally, gazetteer().by_id[kazan.id]), compressed=False))

    for words in ("<b>x</b>", "<para>&amp;", "<img src=x"):
        assert words in said


def test_the_file_tells_neither_who_made_it_nor_when(published):
    pdf = printing.poster(sheet(published()), compressed=False)

    assert b"/CreationDate (D:20000101000000" in pdf
    assert b"/Title (For clean air)" in pdf
    assert b"/Author (Clean Air)" in pdf
    assert b"/Creator ()" in pdf
    assert pdf == printing.poster(sheet(published()), compressed=False)


def test_paper_needs_little_ink(published):
    """No colour, and nothing filled but letters and the code."""
    pdf = printing.poster(sheet(published()), compressed=False)

    assert not re.search(rb"\b(rg|RG|k|K) *\n", pdf)
    assert b" Do" not in pdf


@CYRILLIC
@pytest.mark.parametrize("paper", [printing.poster, printing.flyers])
@pytest.mark.parametrize("city", [None, KOMSOMOLSK])
@pytest.mark.parametrize("cause", ["Ещё не вечер", LONG, "Ё" * 120])
def test_no_word_runs_over_the_edge(published, paper, city, cause):
    place = gazetteer().by_id[city] if city else None
    told_site = site(ru="площадь Юности, у памятника первостроителям, вход со стороны проспекта Мира " * 2)
    rally = published(
        texts={"ru": {"title": cause, "cause": cause, "asks": cause}},
        announcement=told(sites={str(KOMSOMOLSK): told_site}),
        status="announced",
    )

    boxes = with_poppler(paper(sheet(rally, place, "ru")), "-bbox")

    found = [
        tuple(map(float, box)) for box in re.findall(r'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)"', boxes)
    ]
    assert found
    assert boxes.count("<page ") == 1
    assert all(left >= 15 and top >= 10 and right <= 581 and bottom <= 832 for left, top, right, bottom in found)


@CYRILLIC
def test_russian_paper_is_readable_text_with_its_own_letters(published):
    rally = published(texts={"ru": {"title": "Ёлка", "cause": "За «ёлки» и воздух", "asks": "Зовёт комитет"}})
    with translation.override("ru"):
        text = with_poppler(printing.poster(sheet(rally, gazetteer().by_id[KOMSOMOLSK], "ru")))

    for words in ("За «ёлки»", "Комсомольск-на-Амуре", "Дату сверьте по QR-коду", "Зовёт комитет"):
        assert words in re.sub(r"\s+", " ", text)


@CYRILLIC
def test_a_sheet_has_eight_flyers(published):
    text = with_poppler(printing.flyers(sheet(published())))

    assert text.count("For clean air") == printing.COLUMNS * printing.ROWS == 8
