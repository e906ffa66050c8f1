"""What a supporter does, from the page to the count, through web, database, broker, workers and SMTP."""

import os
import signal

import pytest

from tests.journeys.systems import code_in, eventually, link_in

KAZAN, TVER = 551487, 480060

pytestmark = pytest.mark.journey


def test_pledge_letter_link_press_count(system, rally):
    browser = system.browser
    page = browser.post(f"/ru/{rally}/pledge/", {"city": KAZAN, "email": "ada@example.org"})
    assert "/check-your-mail/" in page.url
    assert "ada@example.org" not in page.url + page.text

    link = link_in(system.letter_to("ada@example.org"), "confirm")
    for _ in range(3):
        assert "Казань" in browser.get(link).text
    assert system.count(rally) == 0

    assert "Казань" in browser.post(link, {}).text
    assert eventually(lambda: system.count(rally) == 1)
    browser.post(link, {})
    system.manage("recount", "--check")
    assert system.count(rally) == 1


def test_the_typed_code_counts_too(system, rally):
    page = system.browser.post(f"/en/{rally}/pledge/", {"city_name": "Tver", "email": "bob@example.org"})
    code = code_in(system.letter_to("bob@example.org"))

    assert system.browser.post(page.url, {"code": code}).status == 200

    assert eventually(lambda: system.count(rally) == 1)


def test_moving_and_withdrawing_by_the_letters_second_link(system, rally):
    system.browser.post(f"/en/{rally}/pledge/", {"city": KAZAN, "email": "cyd@example.org"})
    letter = system.letter_to("cyd@example.org")
    system.browser.post(link_in(letter, "confirm"), {})
    assert eventually(lambda: system.count(rally) == 1)

    manage = link_in(letter, "manage")
    assert "Tver" in system.browser.post(manage, {"action": "move", "city": TVER}).text
    system.browser.post(manage, {"action": "withdraw"})

    assert eventually(lambda: system.count(rally) == 0)
    assert system.browser.get(manage).status == 404


def test_a_dead_broker_loses_nothing_and_breaks_no_request(system, rally):
    (valkey,) = system.pids("valkey-server")
    os.kill(valkey, signal.SIGSTOP)  # hangs, which is worse than being away
    try:
        page = system.browser.post(f"/en/{rally}/pledge/", {"city": KAZAN, "email": "dan@example.org"})
        assert "/check-your-mail/" in page.url
        assert system.browser.get(f"/en/{rally}/").status == 200
    finally:
        os.kill(valkey, signal.SIGCONT)

    system.browser.post(link_in(system.letter_to("dan@example.org"), "confirm"), {})
    assert eventually(lambda: system.count(rally) == 1)


def test_workers_killed_with_letters_waiting_send_each_once_they_are_back(system, rally):
    for worker in system.pids("-Q mail") + system.pids("-Q tally"):
        os.kill(worker, signal.SIGKILL)
    addresses = [f"eve{n}@example.org" for n in range(5)]
    for address in addresses:
        system.browser.post(f"/en/{rally}/pledge/", {"city": KAZAN, "email": address})

    for address in addresses:
        system.browser.post(link_in(system.letter_to(address), "confirm"), {})

    assert eventually(lambda: system.count(rally) == 5)
    assert [len(system.mail_to(address)) for address in addresses] == [1] * 5


def test_the_threshold_fires_once_and_says_so(system, rally):
    for n in range(3):
        address = f"fay{n}@example.org"
        system.browser.post(f"/en/{rally}/pledge/", {"city": KAZAN, "email": address})
        system.browser.post(link_in(system.letter_to(address), "confirm"), {})

    assert eventually(lambda: system.browser.json(f"/api/v1/{rally}/tally.json")["status"] == "reached")
    ledger = system.browser.get(f"/api/v1/{rally}/ledger.jsonl").text
    assert ledger.count('"reached":true') == 1
    (system.state / "ledger.jsonl").write_text(ledger)
    assert "3" in system.manage("verify_ledger", str(system.state / "ledger.jsonl"))
