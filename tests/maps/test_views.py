import gzip
import json
import secrets
from typing import Any

import brotli
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from maps.gazetteer import gazetteer
from maps.models import Village
from maps.views import cities_json, city_search

pytestmark = pytest.mark.usefixtures("all_places")


def ask(**query: str) -> HttpResponse:
    return city_search(RequestFactory().get("/api/v1/cities", query))


def answer(**query: str) -> list[dict[str, Any]]:
    response = ask(**query)
    assert response.status_code == 200
    return json.loads(response.content)["cities"]


def test_a_city_is_told_with_its_region_and_country():
    kirov = answer(q="киров", lang="ru")[1]

    assert kirov == {
        "id": 548410,
        "name": "Киров",
        "region": "Калужская область",
        "country": "RU",
        "country_name": "Россия",
        "lat": 54.06889,
        "lng": 34.29891,
    }


def test_english_is_spoken_unless_russian_is_asked_for():
    berlin = answer(q="Берлин")[0]

    assert (berlin["name"], berlin["region"], berlin["country"], berlin["country_name"]) == (
        "Berlin",
        "",
        "DE",
        "Germany",
    )


def test_the_nearest_cities_are_told_for_a_point():
    assert answer(near="64.4,-173.2")[0]["name"] == "Anadyr"
    assert answer(near=" 55.7 , 37.6 ", lang="ru")[0]["name"] == "Москва"


def test_nothing_found_is_an_empty_list():
    assert answer(q="") == answer(q="\x00") == answer(q="ы" * 10_000) == []


def test_a_village_is_told_with_the_cities_near_it_and_only_then():
    village = {"geoname_id": 1, "name_en": "Zyuzyukino", "name_ru": "Зюзюкино", "search_text": "|зюзюкино|"}
    point = {"latitude": 55.7, "longitude": 49.2, "country": "RU", "region_code": "RU/Tatarstan", "population": 0}
    Village.objects.create(**village, **point)

    response = ask(q="зюзюкино", lang="ru", home="RU")
    (told,) = json.loads(response.content)["villages"]
    Village.objects.all().delete()

    assert {key: told[key] for key in ("name", "region", "region_code", "country", "country_name")} == {
        "name": "Зюзюкино",
        "region": "Татарстан",
        "region_code": "RU/Tatarstan",
        "country": "RU",
        "country_name": "Россия",
    }
    assert (told["nearest"][0]["name"], told["nearest"][0]["km"]) == ("Казань", 11)
    assert len(told["nearest"]) == 3
    assert response["Cache-Control"] == "public, max-age=300"
    assert "villages" not in json.loads(ask(q="Казань").content)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "a", "near": "1,2"},
        {"near": "55.7"},
        {"near": "55.7,37.6,1"},
        {"near": "nan,1"},
        {"near": "inf,1"},
        {"near": "91,0"},
        {"near": "0,541"},
        {"near": "север,юг"},
        {"near": ""},
        {"q": "a", "lang": "xx"},
        {"q": "a", "lang": "\x00"},
    ],
)
def test_a_bad_query_is_refused_in_words(query: dict[str, str]):
    response = ask(**query)

    assert response.status_code == 400
    assert json.loads(response.content)["error"]
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("lang", "spoken"), [("ru", "ru"), ("en", "en"), ("xx", "en")])
def test_refusals_speak_the_language_asked_for(lang: str, spoken: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("maps.views.gettext", lambda message: translation.get_language())

    assert json.loads(ask(lang=lang).content) == {"error": spoken}


def test_answers_may_be_cached_by_anyone():
    assert ask(q="моск")["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("view", [city_search, cities_json])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_allowed(view: Any, method: str):
    response = view(RequestFactory().generic(method, "/"))

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert json.loads(response.content)["error"]


def test_head_is_answered_like_get():
    assert city_search(RequestFactory().head("/", {"q": "моск"})).status_code == 200
    assert cities_json(RequestFactory().head("/")).status_code == 200


def test_who_asks_too_often_is_asked_to_wait():
    somebody = {"REMOTE_ADDR": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}  # whom no other test knows
    request = RequestFactory().get("/api/v1/cities", {"q": "моск"}, **somebody)

    statuses = [city_search(request).status_code for _ in range(200)]
    # Twice the rate, because the minute may turn once on the way.
    limited = next((reply for _ in range(480) if (reply := city_search(request)).status_code == 429), None)

    assert statuses == [200] * 200
    assert limited is not None
    assert limited["Retry-After"] == "60"
    assert json.loads(limited.content)["error"]


def index(**headers: str) -> HttpResponse:
    return cities_json(RequestFactory().get("/api/v1/spring/cities.json", headers=headers), slug="spring")


def test_the_index_is_aligned_and_like_stands_beside_like():
    content = json.loads(index().content)
    arrays = [
        content[key]
        for key in ("id", "ru", "en", "lat", "lng", "country", "region", "region_ru", "population", "aliases")
    ]

    assert content["version"] == gazetteer().version
    assert {len(array) for array in arrays} == {len(gazetteer().places)}
    order = [(country, -people) for country, people in zip(content["country"], content["population"], strict=True)]
    assert order == sorted(order)  # so that the figures beside them, of a tally, are packed small
    here = content["id"].index(548410)
    assert [array[here] for array in arrays[1:8]] == [
        "Киров",
        "Kirov",
        54.06889,
        34.29891,
        "RU",
        "Kaluga Oblast",
        "Калужская область",
    ]
    assert arrays[9][content["id"].index(498817)].split(";")[:3] == ["Питер", "СПб", "Петербург"]


def test_the_index_is_for_every_origin_and_cached_for_a_day():
    response = index()

    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "public, max-age=86400"
    assert response["Content-Type"] == "application/json"


def test_an_index_one_has_already_is_not_sent_again():
    etag = index()["ETag"]

    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = index(if_none_match=value)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == etag
        assert again["Cache-Control"] == "public, max-age=86400"
        assert again["Access-Control-Allow-Origin"] == "*"
    assert index(if_none_match='"other"').status_code == 200


def test_for_a_map_the_list_is_half_as_long_and_says_the_same(all_places):
    whole = json.loads(cities_json(RequestFactory().get("/api/v1/spring/cities.json")).content)

    for lang in ("ru", "en"):
        response = cities_json(RequestFactory().get(f"/api/v1/spring/cities.json?lang={lang}"))
        slim = json.loads(response.content)
        assert len(response.content) < 0.6 * len(json.dumps(whole, ensure_ascii=False).encode())
        assert (slim["version"], slim["id"], slim[lang]) == (whole["version"], whole["id"], whole[lang])
        assert [slim["regions"][index] for index in slim["region_of"]] == whole["region"]
        if lang == "ru":
            assert [slim["regions_ru"][index] for index in slim["region_of"]] == whole["region_ru"]
        assert all(abs(near - exact) <= 0.00051 for near, exact in zip(slim["lat"], whole["lat"], strict=True))
        assert all(
            abs(about - exact) <= 0.05 * exact
            for about, exact in zip(slim["population"], whole["population"], strict=True)
        )


def test_brotli_is_for_those_who_take_it(all_places):
    def packed(accepted):
        return cities_json(RequestFactory().get("/api/v1/spring/cities.json", headers={"Accept-Encoding": accepted}))

    small, larger = packed("gzip, br"), packed("gzip")

    assert (small.headers["Content-Encoding"], larger.headers["Content-Encoding"]) == ("br", "gzip")
    assert brotli.decompress(small.content) == gzip.decompress(larger.content)
    assert len(small.content) < len(larger.content)
