"""The press page, the frame for other people's pages, the number on a wall."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from maps import gazetteer as gazetteers
from maps.models import City
from pledges.models import PublishedTally, Rally
from tests.pledges.conftest import NOON
from tests.pledges.test_drawing import EVIL
from tests.pledges.test_pages import text


@pytest.fixture
def site(rally, kazan, count, settings):
    """Thirty people, twenty-five of them in Kazan, five taken out."""
    settings.SITE_URLS = ["https://rally.example"]
    PublishedTally.objects.create(rally=rally, region_id=kazan.region_id, city_id=kazan.id, confirmed=25, shown=True)
    Rally.objects.filter(pk=rally.pk).update(confirmed=30, removed=5)
    count()
    return Client()


def test_the_press_page_has_the_number_with_its_time_and_asks_no_database(site, django_assert_num_queries):
    site.get("/en/clean-air/press/")

    with django_assert_num_queries(0):
        response = site.get("/en/clean-air/press/")

    page = response.content.decode()
    assert 'data-live="confirmed">30<' in page
    assert 'datetime="2026-03-23T15:00:00+03:00"' in page
    assert "Fakes taken out so far: 5" in text(response)
    assert "stale-if-error" in response.headers["Cache-Control"]


def test_the_method_has_five_sentences(site):
    page = site.get("/en/clean-air/press/").content.decode()

    method = re.search(r'<ol class="press-method">(.+?)</ol>', page, re.DOTALL)[1]
    assert method.count("<li>") == 5
    assert [re.sub(r"<.+?>", "", line).strip().count(". ") for line in method.split("</li>")[:5]] == [0] * 5


@pytest.mark.parametrize("language", ["en", "ru"])
def test_everything_the_press_page_leads_to_is_there(site, language):
    page = site.get(f"/{language}/clean-air/press/").content.decode()

    for link in set(re.findall(r'(?:href|src)="(/(?!static)[^"#]+)"', page)):
        status = site.get(link).status_code
        assert status == (404 if link.endswith("announcement.json") else 200), link  # until there is one


def test_the_press_page_says_whom_to_ask_only_where_somebody_is_named(rally, site, count):
    assert "Whom to ask" not in text(site.get("/en/clean-air/press/"))

    Rally.objects.filter(pk=rally.pk).update(
        texts=rally.texts | {"en": {"title": "x", "contact": "press@rally.example"}}
    )
    count(NOON + timedelta(seconds=1))

    assert "Whom to ask press@rally.example" in text(site.get("/en/clean-air/press/"))


def test_a_name_is_no_markup_on_the_press_page(rally, kazan, site, count):
    City.objects.filter(pk=kazan.id).update(name_en=EVIL)
    Rally.objects.filter(pk=rally.pk).update(texts={"en": {"title": f'"></textarea>{EVIL}', "cause": EVIL}})
    gazetteers.reset()
    count(NOON + timedelta(seconds=1))

    for page in ("press", "embed", "big"):
        answer = site.get(f"/en/clean-air/{page}/").content.decode()
        assert "&lt;img src=x" in answer
        assert "<img src=x" not in answer
    assert "&amp;lt;img" in site.get("/en/clean-air/press/").content.decode()  # the code to copy, escaped once more


def test_the_frame_alone_may_be_framed(site):
    framed = site.get("/en/clean-air/embed/")

    assert "frame-ancestors *;" in f"{framed.headers['Content-Security-Policy']};"
    assert "default-src 'none'" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    for path in ("", "press/", "big/", "pledge/", "cities/", "no-such-page/"):
        other = site.get(f"/en/clean-air/{path}")
        assert other.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]


def test_the_frame_has_one_link_which_leaves_it_and_no_form(site):
    page = site.get("/ru/clean-air/embed/").content.decode()

    (link,) = re.findall(r"<a (?![^>]*embed/)[^>]+>", page)
    assert 'href="/ru/clean-air/"' in link
    assert 'target="_blank" rel="noopener"' in link
    assert "<form" not in page
    assert len(page) < 5_000


@pytest.mark.parametrize("status", ["opens_at", "reached_at", "over_at", "cancelled_at"])
@pytest.mark.parametrize("page", ["embed", "big", "press"])
def test_each_page_is_there_in_every_state(rally, site, count, status, page):
    Rally.objects.filter(pk=rally.pk).update(**{status: None if status == "opens_at" else NOON})
    count(NOON + timedelta(seconds=1))

    response = site.get(f"/en/clean-air/{page}/")

    assert response.status_code == 200
    assert "For clean air" in text(response)


def test_the_wall_has_number_promise_code_and_address_and_no_form(site):
    page = site.get("/en/clean-air/big/")

    for words in ("30", "We set the date when we are 100", "rally.example/en/clean-air", "Counted:"):
        assert words in text(page)
    assert 'src="/en/clean-air/qr.svg"' in page.content.decode()
    assert "<form" not in page.content.decode()


@pytest.mark.parametrize(("people", "length"), [(999, "count short"), (214_000, "count"), (1_000_000, "count long")])
def test_the_number_on_the_wall_is_as_large_as_it_may(rally, site, count, people, length):
    Rally.objects.filter(pk=rally.pk).update(confirmed=people)
    count(NOON + timedelta(seconds=1))

    assert f'<p class="{length}" data-live="confirmed">' in site.get("/en/clean-air/big/").content.decode()
