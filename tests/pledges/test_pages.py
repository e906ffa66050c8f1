"""The public pages as a browser without JavaScript sees them."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from maps.gazetteer import gazetteer
from pledges import gate, mailroom, pledging, sealing
from pledges.models import Letter, Pledge, Rally, Suppression
from tests.pledges.conftest import NOON

SECRET = "marked-9f3b@example.org"


@pytest.fixture
def site(count, settings):
    """The site after the first tick, open to a browser."""
    settings.RATELIMIT_ENABLE = False
    count()
    return Client(headers={"Sec-Fetch-Site": "same-origin"})


@pytest.fixture
def links(rally, kazan):
    """A pledge whose letter was written, with what the letter says."""

    def written(address="ada@example.org", place=kazan, language="en"):
        blob = sealing.seal_to_mailroom(address, slug=rally.slug)
        where = pledging.Where(place.region_id, place.id)
        handle = pledging.make_pledge(rally=rally, where=where, sealed=blob, forget=False, language=language, now=NOON)
        letter = Letter.objects.select_related("pledge__rally").get(blob=blob)
        mailroom.prepare(letter, now=NOON)
        return {
            "confirm": f"/{language}/confirm/{sealing.token('confirm', letter.seed)}/",
            "manage": f"/{language}/manage/{sealing.token('manage', letter.seed)}/",
            "check": f"/{language}/{rally.slug}/check-your-mail/{handle}/",
            "code": sealing.code(letter.seed),
        }

    return written


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


PAGES = ["", "clean-air/", "clean-air/cities/", "clean-air/cities/551487/", "clean-air/privacy/", "clean-air/pledge/"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_is_there_in_both_languages_and_leads_to_the_other(site, page, language):
    other = {"en": "ru", "ru": "en"}[language]

    response = site.get(f"/{language}/{page}")

    assert response.status_code == 200
    assert f'href="/{other}/{page}"' in response.content.decode()
    assert response.headers["Content-Language"] == language
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")


def test_the_root_goes_to_the_readers_language(site):
    for accepted, language in [("ru,en;q=0.5", "ru"), ("de", "en"), ("en-GB", "en")]:
        response = site.get("/", headers={"Accept-Language": accepted})
        assert (response.status_code, response.headers["Location"]) == (302, f"/{language}/")


def test_the_rally_page_shows_the_count_without_asking_the_database(
    rally, site, kazan, pledge_from, count, django_assert_num_queries
):
    pledge_from(kazan, "ada@example.org")
    count(NOON + timedelta(seconds=1))
    site.get("/en/clean-air/")

    with django_assert_num_queries(0):
        response = site.get("/en/clean-air/")

    assert "For clean air" in text(response)
    assert 'data-live="confirmed">1<' in response.content.decode()


def test_a_pledge_is_answered_with_see_other_and_no_address_in_it(site, kazan):
    response = site.post("/ru/clean-air/pledge/", {"city": kazan.id, "email": SECRET})

    assert response.status_code == 303
    assert re.fullmatch(r"/ru/clean-air/check-your-mail/[\w-]{22}/", response.headers["Location"])
    assert Pledge.objects.get().city_id == kazan.id
    assert Letter.objects.get().language == "ru"
    assert SECRET not in str(response.serialize_headers())


@pytest.mark.parametrize(
    ("name", "city"),
    [("Казань", 551487), ("kazan", 551487), ("Киров, Калужская область", None), ("МСК", 524901), ("", 551487)],
)
def test_a_city_is_taken_by_name_or_by_id(site, name, city):
    answer = {"city_name": name, "email": SECRET} | ({"city": city} if not name else {})

    assert site.post("/ru/clean-air/pledge/", answer).status_code == 303
    if city:
        assert Pledge.objects.get().city_id == city


def test_a_name_that_several_places_share_is_asked_back_with_their_regions(site):
    response = site.post("/ru/clean-air/pledge/", {"city_name": "Киров", "email": SECRET})

    assert response.status_code == 422
    assert "Калужская область" in text(response)
    assert "Кировская область" in text(response)
    assert f'value="{SECRET}"' in response.content.decode()  # what was typed is kept, in the page alone
    assert response.headers["Cache-Control"] == "no-store"
    assert not Pledge.objects.exists()


def test_an_unknown_place_is_offered_its_region(rally, site, kazan):
    response = site.post("/en/clean-air/pledge/", {"city_name": "Zzyzxville", "email": SECRET})
    assert response.status_code == 422
    assert "RU/Tatarstan" in response.content.decode()

    chosen = {"city_name": "Zzyzxville", "region": "RU/Tatarstan", "email": SECRET}
    assert site.post("/en/clean-air/pledge/", chosen).status_code == 303
    assert (Pledge.objects.get().region_id, Pledge.objects.get().city_id) == (kazan.region_id, None)


@pytest.mark.parametrize(
    "bad",
    [
        {"city": "999999999"},
        {"city": "x"},
        {"city": "-1"},
        {"city": "9" * 5000},
        {"city": ""},
        {"city_name": "\0Казань\0" + "я" * 300, "city": ""},
        {"city_name": "%_\\", "city": ""},
        {"email": ""},
        {"email": "ada"},
        {"email": "ada@example.org\r\nBcc: bob@example.org"},
        {"email": "ada\0@example.org"},
        {"email": "a" * 2000 + "@example.org"},
        {"email": "", "sealed": "AAAA"},
        {"email": "", "sealed": "?" * 400},
        {"email": "", "sealed": sealing.to_text(b"\2\0\1" + bytes(304))},
        {"email": "", "sealed": sealing.to_text(b"\1\0\2" + bytes(304))},
        {"region": "RU/Atlantis", "city": ""},
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_bad_input_is_answered_clearly_and_nothing_is_stored(site, kazan, bad, language):
    answer = {"city": str(kazan.id), "email": SECRET} | bad

    response = site.post(f"/{language}/clean-air/pledge/", answer)

    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Pledge.objects.exists()
    assert not Letter.objects.exists()


def test_a_sealed_address_is_carried_as_it_is(rally, site, kazan):
    blob = sealing.seal_to_mailroom(SECRET, slug=rally.slug)

    assert site.post("/en/clean-air/pledge/", {"city": kazan.id, "sealed": sealing.to_text(blob)}).status_code == 303
    assert bytes(Letter.objects.get().blob) == blob


def test_a_robot_in_the_trap_is_answered_like_everybody_and_nothing_is_stored(site, kazan):
    response = site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": SECRET, "website": "http://x"})

    assert response.status_code == 303
    assert site.get(response.headers["Location"]).status_code == 200
    assert not Pledge.objects.exists()


def test_new_pending_confirmed_suppressed_and_disposable_addresses_get_the_same_answer(site, kazan, pledge_from, ask):
    from tests.pledges.conftest import mailbox

    pledge_from(kazan, "known@example.org")
    ask(kazan, "pending@example.org")
    Suppression.objects.create(fingerprint=mailbox("silent@example.org"), until=NOON + timedelta(days=9999))
    addresses = [
        "new@example.org",
        "pending@example.org",
        "known@example.org",
        "silent@example.org",
        "x@mailinator.com",
    ]

    answers = set()
    for address in addresses:
        response = site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": address})
        page = site.get(response.headers["Location"])
        handle = response.headers["Location"].split("/")[-2]
        headers = tuple(sorted((key, value.replace(handle, "")) for key, value in response.headers.items()))
        answers.add((response.status_code, headers, page.content.replace(handle.encode(), b"")))

    assert len(answers) == 1


def test_looking_at_a_link_changes_nothing_and_one_press_counts(rally, site, links, count):
    link = links()["confirm"]
    for method in (site.get, site.head, site.get):
        assert method(link).status_code == 200
    assert not Pledge.objects.confirmed().exists()

    response = site.post(link)

    assert (response.status_code, response.headers["Location"]) == (303, link)
    assert "You are counted: Kazan" in text(site.get(link))
    assert site.get(link).headers["Cache-Control"] == "no-store"
    assert count(NOON + timedelta(seconds=1)).confirmed == 1


def test_a_mailbox_that_is_counted_elsewhere_is_asked_whether_to_move(rally, site, links, tver, pledge_from):
    pledge_from(tver, "ada@example.org")

    assert "You are counted in Tver. Move to Kazan?" in text(site.get(links()["confirm"]))


def test_the_link_can_count_in_another_city(rally, site, links, tver):
    link = links()["confirm"]
    assert site.post(link, {"city_name": "Kirov"}).status_code == 422
    assert site.post(link, {"city_name": "Tver"}).status_code == 303

    assert Pledge.objects.get().city_id == tver.id


def test_the_typed_code_counts_and_a_wrong_one_says_so(rally, site, links):
    written = links()
    wrong = site.post(written["check"], {"code": "000000" if written["code"] != "000000" else "111111"})
    assert (wrong.status_code, Pledge.objects.confirmed().count()) == (422, 0)

    right = site.post(written["check"], {"code": f" {written['code'][:3]} {written['code'][3:]} "})

    assert right.status_code == 200
    assert "You are counted: Kazan" in text(right)


def test_five_wrong_codes_end_it(rally, site, links):
    written = links()
    for _ in range(5):
        site.post(written["check"], {"code": "x"})

    assert site.post(written["check"], {"code": written["code"]}).status_code == 422
    assert not Pledge.objects.confirmed().exists()


def test_the_owner_moves_forgets_and_withdraws(rally, site, links, tver):
    written = links()
    site.post(written["confirm"])
    assert site.post(written["manage"], {"action": "move", "city_name": "Tver"}).status_code == 303
    assert Pledge.objects.get().city_id == tver.id

    assert site.post(written["manage"], {"action": "forget"}).status_code == 200
    assert Pledge.objects.get().forget

    assert site.post(written["manage"], {"action": "withdraw"}).status_code == 200
    assert not Pledge.objects.exists()
    assert site.get(written["manage"]).status_code == 404


def test_a_second_letters_manage_link_serves_the_counted_pledge(rally, site, links, tver, pledge_from):
    pledge_from(tver, "ada@example.org")
    second = links()["manage"]
    assert "Tver" in text(site.get(second))

    site.post(second, {"action": "withdraw"})

    assert not Pledge.objects.exists()


def test_one_click_unsubscribe_forgets_and_keeps_the_count(rally, links, settings, count):
    settings.RATELIMIT_ENABLE = False
    written = links()
    count()
    Client(headers={"Sec-Fetch-Site": "same-origin"}).post(written["confirm"])

    response = Client().post(
        written["manage"], {"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert response.status_code == 200
    pledge = Pledge.objects.get()
    assert (pledge.forget, pledge.confirmed_at is not None) == (True, True)


def test_it_was_not_me_works_from_both_links(rally, site, links):
    for link in ("confirm", "manage"):
        assert site.post(links()[link], {"action": "not-me"}).status_code == 200
        assert not Pledge.objects.exists()
        Suppression.objects.all().delete()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({}, True),
    ],
)
def test_another_site_cannot_make_a_browser_pledge(site, kazan, headers, allowed):
    response = Client(headers=headers).post("/en/clean-air/pledge/", {"city": kazan.id, "email": SECRET})

    assert response.status_code == (303 if allowed else 403)
    assert Pledge.objects.exists() is allowed


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/en/nothing-here/", 404),
        ("get", "/de/clean-air/", 404),
        ("get", "/en/clean-air/cities/1/", 404),
        ("get", "/nowhere", 404),
        ("get", "/en/confirm/forged/", 404),
        ("get", "/en/manage/" + "A" * 22 + "/", 404),
        ("get", "/en/clean-air/check-your-mail/short/", 404),
        ("get", "/en/clean-air/rally.ics", 404),
        ("post", "/en/clean-air/", 405),
        ("put", "/en/clean-air/pledge/", 405),
        ("delete", "/en/confirm/x/", 405),
    ],
)
def test_what_is_not_there_or_not_for_that_says_so_in_the_readers_language(site, method, path, status):
    response = getattr(site, method)(path)

    assert response.status_code == status
    assert "<h1" in response.content.decode()
    russian = getattr(site, method)(path.replace("/en/", "/ru/"), headers={"Accept-Language": "ru"})
    assert re.search("[а-я]{4}", text(russian))


def test_a_huge_body_is_refused(site, kazan):
    response = site.post("/ru/clean-air/pledge/", {"city": kazan.id, "email": "a" * 50_000})

    assert response.status_code == 413
    assert not Pledge.objects.exists()


def test_a_foreign_host_is_refused(site):
    assert site.get("/en/", headers={"Host": "evil.example"}).status_code == 400


def test_a_closed_rally_says_so(rally, site, kazan, count):
    Rally.objects.filter(pk=rally.pk).update(over_at=NOON)
    count(NOON + timedelta(seconds=1))

    response = site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": SECRET})

    assert response.status_code == 409
    assert not Pledge.objects.exists()


def test_an_over_used_network_is_asked_to_wait_and_not_refused(site, kazan, settings):
    settings.RATELIMIT_ENABLE = True
    for n in range(20):
        assert site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": f"p{n}@example.org"}).status_code == 303
    limited = site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": SECRET})
    assert limited.status_code == 429
    token = re.search('name="token" value="([^"]+)"', limited.content.decode())[1]

    soon = site.post("/en/clean-air/pledge/", {"city": kazan.id, "email": SECRET, "token": token})
    assert soon.status_code == 429


def test_a_timing_token_serves_once_after_four_seconds_and_for_half_an_hour(monkeypatch):
    import time

    began = time.time()
    token = gate.timing_token()
    for seconds, timely in [(1, False), (31 * 60, False), (6, True), (7, False)]:
        monkeypatch.setattr("django.core.signing.time.time", lambda seconds=seconds: began + seconds)
        assert gate.is_timely(token, network=f"network-{seconds}") is timely
    assert not gate.is_timely("forged", network="another")


def test_the_city_table_finds_a_city_and_says_where_too_few_are(rally, site, kazan):
    response = site.get("/ru/clean-air/cities/", {"q": "казань"})

    assert "Казань" in text(response)
    assert gazetteer().by_id[551487].name_ru == "Казань"


def test_forgetting_an_unconfirmed_pledge_deletes_it(rally, site, links):
    written = links()

    response = site.post(written["manage"], {"action": "forget"})

    assert response.status_code == 200
    assert not Pledge.objects.exists()


def test_the_code_page_tells_nothing_of_what_became_of_a_pledge(rally, site, links):
    confirmed, expired = links("ada@example.org"), links("bob@example.org")
    for written in (confirmed, expired):
        site.post(written["check"], {"code": "x"})
    site.post(confirmed["confirm"])
    Pledge.objects.pending().erase()

    def seen(written):
        return site.get(written["check"]).content.replace(written["check"].split("/")[-2].encode(), b"")

    assert seen(confirmed) == seen(expired)


@pytest.mark.parametrize(
    ("headers", "body", "content_type", "status"),
    [
        ({"Origin": "http://["}, b"", "application/x-www-form-urlencoded", 403),
        ({}, b"--x\r\nbroken", "multipart/form-data; boundary=", 400),
        ({}, b"city=1", "application/x-www-form-urlencoded; charset=latin-1", 400),
        ({}, b"\xff\xfe=\x00", "application/x-www-form-urlencoded", 422),
        ({"Sec-Fetch-Site": "cross-site"}, b"a=1&" * 100, "application/x-www-form-urlencoded", 403),
    ],
)
@pytest.mark.parametrize("path", ["/ru/clean-air/pledge/", "/ru/manage/AAAAAAAAAAAAAAAAAAAAAA/"])
def test_requests_that_no_browser_sends_get_a_clear_page(site, headers, body, content_type, status, path):
    response = Client(headers=headers, raise_request_exception=False).generic(
        "POST", path, body, content_type=content_type
    )

    assert response.status_code in {status, 404 if "manage" in path else status}
    assert "<h1" in response.content.decode()


def test_an_uploaded_file_is_not_taken_in(site, kazan, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = {"city": kazan.id, "email": SECRET, "file": SimpleUploadedFile("big", b"x" * 200_000)}

    assert site.post("/en/clean-air/pledge/", answer).status_code in {303, 413}


def test_an_address_typed_without_its_last_stroke_leads_there(site):
    response = site.get("/en/clean-air")

    assert (response.status_code, response.headers["Location"]) == (301, "/en/clean-air/")
    assert site.get("/en/clean-air/nothing").status_code == 404
