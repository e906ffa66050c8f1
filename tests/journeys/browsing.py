"""Real browsers for the journeys: visitors, what they cannot see for themselves, and barriers in their way."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect

from tests.journeys.states import MAKE, STATES
from tests.journeys.systems import NETWORKS, PATIENCE, System, eventually, link_in

KAZAN, KIROV = 551487, 548408
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
WIDTHS = (320, 390, 1440)
COLOURS = """canvases => canvases.map(canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})"""
STORED = "() => [document.cookie, Object.keys(localStorage).join(), Object.keys(sessionStorage).join()].join('')"

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        missing = "no chromium is installed"
        (pytest.fail if os.environ.get("RALLYREG_REQUIRE_BROWSER") == "1" else pytest.skip)(missing)
    return str(found)


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium_path: str) -> dict[str, Any]:
    return {"executable_path": chromium_path, "args": FLAGS}


@dataclass
class Watch:
    """Sees what a page does behind the visitor: requests elsewhere (which it stops), errors, traces left."""

    context: BrowserContext
    home: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.route(lambda url: not url.startswith((self.home, "data:", "blob:")), self._foreign)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        self.context.on("requestfailed", self._failed)

    def _foreign(self, route: Route) -> None:
        self.complaints.append(f"foreign: {route.request.url}")
        route.abort()

    def _said(self, message: ConsoleMessage) -> None:
        expected = "Failed to load resource: the server responded with a status of 4"  # a form asked back, a 404
        if message.type in {"error", "warning"} and not message.text.startswith(expected):
            self.complaints.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if "csp" in (request.failure or ""):
            self.complaints.append(f"csp: {request.url}")

    def all(self) -> list[str]:
        """Everything so far, with what is kept in the browser now."""
        stored = [f"cookie: {cookie['name']}" for cookie in self.context.cookies()]
        for page in self.context.pages:
            if page.url.startswith(self.home) and (kept := page.evaluate(STORED)):
                stored.append(f"storage: {kept}")
        return self.complaints + stored


@pytest.fixture
def visit(browser: Browser, system: System) -> Iterator[Callable[..., BrowserContext]]:
    """New visitors, each from a network of their own; in the end nothing was done behind their backs."""
    watches: list[Watch] = []

    def come(**options: Any) -> BrowserContext:
        headers = {"X-Forwarded-For": next(NETWORKS)}
        context = browser.new_context(base_url=system.url, extra_http_headers=headers, **options)
        context.set_default_timeout(PATIENCE * 1000)
        watches.append(Watch(context, system.url))
        return context

    yield come
    complaints = [complaint for watch in watches for complaint in watch.all()]
    for watch in watches:
        watch.context.close()
    assert not complaints, complaints


@pytest.fixture(scope="session")
def crowd(system: System) -> str:
    """A rally with many people in the large cities, a day old."""
    system.open_rally("crowd", threshold=500_000)
    system.manage("simulate", "--rally", "crowd", "--pledges", "350")
    with system.database() as database:  # the day's window ends, which lets the cities' figures out
        database.execute("UPDATE pledges_rally SET windows_at = windows_at - interval '1 day' WHERE slug = 'crowd'")
    assert eventually(lambda: any(system.browser.json("/api/v1/crowd/tally.json")["cities"]))
    return "crowd"


@pytest.fixture(scope="session")
def states(system: System) -> None:
    """A rally in every state, published."""
    system.manage("shell", "-v0", "-c", MAKE)
    assert eventually(lambda: all(system.browser.get(f"/en/s-{state}/").status == 200 for state in STATES))


def type_and_choose(page: Page, name: str) -> None:
    """Into the city field, with the keyboard alone."""
    page.get_by_role("combobox").press_sequentially(name, delay=20)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def letter_path(system: System, address: str, purpose: str = "confirm") -> str:
    return link_in(system.letter_to(address), purpose)


def sees_sideways_scrolling(page: Page) -> list[int]:
    """The widths at which the page does not fit."""
    too_narrow = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_narrow.append(width)
    return too_narrow


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {one['id']} at {node['target']}" for one in found for node in one["nodes"]]


def eventually_on(page: Page, holds: Callable[[], bool]) -> bool:
    """As `eventually`, while the page goes on."""
    for _ in range(int(PATIENCE * 10)):
        if holds():
            return True
        page.wait_for_timeout(100)
    return False
