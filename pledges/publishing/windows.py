"""When a place's figure may change: at the end of a window in which enough happened that no step points at a person.

The windows are a minute, 15 minutes, six hours and a day. Each place counts the acts since its figure was last let out,
by open window; the first window that ends with PUBLISH_STEP of them lets the exact figure out, if it has moved by as
many: one person who moves to and fro makes many acts and no step. Places under
PUBLISH_MIN_CITY are let out together, summed by region at home and by country abroad, by the same rule.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection

from pledges.models import PublishedTally, Rally

WINDOWS = {"in_minute": 60, "in_quarter": 15 * 60, "in_six_hours": 6 * 60 * 60, "in_day": 24 * 60 * 60}  # seconds

LET_OUT = """
    WITH places AS (
        SELECT p.id, p.shown, p.confirmed, t.confirmed AS exact, p.city_id, p.{acts} AS acts,
               CASE WHEN r.country = %(home)s THEN r.code ELSE r.country END AS cell
        FROM pledges_publishedtally p
        JOIN pledges_citytally t ON t.rally_id = p.rally_id AND t.region_id = p.region_id
            AND coalesce(t.city_id, 0) = coalesce(p.city_id, 0)
        JOIN maps_region r ON r.id = p.region_id
        WHERE p.rally_id = %(rally)s
    ), cells AS (
        SELECT cell FROM places WHERE NOT shown GROUP BY cell
        HAVING sum(acts) >= %(step)s AND abs(sum(exact) - sum(confirmed)) >= %(step)s
    ), due AS (
        SELECT id, exact, city_id FROM places
        WHERE (acts >= %(step)s AND shown AND abs(exact - confirmed) >= %(step)s)
           OR (acts >= %(step)s AND NOT shown AND city_id IS NOT NULL AND exact >= %(least)s)
           OR (NOT shown AND cell IN (SELECT cell FROM cells))
    )
    UPDATE pledges_publishedtally p
    SET confirmed = due.exact, shown = due.city_id IS NOT NULL AND due.exact >= %(least)s,
        in_minute = 0, in_quarter = 0, in_six_hours = 0, in_day = 0
    FROM due WHERE p.id = due.id
"""


def ended(since: datetime | None, now: datetime) -> list[str]:
    """The windows whose end lies between the two moments; all of them at the very first tick."""
    if since is None:
        return list(WINDOWS)
    return [
        window
        for window, seconds in WINDOWS.items()
        if int(since.timestamp()) // seconds < int(now.timestamp()) // seconds
    ]


def close(rally: Rally, *, now: datetime) -> None:
    """Let out what the windows ended since the last tick have gathered, and begin them anew. Needs the rally's lock."""
    over = ended(rally.windows_at, now)
    if not over:
        return
    values: dict[str, int | str] = {
        "rally": rally.pk,
        "home": rally.home_country,
        "step": settings.PUBLISH_STEP,
        "least": settings.PUBLISH_MIN_CITY,
    }
    with connection.cursor() as cursor:
        cursor.execute(LET_OUT.format(acts=over[-1]), values)  # the longest has at least the shorter ones' acts in it
    begun_anew = PublishedTally.objects.filter(rally=rally).exclude(**dict.fromkeys(over, 0))
    begun_anew.update(**dict.fromkeys(over, 0))
    Rally.objects.filter(pk=rally.pk).update(windows_at=now)
