"""Whether this process is up, and whether everything behind it is."""

import time

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from pledges.models import Snapshot
from pledges.publishing import reading

FRESH = 30  # seconds a tick may be old


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("up\n", content_type="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, Redis and the tally worker's last tick, each by itself; 503 where one is missing."""
    parts = {"database": _database(), "redis": _redis(), "worker": _worker()}
    response = JsonResponse(parts, status=200 if all(parts.values()) else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def _redis() -> bool:
    cache.set("readyz", 1, timeout=10)
    return bool(cache.get("readyz") == 1)


def _worker() -> bool:
    """Whether every rally was published lately; true where there is none yet."""
    try:
        slugs = Snapshot.objects.filter(rally__shredded_at=None).values_list("rally__slug", flat=True)
        published = [reading.read(slug) for slug in slugs]
    except (DatabaseError, InterfaceError):
        return False
    return all(rally and rally.tick / 1000 > time.time() - FRESH for rally in published)
