"""What may be set, what must be, and who a visitor is taken for."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from rallyreg import environment as env
from rallyreg import visitors
from tests.rallyreg.servers import BASE, GENEROUS, environment

KEY = env.encode(bytes(range(32)))
PRODUCTION = {
    "DATABASE_URL": "postgresql://site:secret@db/site",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": KEY,
    "SITE_URLS": "https://rally.example",
    "CONSOLE_URL": "https://console.rally.example",
    "MAIL_FROM": "letters@rally.example",
    "EMAIL_URLS": "smtp://mx:25",
    "SIGNING_KEY": KEY,
    "MAILROOM_PUBLIC_KEYS": f"1:{KEY}",
}
MAILROOM = {"RALLYREG_ROLE": "mailroom", "MAILROOM_KEY": f"1:{KEY}", "FINGERPRINT_KEY": KEY}
CARELESS = {
    "AUTO_UNLOCK": "1",
    "ANNOUNCE_HOLD": "0",
    "PLAN_MIN_DAYS": "0",
    "ANNOUNCE_HOURS": "0-24",
    "SECOND_PERSON": "no",
    "SITE_URLS": "",
    "MAIL_FROM": "",
    "SIGNING_KEY": "",
    "MAILROOM_PUBLIC_KEYS": "",
}
REFUSED: dict[str, dict[str, str]] = {  # what is set otherwise than above, by what is then complained of
    "RALLYREG_ROLE is 'janitor'": {"RALLYREG_ROLE": "janitor"},
    "DATABASE_URL is not set": {"DATABASE_URL": "", "DEBUG": "0"},
    "careless": CARELESS,
    "SITE_URLS without https": {"SITE_URLS": "https://rally.example http://rally.example"},
    "MAILROOM_KEY in role public": MAILROOM | {"RALLYREG_ROLE": "public"},
    "FINGERPRINT_KEY in role tally": MAILROOM | {"RALLYREG_ROLE": "tally"},
    "MAILROOM_KEY is not set": {"RALLYREG_ROLE": "mailroom"},
    "MAP_TILES is not on this site": {"MAP_TILES": "https://tile.example/{z}/{x}/{y}.png"},
    "MAP_PMTILES is not on this site": {"MAP_PMTILES": "//cdn.example/map.pmtiles", "MAP_PMTILES_SCRIPT": "js/own.js"},
    "MAP_PMTILES and MAP_PMTILES_SCRIPT belong together": {"MAP_PMTILES": "/map.pmtiles"},
    "MAP_PMTILES_SCRIPT is not on this site": {
        "MAP_PMTILES": "/map.pmtiles",
        "MAP_PMTILES_SCRIPT": "https://cdn.example/protomaps-leaflet.js",
    },
    "DISPUTED_BORDERS is unknown": {"DISPUTED_BORDERS": "dotted"},
}
COMPLAINTS = [(case, case) for case in REFUSED if case != "careless"] + [("careless", name) for name in CARELESS]
NAMED = {"SECRET_KEY": {"SECRET_KEY": ""}, "DATABASE_URL": {"DATABASE_URL": "mysql://x/y"}, "DEBUG": {"DEBUG": "maybe"}}
PASSING: dict[str, dict[str, str]] = {
    "owner": {},
    "console": {},
    "public": {},
    "tally": {},
    "announcer": {},
    "mailroom": MAILROOM,
    "public with tiles": {"RALLYREG_ROLE": "public", "MAP_TILES": "/tiles/{z}/{x}/{y}.png", "DISPUTED_BORDERS": "none"},
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """`manage.py check` of every environment above: exit code and words, by number or role."""
    state = tmp_path_factory.mktemp("state")
    cases = REFUSED | NAMED | {role: {"RALLYREG_ROLE": role} | extra for role, extra in PASSING.items()}

    def check(case: str) -> tuple[int, str]:
        told = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=BASE,
            env=environment(state, **(PRODUCTION | {"RALLYREG_ROLE": "public"} | cases[case])),
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return told.returncode, told.stdout

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return dict(zip(cases, pool.map(check, cases), strict=True))


@pytest.mark.parametrize(("case", "complaint"), COMPLAINTS)
def test_settings_that_must_not_go_to_production_are_refused(
    verdicts: dict[str, tuple[int, str]], case: str, complaint: str
) -> None:
    code, words = verdicts[case]

    assert code == 1
    assert re.search(rf"\(rallyreg\.E\d+\) .*{complaint}", words), words
    assert KEY not in words


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "DEBUG"])
def test_settings_without_which_nothing_can_start_are_named(verdicts: dict[str, tuple[int, str]], name: str) -> None:
    code, words = verdicts[name]

    assert code == 1
    assert name in words


@pytest.mark.parametrize("role", PASSING)
def test_a_complete_production_environment_passes_in_every_role(
    verdicts: dict[str, tuple[int, str]], role: str
) -> None:
    code, words = verdicts[role]

    assert code == 0, words


def test_production_makes_no_keys_of_its_own(verdicts: dict[str, tuple[int, str]], tmp_path: Path) -> None:
    state = tmp_path / "state"
    subprocess.run(
        [sys.executable, "-c", "import rallyreg.settings"], cwd=BASE, env=environment(state, **PRODUCTION), check=True
    )

    assert not state.exists()


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{KEY}\n")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "secret"))

    assert env.text("SOME_KEY") == KEY
    assert env.key("SOME_KEY", made_in=None) == bytes(range(32))


@pytest.mark.parametrize("wrong", ["short", KEY + "AAAA", "кириллица"])
def test_a_key_of_another_length_is_refused_without_being_quoted(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("SOME_KEY", wrong)

    with pytest.raises(ImproperlyConfigured, match="SOME_KEY must be 32 bytes") as refused:
        env.key("SOME_KEY", made_in=None)

    assert wrong not in str(refused.value)


def test_processes_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from rallyreg.environment import key; sys.stdin.read(); "
        "print(key('SOME_KEY', Path(sys.argv[1])).hex())"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path / "keys"],
            cwd=BASE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.close()
        maker.stdin = None

    made = {maker.communicate(timeout=GENEROUS)[0] for maker in makers}

    assert len(made) == 1
    assert len(made.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["some_key"]
    assert (tmp_path / "keys" / "some_key").stat().st_mode & 0o077 == 0


PROXY, OTHER_PROXY, VISITOR, SPOOFED = "10.0.0.1", "10.0.0.2", "198.51.100.7", "203.0.113.9"


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        ([PROXY], PROXY, VISITOR, VISITOR),
        ([PROXY], PROXY, f"{SPOOFED}, {VISITOR}", VISITOR),
        (["10.0.0.0/8"], PROXY, f"{SPOOFED}, {VISITOR}, {OTHER_PROXY}", VISITOR),
        ([PROXY], PROXY, f"{SPOOFED}, {VISITOR}, {OTHER_PROXY}", OTHER_PROXY),
        ([PROXY], PROXY, f"{VISITOR}, nonsense", PROXY),
        ([PROXY], PROXY, "", PROXY),
        ([PROXY], VISITOR, SPOOFED, VISITOR),
        ([], PROXY, VISITOR, PROXY),
        (["unix"], "", VISITOR, VISITOR),
        (["::1"], "::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_visitor_is_the_last_one_whom_no_proxy_of_ours_is(
    settings: LazySettings, proxies: list[str], peer: str, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)

    assert visitors.client_address(request) == expected


@pytest.fixture
def counted() -> Iterator[None]:
    """Limits that start at nothing."""
    cache.clear()
    yield
    cache.clear()


def key_of(address: str) -> str:
    return visitors.network_key("", RequestFactory().get("/", REMOTE_ADDR=address))


@pytest.mark.usefixtures("counted")
def test_a_network_is_one_ipv4_address_or_one_ipv6_64() -> None:
    assert key_of("2001:db8:0:1::1") == key_of("2001:db8:0:1:ffff::2")
    assert key_of("2001:db8:0:1::1") != key_of("2001:db8:0:2::1")
    assert key_of("198.51.100.7") != key_of("198.51.100.8")
    assert key_of("198.51.100.7") == key_of("::ffff:198.51.100.7")
    assert "198.51.100.7" not in key_of("198.51.100.7")


@pytest.mark.usefixtures("counted")
def test_a_networks_key_changes_with_the_salt() -> None:
    before = key_of("198.51.100.7")

    cache.delete("network-salt")

    assert key_of("198.51.100.7") != before


@visitors.limit("2/h", methods=["GET"])
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("over" if visitors.is_over(request) else "fine")


def visits(address: str, count: int) -> list[bytes]:
    return [view(RequestFactory().get("/", REMOTE_ADDR=address)).content for _ in range(count)]


@pytest.mark.usefixtures("counted")
def test_the_limit_counts_per_network() -> None:
    assert visits("198.51.100.7", 3) == [b"fine", b"fine", b"over"]
    assert visits("198.51.100.8", 1) == [b"fine"]


@pytest.fixture
def without_redis(settings: LazySettings, tmp_path: Path) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": f"unix://{tmp_path}/nothing.sock"}}


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_cache_answers_with_nothing() -> None:
    cache.set("a", 1)

    assert cache.get("a") is None
    assert cache.get("a", "default") == "default"
    assert cache.add("a", 1) is False
    assert cache.incr("a") is None


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_limiter_lets_everybody_pass() -> None:
    assert visits("198.51.100.7", 3) == [b"fine"] * 3
