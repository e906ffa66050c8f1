"""Who is asking, as far as we may know: a keyed hash of the network that lives for a day, never an address."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django_ratelimit.decorators import ratelimit

DAY = 24 * 60 * 60
NOBODY = "127.0.0.1"  # for a peer without an address
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def limit(rate: str, methods: Sequence[str] = ("POST",)) -> Callable[[View], View]:
    """Count a view's requests per network; the view itself asks is_over and decides what follows. Refuses nothing."""

    def decorate(view: View) -> View:
        limited: View = ratelimit(key=network_key, rate=rate, method=list(methods), block=False)(view)
        return limited

    return decorate


def is_over(request: HttpRequest) -> bool:
    """Whether this request is past its network's limit."""
    return bool(getattr(request, "limited", False))


def network_key(group: str, request: HttpRequest) -> str:
    """django-ratelimit's key: HMAC of the IPv4 address or IPv6 /64 under a salt that lives for a day in Redis' memory.

    django-ratelimit's own `key="ip"` hashes without a key: all of IPv4 can be tried against it in an hour.
    """
    address = _plain(client_address(request))
    prefix = 64 if address.version == 6 else 32
    network = ipaddress.ip_network((address, prefix), strict=False)
    return hmac.new(daily_salt(), network.network_address.packed, hashlib.sha256).hexdigest()


def daily_salt() -> bytes:
    """32 random bytes shared by all processes, kept in a Redis without persistence, new every day."""
    salt: str | None = cache.get("network-salt")
    if salt is None:
        cache.add("network-salt", secrets.token_hex(32), timeout=DAY)
        salt = cache.get("network-salt")
    return (
        bytes.fromhex(salt) if salt else _salt_of_this_process()
    )  # Redis is away: nothing is counted now, so any salt will do


@lru_cache(maxsize=1)
def _salt_of_this_process() -> bytes:
    return secrets.token_bytes(32)


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind TRUSTED_PROXIES the last address in X-Forwarded-For that is not one of them."""
    peer: str = request.META.get("REMOTE_ADDR") or ""
    if not is_trusted(peer):
        return peer or NOBODY
    for hop in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        candidate: str = hop.strip()
        if not candidate or not is_address(candidate):
            break
        if not is_trusted(candidate):
            return candidate
    return peer or NOBODY


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address; an IPv4 one that came in IPv6's clothes as IPv4."""
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_trusted(text: str) -> bool:
    """Whether TRUSTED_PROXIES names this address; `unix` stands for a peer without one, on a socket."""
    if not is_address(text):
        return "unix" in settings.TRUSTED_PROXIES
    address = _plain(text)
    return any(address in ipaddress.ip_network(proxy) for proxy in settings.TRUSTED_PROXIES if proxy != "unix")
