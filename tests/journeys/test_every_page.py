"""Every page in every state, in both languages, light and dark, wide and narrow: no barrier, nothing cut off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.browsing import KAZAN, sees_sideways_scrolling, violations
from tests.journeys.states import STATES

pytestmark = pytest.mark.journey
Visit = Callable[..., BrowserContext]

PAGES = ("cities/", "cities/?q=киров", f"cities/{KAZAN}/", "pledge/", "privacy/", "rights/", "nowhere/")
PAGES += (f"check-your-mail/{'A' * 22}/",)
FIRST_SCREEN = {"width": 360, "height": 520}  # what a messenger's own browser leaves of a small phone
NEEDED = (
    "h1",
    ".asks",
    "[data-promise]",
    "[data-live=confirmed]",
    "progress",
    "#city_name",
    "#email",
    "#pledge button[type=submit]",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_shown_without_a_barrier(
    states: None, visit: Visit, state: str, language: str, scheme: str
) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce").new_page()

    page.goto(f"/{language}/s-{state}/")

    expect(page.locator("[data-promise]")).to_be_visible()
    assert sees_sideways_scrolling(page) == []
    page.set_viewport_size({"width": 1440 if scheme == "light" else 360, "height": 800})
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_is_shown_without_a_barrier(states: None, visit: Visit, language: str, scheme: str) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce").new_page()
    found: list[str] = []

    for state in ("collecting", "changed", "cancelled"):
        for path in PAGES:
            page.goto(f"/{language}/s-{state}/{path}")
            found += [f"{page.url} does not fit {width}" for width in sees_sideways_scrolling(page)]
            found += violations(page)

    assert found == []


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("state", ["empty", "collecting", "nearly"])
def test_cause_count_fields_and_button_are_in_the_first_screen(
    states: None, visit: Visit, state: str, language: str, script: bool
) -> None:
    page = visit(java_script_enabled=script, viewport=FIRST_SCREEN, has_touch=True).new_page()

    page.goto(f"/{language}/s-{state}/")

    below = {name: box["y"] + box["height"] for name in NEEDED if (box := page.locator(name).first.bounding_box())}
    assert below.keys() == set(NEEDED)
    if state != "nearly":  # there the request to bring others stands between
        assert {name: bottom for name, bottom in below.items() if bottom > FIRST_SCREEN["height"]} == {}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_javascript_every_state_has_its_words_and_a_map(states: None, visit: Visit, language: str) -> None:
    page = visit(java_script_enabled=False).new_page()

    for state in STATES:
        page.goto(f"/{language}/s-{state}/")
        assert page.locator("[data-promise]").inner_text().strip()
        assert page.locator("#pledge").count() == (state in STATES[1:-2])


def test_forced_colours_and_print_lose_nothing(states: None, visit: Visit) -> None:
    page = visit(forced_colors="active", reduced_motion="reduce").new_page()
    page.goto("/en/s-announced/")
    assert violations(page) == []

    page.emulate_media(media="print")

    expect(page.locator("[data-promise]")).to_be_visible()
    expect(page.locator(".when").first).to_be_visible()
    expect(page.locator("#pledge")).to_be_hidden()


def test_the_order_of_focus_follows_the_page(states: None, visit: Visit) -> None:
    page = visit(locale="en-GB", viewport={"width": 390, "height": 844}).new_page()
    page.goto("/en/s-collecting/")

    tops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        tops.append(page.evaluate("(document.activeElement.id || document.activeElement.className)"))

    wanted = ["skip", "site-name", "language", "city_name", "email"]
    assert [name for name in tops if name in wanted] == wanted


def test_errors_are_announced_and_lead_to_their_fields(states: None, visit: Visit) -> None:
    page = visit(locale="en-GB").new_page()
    page.goto("/en/s-collecting/")
    page.evaluate("document.querySelector('[data-pledge]').noValidate = true")

    page.click("#pledge button[type=submit]")

    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.id") == "city_name"
    assert page.locator("#email").get_attribute("aria-invalid") == "true"
    assert "email_error" in str(page.locator("#email").get_attribute("aria-describedby"))
    assert violations(page) == []


def test_advice_about_a_watched_mailbox_is_given_and_stops_nobody(states: None, visit: Visit) -> None:
    page = visit(locale="en-GB").new_page()
    page.goto("/en/s-collecting/")
    watched, work = page.locator("[data-advice-for=watched]"), page.locator("[data-advice-for=work]")

    for address, shown in (("ada@mail.ru", watched), ("ada@mos.ru", work), ("ada@lab.edu.ru", work)):
        page.fill("#email", address)
        page.locator("#email").blur()
        expect(shown).to_be_visible()
    page.fill("#email", "ada@example.org")
    expect(watched).to_be_hidden()
    expect(work).to_be_hidden()
    assert page.evaluate("document.querySelector('[data-pledge]').checkValidity()") is False  # only the city is missing


def test_the_countdown_runs_by_the_visitors_own_clock(states: None, visit: Visit) -> None:
    for zone in ("Asia/Vladivostok", "Europe/Berlin"):
        page: Page = visit(locale="en-GB", timezone_id=zone).new_page()
        page.goto("/en/s-announced/")

        expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"^\d+ days \d+ hours? \d+ minutes?$"))

        minutes = page.evaluate(
            "(new Date(document.querySelector('[data-countdown]').dataset.countdown) - Date.now()) / 6e4"
        )
        days, hours, rest = (int(n) for n in re.findall(r"\d+", page.locator("[data-countdown]").inner_text()))
        assert abs(days * 1440 + hours * 60 + rest - minutes) < 2
