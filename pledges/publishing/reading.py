"""Reading what is published without asking the database: process memory, then Redis, then one row."""

import hashlib
import json
from datetime import date, datetime, time
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError

from maps.gazetteer import Gazetteer, gazetteer
from pledges import announcing
from pledges.models import Announcement, Rally, Snapshot
from pledges.models.rally import in_language
from pledges.publishing.snapshot import redis_key
from rallyreg.bodies import Body

LONGEST_SLUG = 60
UNKNOWN_FOR, UNKNOWN_KEPT = 2.0, 1000  # seconds, slugs
NEARLY = 95  # percent
NEWER = ("date_due", "date_before", "early", "shred_on")  # a snapshot by a worker of the last release has none of them
FRESH = 0.5  # seconds that process memory answers alone
TALLY = (
    "status",
    "threshold",
    "confirmed",
    "removed",
    "today",
    "tick",
    "counted_at",
    "poll_after",
    "cities_version",
    "cities",
    "others",
    "ledger",
)
_memory: dict[str, tuple[float, "Published"]] = {}
_unknown: dict[str, float] = {}  # slugs that led nowhere, and when: guessing must not cost a query each
_featured: list[str] = []  # the front page's rally as last known
_lock = Lock()


class Published:
    """A rally as the public sees it at one tick; `rally` in the templates."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body: dict[str, Any] = {**dict.fromkeys(NEWER), **body}
        self.slug: str = body["slug"]
        self.status: str = body["status"]
        self.threshold: int = body["threshold"]
        self.confirmed: int = body["confirmed"]
        self.removed: int = body["removed"]
        self.today: int = body["today"]
        self.tick: int = body["tick"]

    @cached_property
    def tally_json(self) -> Body:
        """Its ETag is weak: it stays while nothing but the time has changed, so that a quiet count costs no body."""
        tally = {"rally": self.slug, "edition": self.edition} | {name: self.body[name] for name in TALLY}
        timeless = {name: tally[name] for name in tally if name not in {"tick", "counted_at"}}
        digest = hashlib.sha256(json.dumps(timeless).encode()).hexdigest()
        return Body(json.dumps(tally, ensure_ascii=False, separators=(",", ":")).encode(), f'W/"{digest[:16]}"')

    @property
    def title(self) -> str:
        return self.text("title")

    @property
    def cause(self) -> str:
        return self.text("cause") or self.title  # it is a heading, which must not be empty

    @property
    def asks(self) -> str:
        return self.text("asks")

    @property
    def about(self) -> str:
        return self.text("about")

    @property
    def rights(self) -> str:
        return self.text("rights")

    @property
    def contact(self) -> str:
        return self.text("contact")

    @property
    def sharing(self) -> str:
        return self.text("sharing")

    def text(self, name: str) -> str:
        return in_language(self.body["texts"], name)

    @property
    def left(self) -> int:
        return max(self.threshold - self.confirmed, 0)

    @property
    def percent(self) -> int:
        return min(100 * self.confirmed // self.threshold, 100)

    @property
    def is_nearly_there(self) -> bool:
        return self.status == "collecting" and 100 * self.confirmed >= NEARLY * self.threshold

    @property
    def edition(self) -> str:
        """Changes with what the page says beside the figures: an open page that sees another one renews itself."""
        told = [self.body["announcement"], self.body["date_due"], self.threshold, self.is_nearly_there]
        if self.body["date_due"] or self.body["announcement"]:  # "tomorrow", "in nine days": true for a day
            told.append(self.counted_at.astimezone(ZoneInfo(self.home_timezone)).date().isoformat())
        return "-".join([self.status, hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]])

    @property
    def counted_at(self) -> datetime:
        return datetime.fromisoformat(self.body["counted_at"])

    @property
    def reached_at(self) -> datetime | None:
        return datetime.fromisoformat(self.body["reached_at"]) if self.body["reached_at"] else None

    @property
    def is_taking_pledges(self) -> bool:
        return self.status in {"collecting", "reached", "announced"}

    @cached_property
    def cities(self) -> dict[int, int]:
        """Cities with a figure of their own, by id; none in the moment between new city data and the next tick."""
        if self._places.version != self.body["cities_version"]:
            return {}
        ids = (place.id for place in self._places.places)
        return {city: people for city, people in zip(ids, self.body["cities"], strict=False) if people is not None}

    @property
    def places(self) -> int:
        return len(self.cities)

    @cached_property
    def announcement(self) -> Announcement | None:
        return announcing.published(self.body["announcement"]) if self.body["announcement"] else None

    @property
    def date_due(self) -> datetime | None:
        """When the worker will publish the date by itself, in the rally's home time."""
        return datetime.fromisoformat(self.body["date_due"]) if self.body["date_due"] else None

    @property
    def date_before(self) -> "tuple[date, time | None] | None":
        """The date and time that the announcement has changed."""
        day, at = self.body["date_before"] or (None, None)
        return (date.fromisoformat(day), time.fromisoformat(at) if at else None) if day else None

    @cached_property
    def early(self) -> Announcement | None:
        """The announcement that called it before the threshold; `early_confirmed` of us were there then."""
        return announcing.published(self.body["early"]["announcement"]) if self.body["early"] else None

    @property
    def early_confirmed(self) -> int:
        return self.body["early"]["confirmed"] if self.body["early"] else 0

    @property
    def shred_on(self) -> date | None:
        return date.fromisoformat(self.body["shred_on"]) if self.body["shred_on"] else None

    @property
    def home_timezone(self) -> str:
        return str(self.body["home_timezone"])

    @cached_property
    def _places(self) -> Gazetteer:
        return gazetteer()


def read(slug: str) -> Published | None:
    """The newest published state; an old one while database and Redis are away; None where there is no such rally."""
    known, now = _memory.get(slug), monotonic()
    if known and now - known[0] < FRESH:
        return known[1]
    if len(slug) > LONGEST_SLUG or now - _unknown.get(slug, -UNKNOWN_FOR) < UNKNOWN_FOR:
        return None
    body = _from_redis(slug) or _from_database(slug, fallback=known)
    if body is None:
        _memory.pop(slug, None)
        if len(_unknown) >= UNKNOWN_KEPT:
            _unknown.clear()
        _unknown[slug] = now
        return None
    with _lock:
        newest = known[1] if known and known[1].tick >= body["tick"] else Published(body)
        _memory[slug] = (monotonic(), newest)
    return newest


def forget() -> None:
    """Empty this process's memory."""
    _memory.clear()
    _unknown.clear()


def featured_slug() -> str | None:
    """The rally of the front page: FEATURED_RALLY, else the one opened last."""
    if settings.FEATURED_RALLY:
        return settings.FEATURED_RALLY
    slug: str | None = cache.get("featured")
    if slug is None:
        opened = Rally.objects.shown().filter(opens_at__isnull=False).order_by("-opens_at")
        try:
            slug = opened.values_list("slug", flat=True).first()
        except (DatabaseError, InterfaceError):
            if not _featured:
                raise
            return _featured[0]
        if slug:
            cache.set("featured", slug, timeout=5)
            _featured[:] = [slug]
    return slug


def _from_redis(slug: str) -> dict[str, Any] | None:
    text = cache.get(redis_key(slug))
    return json.loads(text) if text else None


def _from_database(slug: str, *, fallback: "tuple[float, Published] | None") -> dict[str, Any] | None:
    try:
        return Snapshot.objects.filter(rally__slug=slug, rally__shredded_at=None).values_list("body", flat=True).first()
    except (DatabaseError, InterfaceError):
        if fallback is None:
            raise
        return fallback[1].body
