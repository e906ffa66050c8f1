"""The city field in a real browser: searched where one types, asked of the server only for what is not listed."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.journeys.browsing import (
    KAZAN,
    KIROV,
    violations,
)
from tests.journeys.systems import NETWORKS, System

pytestmark = pytest.mark.journey
Visit = Callable[..., BrowserContext]

SAME_AS_THE_SERVER = [
    *("Москва", "moskva", "моск", "питер", "СПб", "Екб", "Ебург", "Санкт Петербург", "орел", "Орёл", "ростов-на-дону"),
    *("ростов на д", "новгород", "Киров", "Киров, Калуж", "киров россия", "королев", "к", "ново", "гусь", "Нью-Йорк"),
    *("Zürich", "munchen", "Berlin", "берлин", "тель", "Алма-Ата", "г. Тверь", "село Тверь", "красный", "советск"),
    *("vjcrdf", "cfyrn-gtnth,ehu", "иукдшт", "ltkb", ";erjdcrbq", "ыфв", "", "%", "ы" * 200, "St. Petersburg", "İzmir"),
]
TYPOS = ["екатеренбург", "масква", "мсоква", "питербург", "владевосток", "тальяти", "нижний новгорад", "орол", "moskow"]

COMPARE = """async ([typed, language]) => {
  const box = document.querySelector("[data-combobox]");
  const script = [...document.scripts].find(({ src }) => src.includes("combobox")).src;
  const { placeIndex } = await import(new URL("places.js", script));
  const content = await (await fetch(box.dataset.index)).json();
  const index = placeIndex(content, { language, home: "RU" });
  return typed.map((words) => index.search(words).map(({ id }) => id));
}"""
PACE = """async () => {
  const box = document.querySelector("[data-combobox]");
  const script = [...document.scripts].find(({ src }) => src.includes("combobox")).src;
  const { placeIndex } = await import(new URL("places.js", script));
  const index = placeIndex(await (await fetch(box.dataset.index)).json(), { language: "ru", home: "RU" });
  const median = (words) => {
    const times = Array.from({ length: 15 }, () => {
      const began = performance.now();
      index.search(words);
      index.doubt(words);
      return performance.now() - began;
    });
    return times.sort((a, b) => a - b)[7];
  };
  return ["к", "моск", "екатеренбург", "vjcrdf", "ывапролджэ"].map(median);
}"""


@pytest.fixture(scope="module")
def page_of(system: System) -> str:
    system.open_rally("field", threshold=1000)
    return "field"


@pytest.fixture
def page(visit: Visit, page_of: str) -> Page:
    page = visit(locale="ru-RU").new_page()
    page.goto(f"/ru/{page_of}/pledge/")
    return page


def write(page: Page, words: str) -> None:
    page.get_by_role("combobox").click()
    page.get_by_role("combobox").fill(words)


def city(page: Page) -> str:
    return page.locator("input[name=city][type=hidden]").input_value()


def asked(page: Page) -> list[str]:
    """What the server is asked from now on."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url) if "/api/v1/cities?" in request.url else None)
    return urls


def test_the_browser_finds_what_the_server_finds(system: System, page: Page):
    told = [system.browser.json(f"/api/v1/cities?q={quote(words)}&home=RU")["cities"] for words in SAME_AS_THE_SERVER]
    typos = [system.browser.json(f"/api/v1/cities?q={quote(words)}&home=RU")["cities"] for words in TYPOS]

    found = page.evaluate(COMPARE, [SAME_AS_THE_SERVER, "ru"])
    mistyped = page.evaluate(COMPARE, [TYPOS, "ru"])

    here = dict(zip(SAME_AS_THE_SERVER, found, strict=True))
    there = {words: [one["id"] for one in cities] for words, cities in zip(SAME_AS_THE_SERVER, told, strict=True)}
    assert here == there
    # Of typos the server compares only with the likeliest names, so the ends of the lists may differ.
    assert [ids[0] for ids in mistyped] == [cities[0]["id"] for cities in typos]


def test_a_key_costs_less_than_a_frame(page: Page):
    assert max(page.evaluate(PACE)) < 16


