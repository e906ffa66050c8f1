"""The exact figures staff see. Cheap with 500,000 pledges: tallies are read as folded, and what counts rows is kept."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maps.gazetteer import RegionPlace, gazetteer
from pledges.models import Announcement, Change, CityTally, LedgerRow, Letter, Pledge, Rally
from pledges.models.announcement import LetterState
from pledges.publishing import reading

KEEP = 5  # seconds; a count over all pledges takes a tenth of one, and every colleague's page asks each two
LATE = timedelta(seconds=30)  # for the tally worker's tick
TOP = 30


@dataclass(frozen=True)
class Row:
    """A place with its exact count; `share` per thousand people who live there, `part` in percent of the first row."""

    name: str
    detail: str
    confirmed: int
    share: float | None
    part: int


def of_rally(rally: Rally, *, now: datetime) -> dict[str, Any]:
    """What the dashboard shows, for its template."""
    waiting = Change.objects.of(rally).aggregate(
        confirmed=Sum("confirmed", default=0), removed=Sum("removed", default=0)
    )
    return {
        "confirmed": rally.confirmed,
        "threshold": rally.threshold,
        "waiting": waiting,
        "to_go": max(rally.threshold - rally.confirmed, 0),
        "percent": min(100 * rally.confirmed / rally.threshold, 100),
        "hour": rally.confirmed - total_at(rally, now - timedelta(hours=1)),
        "day": rally.confirmed - total_at(rally, now - timedelta(days=1)),
        "removed": rally.removed,
        "tick": tick_of(rally, now=now),
        "funnel": cache.get_or_set(f"console-funnel:{rally.pk}", lambda: funnel(rally, now=now), timeout=KEEP),
        "letters": cache.get_or_set("console-letters", lambda: letters(now=now), timeout=KEEP),
        "cities": top_cities(rally),
        "regions": by_region(rally),
    }


def total_at(rally: Rally, moment: datetime) -> int:
    """The total as the ledger had it then; 0 before its first row."""
    rows = LedgerRow.objects.filter(rally=rally, at__lte=moment).order_by("-at")
    return rows.values_list("confirmed", flat=True).first() or 0


def tick_of(rally: Rally, *, now: datetime) -> dict[str, Any] | None:
    """When the tally worker last published, how many seconds ago, and whether that is too long."""
    published = reading.read(rally.slug)
    if published is None:
        return None
    at = datetime.fromtimestamp(published.tick / 1000, tz=UTC)
    return {"at": at, "age": max(int((now - at).total_seconds()), 0), "is_late": now - at > LATE}


def funnel(rally: Rally, *, now: datetime) -> list[dict[str, Any]]:
    """asked → mailed → confirmed, of the pledges held and of those asked for in the last day, in one pass."""
    lately = Q(asked_at__gte=now - timedelta(days=1))
    mailed, confirmed = Q(mailed_at__isnull=False), Q(confirmed_at__isnull=False)
    counted = Pledge.objects.filter(rally=rally).aggregate(
        asked=Count("pk"),
        mailed=Count("pk", filter=mailed | confirmed),
        confirmed=Count("pk", filter=confirmed),
        asked_lately=Count("pk", filter=lately),
        mailed_lately=Count("pk", filter=lately & (mailed | confirmed)),
        confirmed_lately=Count("pk", filter=lately & confirmed),
    )
    return [
        {
            "step": step,
            "held": counted[step],
            "held_percent": percent(counted[step], counted["asked"]),
            "lately": counted[f"{step}_lately"],
            "lately_percent": percent(counted[f"{step}_lately"], counted["asked_lately"]),
        }
        for step in ("asked", "mailed", "confirmed")
    ]


def letters(*, now: datetime) -> dict[str, int]:
    """Confirmation letters that are owed, of all rallies: the mailroom has one queue."""
    alive = Letter.objects.filter(expires_at__gt=now)
    return alive.aggregate(
        due=Count("pk", filter=Q(due_at__lte=now)),
        deferred=Count("pk", filter=Q(due_at__gt=now, sent=0)),
        reminders=Count("pk", filter=Q(due_at__gt=now, sent__gt=0)),
    )


def top_cities(rally: Rally) -> list[Row]:
    tallies = CityTally.objects.filter(rally=rally, city__isnull=False, confirmed__gt=0)
    language, by_id = get_language() or "en", gazetteer().by_id
    pairs = list(tallies.order_by("-confirmed", "city_id").values_list("city_id", "confirmed")[:TOP])
    rows = []
    for city, people in pairs:
        place = by_id.get(city or 0)
        if place is None:  # loaded since this process looked; it looks again within a minute
            continue
        share = people * 1000 / place.population if place.population else None
        name, detail = place.name(language), place.region(language) or place.country_name(language)
        rows.append(Row(name, detail if detail != name else "", people, share, percent(people, pairs[0][1])))
    return rows


def by_region(rally: Rally) -> list[Row]:
    """Sums by region at home and by country abroad, with those who named no city."""
    tallies = CityTally.objects.filter(rally=rally, confirmed__gt=0).order_by()
    sums = dict(tallies.values_list("region_id").annotate(Sum("confirmed")))
    language, regions = get_language() or "en", gazetteer().regions_by_id
    people: dict[str, int] = defaultdict(int)
    for region_id, confirmed in sums.items():
        region: RegionPlace | None = regions.get(region_id)
        if region:
            at_home = region.country == rally.home_country
            people[(at_home and region.name(language)) or region.country_name(language)] += confirmed
    pairs = sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [Row(name, "", confirmed, None, percent(confirmed, pairs[0][1])) for name, confirmed in pairs]
    rest = sum(row.confirmed for row in rows[TOP:])
    other = Row(_("all others"), "", rest, None, 0) if rest else None
    return [*rows[:TOP], other] if other else rows


def percent(part: int, whole: int) -> int:
    return 100 * part // whole if whole else 0


def letter_states(announcement: Announcement) -> dict[str, int]:
    """An announcement's letters by state, in lower case, and `written`, all of them."""
    key = f"console-announcement-letters:{announcement.pk}"
    return cache.get_or_set(key, lambda: _counted(announcement), timeout=KEEP) or {}


def _counted(announcement: Announcement) -> dict[str, int]:
    counted = dict(announcement.letters.order_by().values_list("state").annotate(Count("pk")))
    by_name = {state.name.lower(): counted.get(state.value, 0) for state in LetterState}
    return by_name | {"written": sum(counted.values())}
