"""The headers of every route, errors and static files included, read from the address patterns: none is missed."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

WORDS = {"slug": "clean-air", "token": "A" * 22, "handle": "A" * 22, "geoname_id": "551487", "scheme": "light"}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OTHERS = ["/static/css/site.css", "/static/none.css", "/nowhere", "/en/clean-air/pledge/?x=%00", "/en/%ff/"]


def routes(patterns=None, before=""):
    for pattern in patterns or get_resolver("rallyreg.public_urls").url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: WORDS[part[1]], route)
        else:
            yield from routes(pattern.url_patterns, route)


def directives(header):
    return {part.split()[0]: " ".join(part.split()[1:]) for part in header.split("; ")}


@pytest.fixture
def client(count):
    count()
    return Client()


def test_every_route_is_known_here():
    assert "/en/clean-air/" in set(routes())
    assert len(set(routes())) > 30


def test_every_answer_has_the_headers(client):
    for path in [*routes(), *OTHERS]:
        response = client.get(path)
        headers = response.headers
        assert response.status_code < 500 or path == "/readyz", path  # there no worker has ticked for long
        policy = dict(POLICY)
        if path.endswith("/embed/"):
            policy["frame-ancestors"] = "*"
            assert "X-Frame-Options" not in headers
        elif not path.startswith("/static/css"):  # a file is no page to frame
            assert headers["X-Frame-Options"] == "DENY", path
        if path == "/static/css/site.css":
            policy = {"default-src": "'none'", "frame-ancestors": "'none'"}
        assert directives(headers["Content-Security-Policy"]) == policy, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        if headers["Content-Type"].startswith("text/html"):
            assert headers["Permissions-Policy"].startswith("geolocation=(self), camera=()"), path
        assert headers["Cross-Origin-Resource-Policy"] in {"same-origin", "cross-origin"}, path
        assert not response.cookies, path
        assert "Cookie" not in headers.get("Vary", ""), path
        if response.status_code == 200 and not path.startswith("/static"):
            assert headers["Cache-Control"], path


def test_pages_are_ours_alone_and_data_is_everybodys(client):
    for path in routes():
        response = client.get(path)
        if response.status_code != 200:
            continue
        everyones = response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert everyones == (response.headers.get("Access-Control-Allow-Origin") == "*"), path
        if response.headers["Content-Type"].startswith("text/html"):
            assert not everyones, path


def test_personal_pages_stay_in_no_cache(client):
    for path in (
        f"/en/confirm/{WORDS['token']}/",
        f"/en/manage/{WORDS['token']}/",
        f"/en/clean-air/check-your-mail/{WORDS['handle']}/",
    ):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_with_https_the_browser_is_told_to_stay_there(client, settings):
    settings.SECURE_HSTS_SECONDS = 63_072_000

    assert "max-age=63072000" in Client().get("/en/clean-air/", secure=True).headers["Strict-Transport-Security"]
