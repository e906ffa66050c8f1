"""The rally key: made in a ceremony, its public half pinned in the settings, its private half shared k of n.

Where DEBUG lets one machine look after itself, a 1-of-1 key lies in KEYS_DIR and the announcer opens it by itself.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings

from pledges.models import Rally
from rallyreg import environment


class WrongKey(Exception):
    """The key in the database is not the pinned one, or none is pinned: nothing may be sealed to it."""


class SharesDoNotFit(ValueError):
    """Too few shares, a mistyped word, or shares of another key."""


@dataclass(frozen=True)
class RallyKey:
    """The outcome of a ceremony."""

    public: bytes
    shares: list[str]


def make_key(*, shares: int, threshold: int) -> RallyKey:
    """A new key as `shares` sentences of words (SLIP-39, with checksums), any `threshold` of which open it."""
    if not 1 <= threshold <= shares <= 16 or (threshold == 1 and shares > 1):
        raise ValueError("needs 1 <= threshold <= shares <= 16; several shares need a threshold of 2 or more")
    private = secrets.token_bytes(32)
    groups = shamir_mnemonic.generate_mnemonics(1, [(threshold, shares)], private)
    return RallyKey(public_half(private), groups[0])


def combine(shares: Sequence[str]) -> bytes:
    """The private key, from enough shares."""
    try:
        private: bytes = shamir_mnemonic.combine_mnemonics(shares)
    except shamir_mnemonic.MnemonicError:
        raise SharesDoNotFit from None
    return private


def public_half(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def pinned_key(rally: Rally) -> bytes:
    """The public key to seal this rally's addresses to; WrongKey where database and settings disagree."""
    pinned = settings.RALLY_PUBLIC_KEYS.get(rally.slug) or _lying_here(rally.slug)
    if pinned is None or rally.public_key is None or bytes(rally.public_key) != pinned:
        raise WrongKey(rally.slug)
    return pinned


def unlocked_key(rally: Rally) -> bytes | None:
    """The private key if this process may have it now; None while it waits for the trustees."""
    path = settings.KEYS_DIR and settings.KEYS_DIR / f"rally_{rally.slug}"
    if not settings.AUTO_UNLOCK or not path or not path.exists():
        return None
    private = combine([path.read_text(encoding="ascii").strip()])
    return private if public_half(private) == pinned_key(rally) else None


def make_key_here(slug: str) -> bytes:
    """A 1-of-1 key in KEYS_DIR; returns its public half."""
    if settings.KEYS_DIR is None:
        raise WrongKey("keys are made by make_rally_key and pinned in RALLY_PUBLIC_KEYS where DEBUG is off")
    share = environment.made_once(
        settings.KEYS_DIR / f"rally_{slug}", lambda: make_key(shares=1, threshold=1).shares[0]
    )
    public = public_half(combine([share]))
    environment.made_once(settings.KEYS_DIR / f"rally_{slug}.pub", lambda: environment.encode(public))
    return public


def _lying_here(slug: str) -> bytes | None:
    path = settings.KEYS_DIR and settings.KEYS_DIR / f"rally_{slug}.pub"
    if not path or not path.exists():
        return None
    return environment.decode(path.read_text(encoding="ascii").strip(), "rally key", 32)
