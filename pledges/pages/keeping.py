"""Pictures and papers are drawn once a minute, by one thread at a time: nobody can keep us drawing."""

import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from rallyreg.bodies import Body

SECONDS = 60
KEPT = 64  # of each sort in this process; a sheet has some 25 KB
PATIENCE = 3.0  # seconds that a request waits for another's drawing
FOR_A_MINUTE = "public, max-age=60, stale-while-revalidate=300, stale-if-error=600"


class _Shelf:
    """Pictures of one sort, the ones used last; one thread at a time draws for it."""

    def __init__(self, patience: float) -> None:
        self.known: OrderedDict[str, tuple[float, Body]] = OrderedDict()  # with the time it was drawn
        self.drawing = Lock()
        self.patience = patience

    def find(self, key: str) -> tuple[float, Body] | None:
        found = self.known.get(key)
        if found:
            self.known.move_to_end(key)
        return found

    def put(self, key: str, drawn_at: float, body: Body) -> None:
        self.known[key] = (drawn_at, body)
        while len(self.known) > KEPT:
            self.known.popitem(last=False)


# Papers of single cities are many, and stand in nobody's way: their own shelf, and no waiting in a row.
_common, _rare = _Shelf(PATIENCE), _Shelf(0.0)


def kept(request: HttpRequest, key: str, draw: Callable[[], bytes], *, kind: str, shared: bool = True) -> HttpResponse:
    """What was drawn less than a minute ago, here or (`shared`) in another process; else drawn now.

    While somebody draws, or where it cannot be drawn because the database is away, the others get the picture before;
    where there is none they wait, but not for long.
    """
    shelf = _common if shared else _rare
    known = shelf.find(key)
    if known and time.time() - known[0] < SECONDS:
        return known[1].answer(request, cache=FOR_A_MINUTE)
    if not shelf.drawing.acquire(timeout=0 if known else shelf.patience):
        return known[1].answer(request, cache=FOR_A_MINUTE) if known else _busy()
    try:
        body = _drawn(shelf, key, draw, kind, shared)
    except (DatabaseError, InterfaceError):
        if known is None:
            raise
        body = known[1]
    finally:
        shelf.drawing.release()
    return body.answer(request, cache=FOR_A_MINUTE)


def forget() -> None:
    """Empty this process's memory."""
    _common.known.clear()
    _rare.known.clear()


def _drawn(shelf: _Shelf, key: str, draw: Callable[[], bytes], kind: str, shared: bool) -> Body:
    known, now = shelf.find(key), time.time()
    if known and now - known[0] < SECONDS:  # the one before us drew it
        return known[1]
    found = cache.get(f"drawn:{key}") if shared else None
    drawn_at, raw = (found["at"], base64.b64decode(found["raw"])) if found else (now, draw())
    if shared and not found:
        cache.set(f"drawn:{key}", {"at": now, "raw": base64.b64encode(raw).decode()}, timeout=SECONDS)
    body = Body(raw, f'"{hashlib.sha256(raw).hexdigest()[:20]}"', kind)
    shelf.put(key, drawn_at, body)
    return body


def _busy() -> HttpResponse:
    response = HttpResponse(status=503)
    response.headers["Retry-After"] = "5"
    response.headers["Cache-Control"] = "no-store"
    return response