def test_a_listed_city_is_found_without_asking_the_server(page: Page):
    urls = asked(page)
    write(page, "казань")

    expect(page.get_by_role("option").first).to_contain_text("Татарстан")
    page.wait_for_timeout(1000)
    assert urls == []


def test_the_keyboard_alone_opens_moves_closes_chooses_and_clears(page: Page):
    field = page.get_by_role("combobox")
    write(page, "киров")
    expect(page.get_by_role("option").nth(1)).to_contain_text("Калужская область")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").first).to_contain_text("Найдено")

    page.keyboard.press("ArrowDown")
    first = field.get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowUp")
    last = field.get_attribute("aria-activedescendant")
    assert first != last
    page.keyboard.press("Home")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("киров")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(field).to_have_value("Киров")
    assert city(page) == str(KIROV)
    expect(page.locator("#city_hint")).to_have_text("Кировская область")
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    assert city(page) == ""


def test_tab_keeps_what_was_typed_and_closes_the_list(page: Page):
    write(page, "каза")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Tab")

    expect(page.get_by_role("combobox", include_hidden=True)).to_have_value("каза")
    expect(page.locator("#email")).to_be_focused()
    expect(page.locator("[role=listbox]")).to_be_hidden()


@pytest.mark.parametrize("typed", ["vjcrdf", "масква", "Moskva", "мск"])
def test_layout_typos_script_and_short_names_are_understood(page: Page, typed: str):
    write(page, typed)

    expect(page.get_by_role("option").first).to_contain_text("Москва")


def test_a_touch_chooses_and_the_page_hears_of_it(visit: Visit, page_of: str):
    page = visit(locale="ru-RU", has_touch=True, viewport={"width": 320, "height": 420}).new_page()
    page.goto(f"/ru/{page_of}/pledge/")
    page.evaluate("document.addEventListener('place-chosen', ({ detail }) => { window.heard = detail })")
    page.get_by_role("combobox").tap()
    page.keyboard.type("казан")
    option = page.get_by_role("option").first
    expect(option).to_be_in_viewport()
    heights = page.get_by_role("option").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    bottom = page.get_by_role("listbox").evaluate("list => list.getBoundingClientRect().bottom")
    option.tap()

    assert min(heights) >= 44
    assert bottom <= 420
    assert city(page) == str(KAZAN)
    heard = page.evaluate("window.heard")
    assert (heard["id"], heard["name"], round(heard["lat"]), round(heard["lng"])) == (KAZAN, "Казань", 56, 49)


def test_the_map_fills_the_field(page: Page):
    kazan = {"id": KAZAN, "name": "Казань", "region": "Татарстан"}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('place', { detail }))", kazan)

    expect(page.get_by_role("combobox")).to_have_value("Казань")
    expect(page.locator("#city_hint")).to_have_text("Татарстан")
    expect(page.locator("#email")).to_be_focused()
    assert city(page) == str(KAZAN)


def test_a_village_is_answered_with_the_cities_near_it_and_its_region(page: Page):
    urls = asked(page)
    write(page, "Зюкайка")

    group = page.get_by_role("group", name="Зюкайка, Пермский край: нет в нашем списке. Ближайшие:")
    expect(group.get_by_role("option")).to_have_count(4)
    expect(group.get_by_role("option").first).to_contain_text("Верещагино")
    expect(group.get_by_role("option").first).to_contain_text("14\u00a0км")
    assert len(urls) == 1
    group.get_by_role("option").last.click()

    expect(page.get_by_role("combobox")).to_have_value("Пермский край")
    assert city(page) == ""
    assert page.locator("[name=region]").input_value() == "RU/Perm Krai"
    expect(page.locator("[name=region]")).to_be_enabled()


def test_another_key_takes_the_region_back(page: Page):
    write(page, "Зюкайка")
    page.get_by_role("option", name="Только мой регион").click()
    write(page, "казань")

    expect(page.locator("[name=region]")).to_be_disabled()
    page.get_by_role("option").first.click()
    assert city(page) == str(KAZAN)


