"""Sealing and opening addresses (HPKE, RFC 9180), fingerprints of mailboxes, and the tokens in letters.

A sealed blob is `suite(1) ‖ epoch(2) ‖ enc(32) ‖ ciphertext`. The suite says how, the epoch which key. Everything
sealed to one key has one length, so that a blob tells nothing about the address in it.
"""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from django.conf import settings

SUITE = 1
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
HEAD = struct.Struct(">BH")
MAILROOM_PLAIN, RALLY_PLAIN = 256, 320  # bytes, after padding
OVERHEAD = HEAD.size + 32 + 16
MAILROOM_SEALED, RALLY_SEALED = MAILROOM_PLAIN + OVERHEAD, RALLY_PLAIN + OVERHEAD
TOKEN = 16


class DoesNotOpen(ValueError):
    """Not sealed by these rules to a key that is held here."""


@dataclass(frozen=True)
class Recipient:
    """Whom an announcement's letter goes to; exists in the announcer's memory only."""

    address: str
    language: str
    manage_token: str


def seal_to_mailroom(address: str, *, slug: str) -> bytes:
    epoch, public = list(settings.MAILROOM_PUBLIC_KEYS.items())[-1]
    return _seal(_padded(address, MAILROOM_PLAIN), public, int(epoch), _mailroom_info(slug))


def mailroom_epoch(blob: bytes) -> int:
    """The epoch of a blob sealed elsewhere; DoesNotOpen where length, suite or epoch say that it never will."""
    if len(blob) != MAILROOM_SEALED:
        raise DoesNotOpen("length")
    suite, epoch = HEAD.unpack_from(blob)
    if suite != SUITE or str(epoch) not in settings.MAILROOM_PUBLIC_KEYS:
        raise DoesNotOpen("suite or epoch")
    return int(epoch)


def open_in_mailroom(blob: bytes, *, slug: str) -> str:
    epoch = mailroom_epoch(blob)
    private = settings.MAILROOM_KEY.get(str(epoch))
    if private is None:
        raise DoesNotOpen("epoch")
    return _unpadded(_open(blob, private, _mailroom_info(slug)))


def seal_to_rally(recipient: Recipient, *, public: bytes, pledge_id: UUID) -> bytes:
    """Seal for the announcement. Bound to the pledge's id, so that blobs cannot be swapped between rows."""
    head = recipient.language.encode("ascii")[:2].ljust(2) + from_text(recipient.manage_token)
    return _seal(head + _padded(recipient.address, RALLY_PLAIN - len(head)), public, 1, _pledge_info(pledge_id))


def open_with_rally_key(blob: bytes, *, private: bytes, pledge_id: UUID) -> Recipient:
    plain = _open(blob, private, _pledge_info(pledge_id))
    language = plain[:2].decode("ascii", "replace").strip()
    if len(plain) != RALLY_PLAIN or language not in dict(settings.LANGUAGES):
        raise DoesNotOpen("not one of ours")  # anybody can seal to a public key
    return Recipient(_unpadded(plain[2 + TOKEN :]), language, to_text(plain[2 : 2 + TOKEN]))


def fingerprint(canonical_address: str) -> bytes:
    """32 bytes that stand for a mailbox. Its protection is that this key never stands where the database stands."""
    return hmac.digest(settings.FINGERPRINT_KEY, b"mailbox|" + canonical_address.encode("utf-8"), "sha256")


def domain_tag(domain: str) -> bytes:
    return hmac.digest(settings.FINGERPRINT_KEY, b"domain|" + domain.encode("utf-8"), "sha256")[:8]


def token(purpose: str, seed: bytes) -> str:
    """The link's token for `confirm` or `manage`: the same again when a crash makes the mailroom repeat a letter.

    The seed is a letter's own: its pledge's id and its sealed blob. The blob alone may come twice, by a double click.
    """
    return to_text(hmac.digest(settings.FINGERPRINT_KEY, purpose.encode() + b"|" + seed, "sha256")[:TOKEN])


def code(seed: bytes) -> str:
    """Six digits to type instead of following the link."""
    digest = hmac.digest(settings.FINGERPRINT_KEY, b"code|" + seed, "sha256")
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def token_hash(text: str) -> bytes:
    """What is stored of a token or handle. Not reversible: 128 random bits went in."""
    return hashlib.sha256(from_text(text)).digest()


def code_hash(code: str, *, handle_hash: bytes) -> bytes:
    return hashlib.sha256(b"code|" + handle_hash + code.encode("ascii")).digest()


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """Bytes of base64url without padding; ValueError on anything else, also on a second spelling of the same bytes."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_text(raw) != text:
        raise ValueError("not base64url")
    return raw


def _mailroom_info(slug: str) -> bytes:
    return b"rallyreg/mailroom/v1|" + slug.encode("ascii")


def _pledge_info(pledge_id: UUID) -> bytes:
    return b"rallyreg/pledge/v1|" + str(pledge_id).encode("ascii")


def _padded(address: str, length: int) -> bytes:
    raw = address.encode("utf-8")
    if len(raw) > MAILROOM_PLAIN - 2:
        raise ValueError("too long to seal")
    return (struct.pack(">H", len(raw)) + raw).ljust(length, b"\0")


def _unpadded(plain: bytes) -> str:
    length = int.from_bytes(plain[:2])
    try:
        address = plain[2 : 2 + length].decode("utf-8")
    except UnicodeDecodeError:
        raise DoesNotOpen("not text") from None
    if length > len(plain) - 2 or plain[2 + length :].strip(b"\0"):
        raise DoesNotOpen("padding")
    return address


def _seal(plain: bytes, public: bytes, epoch: int, info: bytes) -> bytes:
    sealed = HPKE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=info)
    return HEAD.pack(SUITE, epoch) + sealed


def _open(blob: bytes, private: bytes, info: bytes) -> bytes:
    if len(blob) <= OVERHEAD or blob[0] != SUITE:
        raise DoesNotOpen("suite or length")
    try:
        return HPKE.decrypt(blob[HEAD.size :], X25519PrivateKey.from_private_bytes(private), info=info)
    except (InvalidTag, ValueError):
        raise DoesNotOpen("ciphertext") from None
