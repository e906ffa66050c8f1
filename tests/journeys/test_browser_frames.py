"""What a real browser does with the frame in somebody else's page, with the wall and with the pictures."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.browsing import violations
from tests.journeys.systems import System, eventually

HOST = """<!doctype html><title>A newspaper</title><h1>News</h1>
<iframe title="count" src="{url}/en/{rally}/embed/" width="360" height="260"></iframe>
<iframe title="page" src="{url}/en/{rally}/" width="360" height="260"></iframe>"""

pytestmark = pytest.mark.journey


@pytest.fixture
def newspaper(browser: Browser, system: System, rally: str) -> Iterator[Page]:
    """A page on another site that frames both the count and the rally's own page."""
    body = HOST.format(url=system.url, rally=rally).encode()

    class News(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Keep quiet."""

    # A real server, for a browser lets no page from elsewhere load one from this machine.
    with ThreadingHTTPServer(("127.0.0.1", 0), News) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        yield page
        context.close()
        server.shutdown()


def test_another_site_may_frame_the_count_and_nothing_else(newspaper: Page, rally: str) -> None:
    expect(newspaper.frame_locator("[title=count]").get_by_text("of 3")).to_be_visible()
    refused = newspaper.frame_locator("[title=page]").locator("main")
    assert eventually(lambda: any(f.url.startswith("chrome-error:") for f in newspaper.frames))
    assert refused.count() == 0


def test_the_framed_count_stays_current_and_its_link_leaves_the_frame(
    newspaper: Page, system: System, rally: str
) -> None:
    frame = newspaper.frame_locator("[title=count]")
    expect(frame.locator("[data-live=confirmed]")).to_have_text("0")

    system.manage("simulate", "--rally", rally, "--pledges", "2")

    expect(frame.locator("[data-live=confirmed]")).to_have_text("2")
    with newspaper.expect_popup() as opened:
        frame.get_by_role("link", name="I’ll come").click()
    expect(opened.value).to_have_url(f"{system.url}/en/{rally}/")


@pytest.mark.parametrize("page", ["embed", "big", "press"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_every_screen(
    visit: Callable[..., BrowserContext],
    rally: str,
    page: str,
    scheme: str,
) -> None:
    seen = visit(color_scheme=scheme, reduced_motion="reduce").new_page()
    seen.goto(f"/en/{rally}/{page}/")

    assert violations(seen) == []
    for width, height in ((320, 560), (390, 844), (720, 450), (1440, 900)):
        seen.set_viewport_size({"width": width, "height": height})
        assert seen.evaluate("document.documentElement.scrollWidth") == width, width


def test_the_number_on_the_wall_fits_however_large(
    visit: Callable[..., BrowserContext],
    system: System,
    rally: str,
) -> None:
    with system.database() as database:
        database.execute("UPDATE pledges_rally SET confirmed = 888888 WHERE slug = %s", [rally])
    assert eventually(lambda: system.count(rally) == 888_888)
    wall = visit(viewport={"width": 1920, "height": 1080}).new_page()
    wall.goto(f"/ru/{rally}/big/")

    for width, height in ((1920, 1080), (1024, 768), (390, 844)):
        wall.set_viewport_size({"width": width, "height": height})
        box = wall.locator(".count").evaluate("node => [node.scrollWidth, node.clientWidth]")
        assert box[0] <= box[1], width
        assert wall.evaluate("document.documentElement.scrollHeight") == height, width


def test_pictures_show_under_the_strict_policy(visit: Callable[..., BrowserContext], rally: str) -> None:
    page = visit().new_page()
    for picture in ("map-light.svg", "map-dark.svg", "share.png", "qr.svg", "press/chart.svg", "press/chart.png"):
        page.goto(f"/en/{rally}/privacy/")
        page.evaluate(
            "url => new Promise((done, failed) => document.body.append("
            "Object.assign(new Image(), {src: url, onload: done, onerror: failed})))",
            f"/en/{rally}/{picture}",
        )
        assert page.locator("body > img").evaluate("image => image.naturalWidth") > 100, picture
