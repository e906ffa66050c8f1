"""What a person sees and does in a real browser, with JavaScript and without, and what the page does behind them."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browsing import (
    KAZAN,
    KIROV,
    Watch,
    letter_path,
    sees_sideways_scrolling,
    type_and_choose,
    violations,
)
from tests.journeys.systems import System, eventually

pytestmark = pytest.mark.journey


# The watch itself.


BAD_PAGE = """<!doctype html><title>Bad</title><script>document.title = "run"</script>
<script src="/static/bad.js"></script><img src="https://tracker.example/pixel.gif"><p>Bad"""
BAD_SCRIPT = """document.cookie = "seen=1"; localStorage.setItem("seen", "1"); console.error("oh");
fetch("https://tracker.example/beacon").catch(() => {}); setTimeout(() => { throw new Error("thrown") })"""


def test_the_watch_sees_every_kind_of_misbehaviour(browser: Browser, system: System, rally: str) -> None:
    policy = system.browser.get(f"/en/{rally}/").headers["Content-Security-Policy"]
    headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
    context = browser.new_context(base_url=system.url)
    watch = Watch(context, system.url)
    context.route("**/bad", lambda route: route.fulfill(body=BAD_PAGE, headers=headers))
    context.route("**/bad.js", lambda route: route.fulfill(body=BAD_SCRIPT, content_type="text/javascript"))
    loose = headers | {"Content-Security-Policy": "default-src *"}
    context.route("**/loose", lambda route: route.fulfill(body=BAD_PAGE, headers=loose))

    page = context.new_page()
    page.goto("/bad")
    expect(page).to_have_title("Bad")  # the inline script did not run
    seen = "\n".join(watch.all())
    page.goto("/loose")
    page.wait_for_timeout(300)
    loosely = "\n".join(watch.all())
    context.close()

    for sign in ("inline script", "tracker.example/pixel.gif", "tracker.example/beacon", "cookie: seen", "storage: "):
        assert sign in seen
    for sign in ("error: oh", "thrown", "Content Security Policy"):
        assert sign in seen
    assert "foreign: https://tracker.example/pixel.gif" in loosely


# The journeys.


def test_with_javascript_from_the_keyboard_to_the_count_that_goes_up_by_itself(system, rally, visit):
    context = visit(locale="en-GB")
    onlooker, page = context.new_page(), visit(locale="en-GB").new_page()
    onlooker.goto(f"/en/{rally}/")
    onlooker.evaluate("window.still = 'the same page'")
    expect(onlooker.locator("[data-live=confirmed]")).to_have_text("0")

    page.goto(f"/en/{rally}/")
    type_and_choose(page, "Kaz")
    expect(page.get_by_role("combobox")).to_have_value("Kazan")
    assert page.locator("input[name=city][type=hidden]").input_value() == str(KAZAN)
    page.get_by_label("E-mail").fill("key@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check-your-mail/**")
    assert "key@example.org" not in page.url + page.content()

    page.goto(letter_path(system, "key@example.org"))
    assert system.count(rally) == 0
    page.get_by_role("button", name="Yes, count me: Kazan").click()

    expect(page.get_by_role("heading", name="You are counted: Kazan")).to_be_visible()
    expect(onlooker.locator("[data-live=confirmed]")).to_have_text("1")
    assert onlooker.evaluate("window.still") == "the same page"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_javascript_a_city_of_many_namesakes_is_asked_back(system, rally, visit, language):
    address = f"plain-{language}@example.org"
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"/{language}/{rally}/")
    page.fill("input[name=city_name]", "Киров")
    page.fill("input[name=email]", address)
    page.click("#pledge button[type=submit]")

    assert page.locator("input[name=email]").input_value() == address  # nothing has to be typed again
    assert page.locator("[data-choices] input[type=radio]").count() > 2
    page.check(f"[data-choices] input[value='{KIROV}']")
    page.click("#pledge button[type=submit]")
    page.wait_for_url("**/check-your-mail/**")
    page.goto(letter_path(system, address))
    page.click("main form:first-of-type button")

    assert {"ru": "Киров", "en": "Kirov"}[language] in page.locator("h1").inner_text()
    assert eventually(lambda: system.count(rally) == 1)
    page.goto(letter_path(system, address, "manage"))
    page.click("form:has([value=withdraw]) button")
    assert eventually(lambda: system.count(rally) == 0)


def test_the_language_switch_keeps_the_page(rally, visit):
    page = visit().new_page()
    for path in ("", "cities/", f"cities/{KAZAN}/", "privacy/", "pledge/"):
        page.goto(f"/en/{rally}/{path}")
        page.click("a.language")
        expect(page).to_have_url(re.compile(rf"/ru/{rally}/{path}$"))
        expect(page.locator("html")).to_have_attribute("lang", "ru")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_width_shows_the_page_without_scrolling_sideways(system, crowd, visit, scheme):
    page = visit(color_scheme=scheme, has_touch=True).new_page()
    grounds = set()
    for path in ("", "pledge/", "cities/", f"cities/{KAZAN}/", "privacy/", "nowhere/", f"check-your-mail/{'A' * 22}/"):
        for language in ("ru", "en"):
            page.goto(f"/{language}/{crowd}/{path}")
            assert sees_sideways_scrolling(page) == [], page.url
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    (ground,) = grounds
    light = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) > 3 * 128
    assert light == (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_on_any_page(system, crowd, visit, scheme):
    address = f"axe-{scheme}@example.org"
    page = visit(locale="en-GB", color_scheme=scheme, reduced_motion="reduce").new_page()
    found = []

    def look(path: str = "") -> None:
        if path:
            page.goto(path)
        page.wait_for_load_state()  # a press ends when the next page begins; its colours come a moment later
        found.extend(violations(page))

    for path in ("", "cities/", f"cities/{KAZAN}/", "privacy/", "nowhere/"):
        look(f"/en/{crowd}/{path}")
    page.goto(f"/en/{crowd}/pledge/")
    page.evaluate("document.querySelector('[data-pledge]').noValidate = true")
    page.fill("input[name=city_name]", "Киров")
    page.fill("input[name=email]", "no address")
    page.click("#pledge button[type=submit]")
    expect(page.locator(".errors")).to_be_visible()
    look()
    page.check(f"[data-choices] input[value='{KIROV}']")
    page.fill("input[name=email]", address)
    page.click("#pledge button[type=submit]")
    page.wait_for_url("**/check-your-mail/**")
    look()
    look(letter_path(system, address))
    page.click("main form:first-of-type button")
    look()
    look(letter_path(system, address, "manage"))

    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_at_the_consoles_login(system, browser, scheme):
    context = browser.new_context(base_url=system.console_url, color_scheme=scheme)
    watch = Watch(context, system.console_url)
    page = context.new_page()
    page.goto("/login/")

    found, narrow = violations(page), sees_sideways_scrolling(page)
    complaints = watch.complaints
    context.close()
    assert (found, narrow, complaints) == ([], [], [])
