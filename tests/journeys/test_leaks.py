"""A stolen database, broker, log or backup names nobody: marked addresses go through everything, and are then sought.

Sought in all that the system keeps or shows outside the mailboxes: every file with the database's own and its WAL, the
logs, a dump of every table, everything in the broker and all that ever went through it, the processes' words.
"""

import base64
import hashlib
import itertools
import os
import secrets
import signal
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from rallyreg.embedded import places
from tests.journeys.systems import Browser, System, code_in, eventually, link_in

KAZAN, TVER = 551487, 480060
RALLY, THRESHOLD = "leaks", 40
AGENT, NETWORK = "marked-agent-xyz", "203.0.113."
MARK = f"leak{secrets.token_hex(3)}"

pytestmark = pytest.mark.journey


# The scanner.


def encoded(text: str) -> dict[str, bytes]:
    """What to seek for a text, by encoding. All but base64 are sought in lower case, so that case hides nothing."""
    cases = {"lower": text.lower(), "upper": text.upper(), "capital": text.capitalize()}
    found = {"clear": text.lower().encode(), "utf-16": text.lower().encode("utf-16-le")}
    for name, words in cases.items():
        plain = words.encode()
        found[f"percent, {name} case"] = "".join(f"%{byte:02x}" for byte in plain).encode()
        found[f"hex, {name} case"] = plain.hex().encode()
        found[f"hex of utf-16, {name} case"] = words.encode("utf-16-le").hex().encode()
        found |= {f"base64 at {shift}, {name} case": _base64(plain, shift) for shift in range(3)}
    return found


