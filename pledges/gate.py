"""The gate before a pledge: limits per network, a trap field, and waiting as the harder work.

A network over its limit is never refused, for many people share one: its form must be kept open for a few seconds,
with a signed token that serves once.
"""

import secrets

from django.core import signing
from django.core.cache import cache

SALT = "rallyreg.timing"
AT_LEAST, AT_MOST = 4, 30 * 60  # seconds between showing the form and sending it


def timing_token() -> str:
    """For a form that is shown now."""
    return signing.TimestampSigner(salt=SALT).sign(secrets.token_urlsafe(12))


def is_timely(token: str, *, network: str) -> bool:
    """Whether the token is ours, neither too young nor too old, used for the first time, and its network is not hasty.

    Tokens cost nothing to collect, so a network over its limit is also held to one pledge a second.
    """
    if not cache.add(f"hasty:{network}", 1, timeout=1) and cache.get(f"hasty:{network}"):
        return False
    signer = signing.TimestampSigner(salt=SALT)
    try:
        nonce = signer.unsign(token, max_age=AT_MOST)
    except signing.BadSignature:
        return False
    try:
        signer.unsign(token, max_age=AT_LEAST)
    except signing.SignatureExpired:
        pass  # old enough
    else:
        return False
    key = f"timing:{nonce}"
    return bool(cache.add(key, 1, timeout=AT_MOST)) or cache.get(key) is None  # Redis is away: once cannot be known
