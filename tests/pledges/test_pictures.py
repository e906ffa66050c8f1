"""Pictures and papers over HTTP: their kinds, their caching, and that nobody can keep us drawing."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

from pledges.models import PublishedTally, Rally
from pledges.pages import keeping
from rallyreg.cache import ForgivingRedisCache
from tests.pledges.conftest import NOON

KINDS = {
    "map-light.svg": "image/svg+xml",
    "map-dark.svg": "image/svg+xml",
    "map-light-small.svg": "image/svg+xml",
    "map-dark-small.svg": "image/svg+xml",
    "qr.svg": "image/svg+xml",
    "cities/551487/qr.svg": "image/svg+xml",
    "press/chart.svg": "image/svg+xml",
    "press/chart.png": "image/png",
    "share.png": "image/png",
    "poster.pdf": "application/pdf",
    "flyers.pdf": "application/pdf",
    "cities/551487/poster.pdf": "application/pdf",
    "cities/551487/flyers.pdf": "application/pdf",
}


@pytest.fixture(autouse=True)
def nothing_drawn():
    keeping.forget()
    yield
    keeping.forget()


@pytest.fixture
def site(rally, kazan, count):
    """Thirty people, twenty-five of them in Kazan."""
    PublishedTally.objects.create(rally=rally, region_id=kazan.region_id, city_id=kazan.id, confirmed=25, shown=True)
    Rally.objects.filter(pk=rally.pk).update(confirmed=30)
    count()
    return Client()


def grow(rally, count, people):
    Rally.objects.filter(pk=rally.pk).update(confirmed=people)
    count(NOON + timedelta(seconds=people))


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_picture_is_there_in_both_languages_for_any_cache(site, path, kind, language):
    response = site.get(f"/{language}/clean-air/{path}")

    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=300, stale-if-error=600"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert not response.cookies


@pytest.mark.parametrize(
    "path", ["map-blue.svg", "cities/1/poster.pdf", "cities/1/flyers.pdf", "cities/1/qr.svg", "../nobody/share.png"]
)
def test_what_there_is_not_is_not_found(site, path):
    assert site.get(f"/en/clean-air/{path}").status_code == 404
    assert site.get("/en/no-such-rally/share.png").status_code == 404


def test_an_unchanged_picture_has_no_body(site):
    etag = site.get("/en/clean-air/map-light.svg").headers["ETag"]

    again = site.get("/en/clean-air/map-light.svg", headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_text_is_packed_and_what_is_packed_already_is_not(site):
    def encoding(path):
        return site.get(f"/en/clean-air/{path}", headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding")

    assert (encoding("map-light.svg"), encoding("share.png"), encoding("poster.pdf")) == ("gzip", None, None)


def test_a_picture_is_drawn_once_a_minute_and_again_after_it(rally, site, count, monkeypatch):
    first = site.get("/en/clean-air/press/chart.svg").content
    grow(rally, count, 40)
    assert site.get("/en/clean-air/press/chart.svg").content == first

    monkeypatch.setattr(keeping, "SECONDS", 0)
    cache.clear()
    assert b">40<" in site.get("/en/clean-air/press/chart.svg").content


def test_another_process_shows_what_this_one_drew(rally, site, count, django_assert_num_queries):
    drawn = {path: site.get(f"/en/clean-air/{path}").content for path in ("press/chart.svg", "share.png")}
    grow(rally, count, 40)
    site.get("/en/clean-air/")
    keeping.forget()  # as in a process that has drawn nothing

    with django_assert_num_queries(0):
        assert {path: site.get(f"/en/clean-air/{path}").content for path in drawn} == drawn


def test_papers_of_cities_fill_no_redis_and_little_memory(site, monkeypatch):
    site.get("/en/clean-air/cities/551487/poster.pdf")
    assert not [key for key in keys() if "551487" in key]
    site.get("/en/clean-air/poster.pdf")
    assert [key for key in keys() if "drawn:poster" in key]

    monkeypatch.setattr(keeping, "KEPT", 3)
    for geoname_id in (551487, 480060, 2950159, 524901, 498817):
        assert site.get(f"/en/clean-air/cities/{geoname_id}/qr.svg").status_code == 200
    assert len(keeping._rare.known) == 3
    assert any("498817" in key for key in keeping._rare.known)  # the newest
    assert any("poster" in key for key in keeping._common.known)  # which none of them has pushed out


def keys():
    return [key.decode() for key in cache._cache.get_client().keys("*")]


def test_while_somebody_draws_the_others_get_the_picture_before(rally, site, count, monkeypatch):
    first = site.get("/en/clean-air/press/chart.svg").content
    grow(rally, count, 40)
    monkeypatch.setattr(keeping, "SECONDS", 0)

    with keeping._common.drawing:
        assert site.get("/en/clean-air/press/chart.svg").content == first


def test_where_the_database_is_away_the_picture_before_is_shown(site, monkeypatch):
    first = site.get("/en/clean-air/press/chart.svg")
    monkeypatch.setattr(keeping, "SECONDS", 0)
    cache.clear()

    with connection.execute_wrapper(away):
        assert site.get("/en/clean-air/press/chart.svg").content == first.content
        keeping.forget()
        assert site.get("/en/clean-air/press/chart.svg").status_code == 503


def away(*_args):
    raise OperationalError


def test_nobody_waits_long_for_a_picture_there_is_not_yet(site, monkeypatch):
    monkeypatch.setattr(keeping._common, "patience", 0.05)

    with keeping._common.drawing:
        response = site.get("/en/clean-air/share.png")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Cache-Control"] == "no-store"
    assert site.get("/en/clean-air/share.png").status_code == 200


@pytest.fixture
def no_redis(settings, tmp_path):
    caches = settings.CACHES["default"] | {"LOCATION": f"unix://{tmp_path}/nothing.sock"}
    settings.CACHES = {"default": caches}
    yield
    ForgivingRedisCache._away_until = 0.0  # or the next tests' cache would rest too


def test_without_redis_pictures_are_drawn_all_the_same(site, no_redis):
    assert site.get("/en/clean-air/share.png").status_code == 200
