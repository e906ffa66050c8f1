"""Pictures and papers are drawn once a minute, by one thread at a time: nobody can keep us drawing."""

import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from rallyreg.bodies import Body

SECONDS = 60
KEPT = 64  # in this process; a sheet has some 25 KB
PATIENCE = 3.0  # seconds that a request waits for another's drawing
FOR_A_MINUTE = "public, max-age=60, stale-while-revalidate=300, stale-if-error=600"
_memory: OrderedDict[str, tuple[float, Body]] = OrderedDict()
_drawing = Lock()


def kept(request: HttpRequest, key: str, draw: Callable[[], bytes], *, kind: str, shared: bool = True) -> HttpResponse:
    """What was drawn less than a minute ago, here or (`shared`) in another process; else drawn now.

    While somebody draws, the others get the picture before; where there is none they wait, but not for long.
    """
    known = _memory.get(key)
    if known and time.monotonic() - known[0] < SECONDS:
        return known[1].answer(request, cache=FOR_A_MINUTE)
    if not _drawing.acquire(timeout=0 if known else PATIENCE):
        return known[1].answer(request, cache=FOR_A_MINUTE) if known else _busy()
    try:
        body = _drawn(key, draw, kind, shared)
    finally:
        _drawing.release()
    return body.answer(request, cache=FOR_A_MINUTE)


def forget() -> None:
    """Empty this process's memory."""
    _memory.clear()


def _drawn(key: str, draw: Callable[[], bytes], kind: str, shared: bool) -> Body:
    known = _memory.get(key)
    if known and time.monotonic() - known[0] < SECONDS:  # the one before us drew it
        return known[1]
    found = cache.get(f"drawn:{key}") if shared else None
    raw = base64.b64decode(found) if found else draw()
    if shared and not found:
        cache.set(f"drawn:{key}", base64.b64encode(raw).decode(), timeout=SECONDS)
    body = Body(raw, f'"{hashlib.sha256(raw).hexdigest()[:20]}"', kind)
    _memory[key] = (time.monotonic(), body)
    _memory.move_to_end(key)
    while len(_memory) > KEPT:
        _memory.popitem(last=False)
    return body


def _busy() -> HttpResponse:
    response = HttpResponse(status=503)
    response.headers["Retry-After"] = "5"
    response.headers["Cache-Control"] = "no-store"
    return response
