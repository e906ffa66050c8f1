"""The snapshot: one body for all readers, rebuilt each tick, stored only over an older one."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from maps.gazetteer import Gazetteer, gazetteer
from pledges.models import Rally
from pledges.publishing import ledger, windows
from pledges.publishing.figures import Figures, others_as_rows, public_figures
from pledges.publishing.standing import confirmed_at, standing

STORE_EVERY = 15_000  # milliseconds between two stored snapshots that differ in nothing but the time
STORE = """
    INSERT INTO pledges_snapshot AS s (rally_id, tick, digest, body) VALUES (%s, %s, %s, %s)
    ON CONFLICT (rally_id) DO UPDATE SET tick = excluded.tick, digest = excluded.digest, body = excluded.body
    WHERE s.tick < excluded.tick AND (s.digest <> excluded.digest OR s.tick < excluded.tick - %s)
"""


def publish(rally_id: int, *, now: datetime) -> bool:
    """Let out figures, write the ledger, store the snapshot; False where another worker is at it."""
    with transaction.atomic():
        rally = Rally.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=rally_id).first()
        if rally is None:
            return False
        places = gazetteer()
        windows.close(rally, now=now)
        figures = public_figures(rally, places)
        ledger.append(rally, figures, now=now)
        body = build(rally, figures, places, now=now)
        timeless = {key: body[key] for key in body if key not in {"tick", "counted_at"}}
        digest = hashlib.sha256(json.dumps(timeless, sort_keys=True).encode()).hexdigest()
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        with connection.cursor() as cursor:
            cursor.execute(STORE, [rally.pk, body["tick"], digest, text, STORE_EVERY])
    cache.set(redis_key(rally.slug), text, timeout=60)
    return True


def build(rally: Rally, figures: Figures, places: Gazetteer, *, now: datetime) -> dict[str, Any]:
    """Everything the public pages and machine formats show of a rally, in plain JSON types."""
    return {
        "tick": int(now.timestamp() * 1000),
        "counted_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "id": rally.pk,
        "slug": rally.slug,
        "status": str(rally.status),
        "threshold": rally.threshold,
        "confirmed": figures.confirmed,
        "removed": figures.removed,
        "today": figures.confirmed - confirmed_at(rally, now - timedelta(days=1)),
        "cities_version": places.version,
        "cities": [figures.cities.get(place.id) for place in places.places],
        "others": others_as_rows(figures.others, places),
        "ledger": ledger.head(rally),
        "texts": rally.texts,
        "home_country": rally.home_country,
        "home_timezone": rally.home_timezone,
        "reached_at": rally.reached_at and rally.reached_at.isoformat(),
        "shred_on": rally.shred_on and rally.shred_on.isoformat(),
        "poll_after": settings.POLL_SECONDS,
    } | standing(rally, now=now)


def redis_key(slug: str) -> str:
    return f"snapshot:{slug}"
