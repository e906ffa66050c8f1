"""An open page follows the rally by itself: figures, the crossing, the date; nothing typed is lost, nothing reloads."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.journeys.systems import System, eventually

pytestmark = pytest.mark.journey

APPROVE = """
from datetime import datetime, timedelta
from django.utils import timezone
from pledges.models import Rally
from pledges.models.announcement import Kind
from tests.journeys import states
rally = Rally.objects.get(slug="{rally}")
states.{act}(rally, Kind.{kind}, days={days}, now=timezone.now())
"""

HIDE = """() => {
  Object.defineProperty(document, "hidden", { get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def act(system: System, rally: str, act: str, kind: str, days: int) -> None:
    system.manage("shell", "-v0", "-c", APPROVE.format(rally=rally, act=act, kind=kind, days=days))


def opened(visit: Callable[..., BrowserContext], rally: str) -> Page:
    page = visit(locale="en-GB").new_page()
    page.goto(f"/en/{rally}/")
    page.evaluate("window.still = 'the same page'")
    return page


def test_the_page_turns_at_the_crossing_and_at_the_date_and_keeps_what_was_typed(system, rally, visit):
    page = opened(visit, rally)
    page.fill("#email", "half-typed@exa")
    expect(page.locator("[data-promise]")).to_contain_text("We set the date when we are 3")

    system.manage("simulate", "--rally", rally, "--pledges", "3")
    expect(page.locator("[data-promise]")).to_contain_text("3 of us")
    expect(page.locator("[data-live-said]")).to_contain_text("3 of us")  # said aloud once

    act(system, rally, "approve", "DATE", 20)  # the worker publishes it by itself
    day = (datetime.now(UTC) + timedelta(days=20)).strftime("%-d %B %Y")
    expect(page.locator(".announcement .when")).to_contain_text(day)
    expect(page.locator("[data-countdown]")).to_contain_text("hour")

    act(system, rally, "publish", "CHANGED", 27)
    expect(page.locator(".when-before s")).to_contain_text(day)

    assert page.input_value("#email") == "half-typed@exa"
    assert page.evaluate("window.still") == "the same page"


def test_a_cancelled_rally_takes_the_form_away_while_one_looks(system, rally, visit):
    system.manage("simulate", "--rally", rally, "--pledges", "3")
    act(system, rally, "approve", "DATE", 20)
    assert eventually(lambda: system.browser.json(f"/api/v1/{rally}/tally.json")["status"] == "announced")
    page = opened(visit, rally)
    expect(page.locator("#pledge")).to_be_visible()

    act(system, rally, "publish", "CANCELLED", 20)

    expect(page.locator("[data-promise]")).to_contain_text("Please do not come")
    expect(page.locator("#pledge")).to_have_count(0)
    assert page.evaluate("window.still") == "the same page"


def test_the_page_asks_as_often_as_told_less_often_in_trouble_and_never_while_hidden(system, rally, visit):
    page = visit(locale="en-GB").new_page()
    asked: list[str] = []
    away = False

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if away:
            route.fulfill(status=429, body="")
        else:
            route.continue_()

    def pass_by(seconds: int) -> int:
        """How often it asked meanwhile; each answer has the time to come."""
        before = len(asked)
        for _ in range(seconds):
            page.clock.run_for(1_000)
            page.wait_for_timeout(60)
        return len(asked) - before

    page.clock.install()
    page.route("**/tally.json", answer)
    page.goto(f"/en/{rally}/")
    page.clock.resume()
    expect(page.locator("[data-live=confirmed]")).to_have_text("0")
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))

    often = pass_by(30)  # the server says: every two seconds
    away = True
    seldom = pass_by(30)
    page.evaluate(HIDE)
    never = pass_by(60)

    assert 8 <= often <= 18
    assert 1 <= seldom <= 5
    assert never == 0


def test_a_draft_that_opens_gets_a_form_whose_city_field_offers_names(system, visit):
    system.manage("create_rally", "--slug", "opening", "--title-en", "A", "--title-ru", "А", "--threshold", "9")
    assert eventually(lambda: system.browser.get("/en/opening/").status == 200)
    page = opened(visit, "opening")
    expect(page.locator("#pledge")).to_have_count(0)

    with system.database() as database:
        database.execute("UPDATE pledges_rally SET opens_at = now() WHERE slug = 'opening'")

    expect(page.get_by_role("combobox")).to_be_visible()
    page.get_by_role("combobox").press_sequentially("kaz", delay=20)
    expect(page.get_by_role("option").first).to_contain_text("Kazan")
    assert page.evaluate("window.still") == "the same page"


def test_the_countdown_ends_when_the_rally_begins(states, visit):
    page = visit(locale="en-GB").new_page()
    page.goto("/en/s-announced/")
    start = str(page.locator("[data-countdown]").get_attribute("data-countdown"))
    expect(page.locator("[data-countdown]")).to_contain_text("days")

    page.clock.install(time=datetime.fromisoformat(start) - timedelta(minutes=3))
    page.reload()
    expect(page.locator("[data-countdown]")).to_have_text(re.compile("^[23] minutes$"))
    page.clock.run_for(10 * 60 * 1000)

    expect(page.locator("[data-countdown]")).to_have_text("")
    expect(page.locator("[data-countdown-note]")).to_be_hidden()
    expect(page.locator(".when").first).to_be_visible()


def test_an_answer_that_never_comes_does_not_end_the_following(system, rally, visit):
    page = visit(locale="en-GB").new_page()
    hanging: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if hanging:
            return route.continue_()
        return hanging.append(route)

    page.route("**/tally.json", hold_the_first)
    page.goto(f"/en/{rally}/")
    system.manage("simulate", "--rally", rally, "--pledges", "1")

    expect(page.locator("[data-live=confirmed]")).to_have_text("1")
