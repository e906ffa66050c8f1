"""What the first look at the page costs on the wire, with its font and everything it fetches by itself."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from rallyreg.embedded import postgres_socket_dir, programs, valkey_socket
from rallyreg.embedded.programs import free_port
from rallyreg.environment import encode
from tests.journeys.systems import ROOT, System, eventually

pytestmark = pytest.mark.journey

MOST = 200_000  # bytes, headers included
LAYOUTS = {"phone": {"width": 360, "height": 640}, "desktop": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def packed_site(system: System, states: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The public site as a deployment runs it: DEBUG off, static files under hashed names and packed with Brotli."""
    port = free_port()
    environment = system.environment | {
        "DEBUG": "0",
        "RALLYREG_ROLE": "public",
        "DATABASE_URL": f"postgresql:///rallyreg?host={postgres_socket_dir(system.state)}&port=5432&user=rallyreg",
        "REDIS_URL": f"unix://{valkey_socket(system.state)}?db=0",
        "SITE_URLS": "https://127.0.0.1",
        "MAIL_FROM": "letters@example.org",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SIGNING_KEY": encode(secrets.token_bytes(32)),
        "MAILROOM_PUBLIC_KEYS": f"1:{encode(secrets.token_bytes(32))}",
        "SECURE_SSL_REDIRECT": "0",
        "STATIC_ROOT": str(tmp_path_factory.mktemp("static")),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, cwd=ROOT, env=environment, check=True, capture_output=True)
    with subprocess.Popen(programs.web("public", port).command, cwd=ROOT, env=environment) as process:
        assert eventually(lambda: programs.is_healthy(port))
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def fetched(browser: Browser, site: str, path: str, layout: str) -> dict[str, int]:
    """Bytes by address, as they came over the wire, once nothing more is asked for."""
    context = browser.new_context(base_url=site, viewport=LAYOUTS[layout], has_touch=layout == "phone")
    page = context.new_page()
    client = context.new_cdp_session(page)
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def finished(event: dict[str, Any]) -> None:
        url = urls.get(event["requestId"], "?")
        sizes[url] = sizes.get(url, 0) + int(event["encodedDataLength"])

    client.on("Network.responseReceived", lambda event: urls.update({event["requestId"]: event["response"]["url"]}))
    client.on("Network.loadingFinished", finished)
    client.send("Network.enable")
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_500)
    context.close()
    return {url.removeprefix(site): size for url, size in sizes.items() if url.startswith("http")}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_first_view_is_small(
    browser: Browser, packed_site: str, language: str, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = fetched(browser, packed_site, f"/{language}/s-collecting/", layout)

    whole = sum(sizes.values())
    with capsys.disabled():  # the figure is wanted also where all is well
        print(f"\nfirst view, {language}, {layout}: {whole / 1000:.1f} KB in {len(sizes)} answers")
    for url, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{size:8,}  {url}")
    assert any("onest-latin" in url for url in sizes)
    assert any("onest-cyrillic" in url for url in sizes) == (language == "ru")
    assert any("leaflet" in url for url in sizes) == (
        layout == "desktop"
    )  # on a phone the map waits until it is opened
    assert 20_000 < whole <= MOST


def test_what_is_fetched_is_packed_and_named_for_ever(browser: Browser, packed_site: str) -> None:
    sizes = fetched(browser, packed_site, "/ru/s-collecting/", "desktop")

    static = [url for url in sizes if url.startswith("/static/")]
    assert len(static) > 10
    for url in static:
        with urlopen(f"{packed_site}{url}") as reply:
            assert "immutable" in reply.headers["Cache-Control"], url
            whole = len(reply.read())
        if not url.endswith((".woff2", ".svg")):
            assert sizes[url] < 0.75 * whole + 600, url  # the headers are some 500 bytes