def _base64(words: bytes, shift: int) -> bytes:
    """The characters that stand for these words alone, `shift` bytes into a group of three.

    The signs in which the two alphabets differ never stand for letters, digits and hyphens.
    """
    whole = base64.b64encode(bytes(shift) + words)
    assert not set(whole) & set(b"+/")
    return whole[-(-shift * 8 // 6) : (shift + len(words)) * 8 // 6]


def found_in(content: bytes, needles: dict[str, dict[str, bytes]]) -> list[str]:
    lowered = content.lower()
    return [
        f"{what} in {encoding}"
        for what, encodings in needles.items()
        for encoding, needle in encodings.items()
        if needle in (content if encoding.startswith(("base64", "digest")) else lowered)
    ]


def digests(text: str) -> dict[str, bytes]:
    """Hashes without a key, which anybody can try all addresses against."""
    made = [hashlib.new(name, text.encode(), usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    return {f"digest {one.name}": one.digest() for one in made} | {
        f"{one.name} in hex": one.hexdigest().encode() for one in made
    }


PLANTED = {
    "clear": lambda words: words,
    "upper case": lambda words: words.upper(),
    "capitals": lambda words: words.title(),
    "utf-16": lambda words: words.decode().encode("utf-16-le"),
    "percent": lambda words: "".join(f"%{byte:02X}" for byte in words).encode(),
    "quoted @": lambda words: urllib.parse.quote(words).encode(),
    "hex": lambda words: words.hex().encode(),
    "upper hex": lambda words: words.hex().upper().encode(),
    "bytea": lambda words: b"\\x" + words.upper().hex().encode(),
    "base64": base64.b64encode,
    "base64 after one byte": lambda words: base64.b64encode(b"." + words),
    "base64 after two bytes": lambda words: base64.b64encode(b".." + words),
    "url-safe base64": lambda words: base64.urlsafe_b64encode(b"<" + words.upper() + b">"),
}


@pytest.mark.parametrize("encoding", PLANTED)
def test_the_scanner_finds_what_is_planted(encoding: str) -> None:
    hay = secrets.token_bytes(50_000)
    planted = hay + PLANTED[encoding](f"{MARK}-0042@example.org".encode()) + hay

    assert found_in(planted, {"mark": encoded(MARK)})
    assert not found_in(hay, {"mark": encoded(MARK)})


def test_the_scanner_finds_a_hash_without_a_key() -> None:
    address = f"{MARK}-0042@example.org"
    for made in (hashlib.sha256(address.encode()).digest(), hashlib.sha1(address.encode()).hexdigest().encode()):  # noqa: S324
        assert found_in(b"..." + made + b"...", {"address": digests(address)})


# What is sent.


class Crowd:
    """Visitors from marked networks with a marked agent; each address they type has a number of its own."""

    def __init__(self, system: System) -> None:
        self.system, self.numbers, self.sent, self.visits = system, itertools.count(1), [], itertools.count(77 * 15)

    def address(self, before: str = "", after: str = "@example.org") -> str:
        self.sent.append(f"{before}{MARK}-{next(self.numbers):04d}{after}")
        return self.sent[-1]

    def browser(self) -> Browser:
        """From a network that has not sent more than it may."""
        return Browser(self.system.url, X_Forwarded_For=f"{NETWORK}{next(self.visits) // 15}", User_Agent=AGENT)

    def pledge(self, address: str | bytes, *, language: str = "en", headers: dict[str, str] | None = None, **more):
        fields = {"city": KAZAN, "email": address} | more
        return self.browser().post(f"/{language}/{RALLY}/pledge/", fields, **(headers or {}))

    def many(
        self, count: int, *, status: int = 200, before: str = "", after: str = "@example.org", **more
    ) -> list[str]:
        """So many pledges that are answered by this status; their addresses."""
        addresses = [self.address(before, after) for _ in range(count)]
        for address in addresses:
            page = self.pledge(address, **more)
            assert page.status == status, (page.status, page.url)
            assert status != 200 or "/check-your-mail/" in page.url
        return addresses


class Ear:
    """Hears every command that the broker gets."""

    def __init__(self, valkey: redis.Redis) -> None:
        self.heard, self._valkey = [], valkey
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            with self._valkey.monitor() as monitor:
                for command in monitor.listen():
                    self.heard.append(command["command"])
        except (redis.RedisError, OSError, ValueError):
            return  # the broker has ended

    def all(self) -> bytes:
        return "\n".join(self.heard).encode()


PLAN = f"""
from datetime import timedelta
from django.utils import timezone
from maps.gazetteer import gazetteer
from pledges import announcing, planning, staffing
from pledges.models import Rally
from pledges.models.announcement import Kind
now, rally = timezone.now(), Rally.objects.get(slug="{RALLY}")
olga = staffing.enrol(email="olga@example.net", role="organizer", password=staffing.random_password(), now=now).staff
anna = staffing.enrol(email="anna@example.net", role="admin", password=staffing.random_password(), now=now).staff
planning.put_site(rally=rally, city=gazetteer().by_id[{KAZAN}], place={{"en": "Square"}}, note={{}}, by=olga, now=now)
words = {{"subject": "Date", "body": "Come.", "reason": ""}}
day = (now + timedelta(days=30)).date()
at = now.time().replace(hour=14, minute=0, second=0, microsecond=0)
texts = {{"en": words, "ru": words}}
drafted = announcing.draft(rally=rally, kind=Kind.DATE, texts=texts, day=day, at=at, by=olga, now=now)
announcing.approve(announcement=drafted, seen_hash=drafted.content_hash, by=anna, now=now)
"""


def everything_is_sent(system: System, crowd: Crowd) -> None:
    """Whatever a person may do with an address, and whatever may break meanwhile."""
    ordinary = crowd.many(85) + crowd.many(20, language="ru") + crowd.many(10, forget="on", city=TVER)
    shouting = crowd.many(5, after="@EXAMPLE.ORG")
    crowd.many(8, before="bounce-")
    crowd.many(8, before="defer-")
    malformed(crowd)
    crowd.many(6, website=f"https://example.org/{MARK}")
    while_the_database_refuses(system, crowd)
    killed = while_the_mailroom_is_killed(system, crowd)
    crowd.many(6, status=403, headers={"Origin": "https://elsewhere.example"})
    crowd.many(4, status=413, website="a" * 20_000)
    typed_by_mistake(crowd)

    wanted = set(ordinary + [address.replace("EXAMPLE.ORG", "example.org") for address in shouting] + killed)
    assert eventually(lambda: wanted <= {letter["X-RcptTo"] for letter in system.mails()}, seconds=90)
    answer(system, crowd, ordinary + killed)


def malformed(crowd: Crowd) -> None:
    tails = ["@@example.org", "@", "@exa mple.org", "@example.org\r\nBcc: <eve@example.org>", "\0@example.org"]
    tails += ["@example..org", " ,second@example.org", "@" + "long" * 100, "\u202e@example.org", "@exämple\ud7ff.\x7f"]
    for tail in tails:
        crowd.many(1, status=422, after=tail)
    assert crowd.pledge(crowd.address().encode() + b"\xff\xfe@\x80").status == 422


def while_the_database_refuses(system: System, crowd: Crowd) -> None:
    with system.database() as database:
        pledges = "SELECT count(*) FROM pledges_pledge"
        before = database.execute(pledges).fetchone()
        database.execute("ALTER TABLE pledges_letter RENAME TO away")
        try:
            crowd.many(6, status=503)
        finally:
            database.execute("ALTER TABLE away RENAME TO pledges_letter")
        assert database.execute(pledges).fetchone() == before


def while_the_mailroom_is_killed(system: System, crowd: Crowd) -> list[str]:
    """With letters in its hands, and more coming while it is away."""
    (mailroom,) = system.pids("-Q mail")
    addresses = crowd.many(5)
    os.kill(mailroom, signal.SIGKILL)
    addresses += crowd.many(10)
    assert eventually(lambda: system.pids("-Q mail") not in ([], [mailroom]))
    with system.database() as database:  # six minutes pass: what the dead one had claimed is anybody's again
        database.execute("UPDATE pledges_letter SET claimed_at = claimed_at - interval '6 minutes'")
    return addresses


def typed_by_mistake(crowd: Crowd) -> None:
    """The address in a field, a path or a header where none belongs."""
    crowd.many(2, status=422, city="", city_name=crowd.address())
    crowd.many(2, status=422, city=crowd.address()[:12])
    crowd.many(2, status=422, city="", region=crowd.address())
    crowd.many(2, status=422, sealed=crowd.address())
    page = crowd.pledge(crowd.address())
    browser, address = crowd.browser(), crowd.address()
    quoted = urllib.parse.quote(address)
    assert browser.post(page.url, {"code": address}).status == 422
    assert browser.post(f"/en/{RALLY}/pledge/?email={quoted}", {"email": "x"}).status == 422
    for path in (f"cities?q={quoted}", f"cities?q={quoted}%00", f"cities?near={quoted}", f"{quoted}/tally.json"):
        assert browser.get(f"/api/v1/{path}").status in {200, 400, 404}
    for path in ("cities/?q={0}", "?email={0}", "pledge/?email={0}", "{0}/", "check-your-mail/{0}/", "cities/{0}/"):
        assert browser.get(f"/en/{RALLY}/{path.format(quoted)}").status in {200, 404}
    for path in (f"/en/confirm/{quoted}/", f"/ru/manage/{quoted}/", f"/{quoted}", f"/static/{quoted}", f"/%00{quoted}"):
        assert browser.get(path).status in {400, 404}
    for headers in ({"Host": f"{MARK}.example"}, {"Referer": f"https://example.org/?{quoted}"}, {"Cookie": address}):
        assert Browser(crowd.system.url, **headers, User_Agent=AGENT).get(f"/en/{RALLY}/").status in {200, 400}
    console = Browser(crowd.system.console_url, User_Agent=AGENT, X_Forwarded_For=f"{NETWORK}77")
    for path in (f"/login/?next={quoted}", f"/{quoted}/", f"/plan/?city={quoted}"):
        assert console.get(path).status in {200, 404}
    assert console.post("/login/", {"username": address, "password": address}).status == 403


def answer(system: System, crowd: Crowd, addresses: list[str]) -> None:
    """Part confirmed, by link and by code; of these part moved, withdrawn, forgotten; one "not me"."""
    letters = {letter["X-RcptTo"]: letter.get_body("plain").get_content() for letter in system.mails()}
    texts = [letters[address] for address in addresses]
    browser = crowd.browser()
    for text in texts[:60]:
        assert browser.post(link_in(text, "confirm"), {}).status == 200
    address = crowd.address()
    page = crowd.pledge(address)
    assert browser.post(page.url, {"code": code_in(system.letter_to(address))}).status == 200
    assert eventually(lambda: system.count(RALLY) == 61)

    for text in texts[:10]:
        assert browser.post(link_in(text, "manage"), {"action": "withdraw"}).status == 200
    for text in texts[10:20]:
        assert browser.post(link_in(text, "manage"), {"action": "forget"}).status == 200
    one_click = {"List-Unsubscribe": "One-Click"}
    assert browser.post(link_in(texts[20], "manage"), one_click, Origin="https://mail.example").status == 200
    assert browser.post(link_in(texts[21], "manage"), {"action": "move", "city": TVER}).status == 200
    assert browser.post(link_in(texts[61], "manage"), {"action": "not-me"}).status == 200
    assert browser.post(link_in(texts[22], "confirm"), {"city": "", "city_name": crowd.address()}).status in {200, 303}
    assert eventually(lambda: system.count(RALLY) == 51)


# What is kept.


def files(system: System) -> Iterator[tuple[str, bytes]]:
    """All that lies on the disk, but the mailboxes."""
    roots = [system.state, places.socket_dir(system.state), places.data_home(system.state, places.server_user())]
    for root in dict.fromkeys(roots):
        for path in root.rglob("*"):
            if path.is_file() and system.state / "mail" not in path.parents:
                try:
                    yield str(path), path.read_bytes()
                except FileNotFoundError:
                    continue  # a file of the database that came and went


def tables(database: psycopg.Connection) -> Iterator[tuple[str, bytes]]:
    """Every table as text and in binary, and what the server itself remembers of values and statements."""
    database.execute("ANALYZE")
    names = [name for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"pledges_pledge", "pledges_sealedaddress", "pledges_letter", "django_session"} <= set(names)
    for name in [*names, "pg_catalog.pg_statistic", "pg_catalog.pg_stat_activity"]:
        for form in ["text"] if name.startswith("pg_") else ["text", "binary"]:
            with database.cursor().copy(f"COPY (SELECT * FROM {name}) TO STDOUT (FORMAT {form})") as copy:
                yield f"{name} in {form}", b"".join(bytes(part) for part in copy)


READ = {
    b"string": lambda valkey, key: [valkey.get(key)],
    b"list": lambda valkey, key: valkey.lrange(key, 0, -1),
    b"set": lambda valkey, key: valkey.smembers(key),
    b"zset": lambda valkey, key: valkey.zrange(key, 0, -1),
    b"hash": lambda valkey, key: [*valkey.hgetall(key), *valkey.hvals(key)],
    b"stream": lambda valkey, key: [repr(valkey.xrange(key)).encode()],
}


def broker(system: System) -> Iterator[tuple[str, bytes]]:
    for number in range(16):
        valkey = system.valkey()
        valkey.select(number)
        with valkey.client() as one:
            one.execute_command("SELECT", number)
            for key in one.scan_iter():
                kind = one.type(key)
                if kind == b"none":
                    continue  # expired meanwhile
                values = [key, one.dump(key) or b"", *(value or b"" for value in READ[kind](one, key))]
                yield f"key {key!r} in database {number}", b"\n".join(values)


def processes(system: System) -> Iterator[tuple[str, bytes]]:
    for pid in system.family():
        for name in ("cmdline", "environ"):
            try:
                yield f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue  # ended


def test_no_address_network_or_agent_is_left_outside_the_mailboxes(start_system) -> None:
    system = start_system("--empty")
    system.open_rally(RALLY, THRESHOLD)
    system.manage("shell", "-v0", "-c", PLAN)
    ear, crowd = Ear(system.valkey()), Crowd(system)

    everything_is_sent(system, crowd)
    assert eventually(lambda: sum(mail["Subject"] == "Date" for mail in system.mails()) >= 30)
    time.sleep(2)  # a few more ticks of everything

    with system.database() as database:
        assert database.execute("SELECT count(*) FROM pledges_pledge").fetchone()[0] > 100
        kept = dict(tables(database))
        database.execute("CHECKPOINT")
    kept |= dict(broker(system)) | dict(processes(system)) | {"heard by the broker": ear.all()}
    kept |= dict(files(system))

    needles = {"mark": encoded(MARK), "network": {"clear": NETWORK.encode()}, "agent": encoded(AGENT)}
    needles |= {address: digests(address) for address in [*crowd.sent[::40], f"{NETWORK}77"]}
    hits = {where: found for where, content in kept.items() if (found := found_in(content, needles))}
    size = sum(map(len, kept.values())) / 1e6
    print(f"{len(crowd.sent)} addresses, {len(kept)} places, {size:.0f} MB, {len(hits)} hits")  # noqa: T201
    assert not hits
    looked = " ".join(kept)
    for sure in ("up.out", "log/public.log", "log/mailroom.log", "log/postgres.log", "pg_wal", "cmdline", "key b"):
        assert sure in looked
    assert len(ear.heard) > 100
    assert len(system.family()) > 8
    assert found_in(b"".join(path.read_bytes() for path in (system.state / "mail").glob("*.eml")), needles)
