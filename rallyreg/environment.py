"""Typed readers of the environment; a secret may also stand in a file named by NAME_FILE."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0")
    return value in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    try:
        return int(text(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number") from None


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


def key(name: str, made_in: Path | None) -> bytes:
    """32 bytes, base64url in the environment; where `made_in` is given and nothing is set, made there once."""
    encoded = text(name)
    if not encoded and made_in:
        encoded = made_once(made_in / name.lower(), lambda: encode(secrets.token_bytes(32)))
    return decode(encoded, name, 32) if encoded else b""


def keys_by(name: str) -> dict[str, bytes]:
    """`name:base64url name:base64url` of 32-byte keys, by the name in front."""
    pairs = (word.split(":", 1) for word in words(name))
    return {pair[0]: decode(pair[-1], name, 32) for pair in pairs}


def made_once(path: Path, make: Callable[[], str]) -> str:
    """What the file holds; the first caller writes it, whole or not at all, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(make(), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its key is the key
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(encoded: str, name: str, length: int) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        raw = b""
    if len(raw) != length:
        raise ImproperlyConfigured(f"{name} must be {length} bytes in base64url")
    return raw


def mailroom_pair(directory: Path) -> tuple[bytes, bytes]:
    """(private, public) X25519 key of the mailroom on a machine that looks after itself; made once."""
    private = decode(made_once(directory / "mailroom_key", lambda: encode(secrets.token_bytes(32))), "MAILROOM_KEY", 32)
    return private, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def database(url: str) -> dict[str, object]:
    """For `postgresql://user:password@host:port/name?option=value`; `host` may be a socket's directory."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must be postgresql://user:password@host:port/name")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": options.pop("user", "") or unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": None,  # a connection costs 4 ms of PostgreSQL's time, so each thread keeps its own
        "CONN_HEALTH_CHECKS": True,
    }


def celery_broker(redis_url: str) -> str:
    """Kombu's spelling of a Redis address: `unix://` sockets are `redis+socket://` there."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    db = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={db}"