def test_only_my_region_makes_a_pledge(page: Page):
    write(page, "Зюкайка")
    page.get_by_role("option", name="Только мой регион").click()
    page.fill("#email", "region@example.org")
    page.click("#pledge button[type=submit]")

    page.wait_for_url("**/check-your-mail/**")


def test_villages_of_one_name_are_told_apart_by_region_and_by_typing_it(page: Page):
    write(page, "Ивановка")
    expect(page.locator(".options-heading").first).to_contain_text("Приморский край")
    expect(page.locator(".options-heading")).to_have_count(5)

    write(page, "ивановка брянск")
    expect(page.locator(".options-heading")).to_have_count(1)
    expect(page.get_by_role("option").first).to_contain_text("Брянск")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_javascript_a_village_is_asked_back_with_the_cities_near_it(
    visit: Visit,
    page_of: str,
    language: str,
):
    page = visit(java_script_enabled=False).new_page()
    page.goto(f"/{language}/{page_of}/pledge/")
    page.fill("#city_name", "Зюкайка")
    page.fill("#email", f"village-{language}@example.org")
    page.click("#pledge button[type=submit]")

    near = {"ru": "Рядом: Зюкайка", "en": "Near Zyukayka"}[language]
    choices = page.locator("[data-choices] fieldset", has_text=near)
    expect(choices.get_by_role("radio")).to_have_count(3)
    expect(choices).to_contain_text({"ru": "Верещагино", "en": "Vereshchagino"}[language])
    expect(page.locator("#region")).to_be_visible()
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator("#city_name")).to_have_value("Зюкайка")
    choices.get_by_role("radio").first.check()
    page.click("#pledge button[type=submit]")
    page.wait_for_url("**/check-your-mail/**")


@pytest.fixture
def cut_off(browser: Browser, system: System, page_of: str) -> Iterator[Page]:
    """Not watched, because a browser complains aloud about what it cannot reach."""
    context = browser.new_context(
        base_url=system.url, locale="ru-RU", extra_http_headers={"X-Forwarded-For": next(NETWORKS)}
    )
    page = context.new_page()
    page.goto(f"/ru/{page_of}/pledge/")
    yield page
    context.close()


def test_without_the_index_the_server_searches(cut_off: Page):
    cut_off.route("**/cities.json*", lambda route: route.abort())
    urls = asked(cut_off)
    write(cut_off, "казань")
    expect(cut_off.get_by_role("option").first).to_contain_text("Казань")
    cut_off.get_by_role("option").first.click()
    assert city(cut_off) == str(KAZAN)
    assert urls

    write(cut_off, "Зюкайка")
    expect(cut_off.get_by_role("option").first).to_contain_text("Верещагино")


def test_without_any_answer_the_field_still_takes_a_name(cut_off: Page):
    cut_off.route("**/api/**", lambda route: route.abort())
    write(cut_off, "Казань")
    cut_off.wait_for_timeout(700)
    cut_off.fill("#email", "alone@example.org")
    cut_off.click("#pledge button[type=submit]")

    cut_off.wait_for_url("**/check-your-mail/**")


def test_a_hostile_name_from_the_server_stays_text(page: Page):
    name = "<img src=x onerror=alert(1)>"
    near = {"id": 1, "name": name, "region": name, "country": "RU", "country_name": name, "lat": 0, "lng": 0, "km": 1}
    village = {
        "name": name,
        "region": name,
        "region_code": name,
        "country": "RU",
        "country_name": "",
        "nearest": [near],
    }

    def hostile(route: Route) -> None:
        route.fulfill(body=json.dumps({"cities": [], "villages": [village]}), content_type="application/json")

    page.route("**/api/v1/cities?*", hostile)
    write(page, "ывапролджэ")
    expect(page.get_by_role("option").first).to_contain_text("<img")

    assert page.locator(".options img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_while_the_list_is_open(visit: Visit, page_of: str, scheme: Any):
    page = visit(locale="ru-RU", color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"/ru/{page_of}/pledge/")
    found = []
    for words in ("киров", "Ивановка"):
        write(page, words)
        expect(page.get_by_role("option").first).to_be_visible()
        page.wait_for_timeout(1000)
        page.keyboard.press("ArrowDown")
        found += violations(page)

    assert found == []
