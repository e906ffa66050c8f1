"""Addresses: which can be written to, and which are the same mailbox. Held in memory only, never stored in clear."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import dns.resolver
from disposable_email_domains import blocklist
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

PROVIDERS = Path(__file__).parent / "data" / "providers.json"
LONGEST = 254  # bytes, RFC 5321 section 4.5.3.1.3 less the angle brackets


class BadAddress(ValueError):
    """Not an address that a letter could reach. Carries no part of it."""


def deliverable(text: str) -> str:
    """The address to write to: local part as typed, domain in ASCII (IDNA 2008); BadAddress where there is none."""
    text = unicodedata.normalize("NFC", text.strip(" "))
    if len(text.encode("utf-8", "replace")) > LONGEST:
        raise BadAddress
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError):
        raise BadAddress from None
    if not found.ascii_email or len(found.ascii_email) > LONGEST:
        raise BadAddress
    return found.ascii_email


def canonical(address: str) -> str:
    """One spelling for one mailbox, for the fingerprint only. Idempotent; never merges two providers' domains."""
    local, _, domain = unicodedata.normalize("NFKC", address).casefold().rpartition("@")
    providers = _providers()
    domain = providers["alias"].get(domain, domain)
    rule = providers["rules"].get(domain, {})
    if tag := rule.get("tag"):
        local = local.split(tag, 1)[0] or local
    for sign in rule.get("ignored", ""):
        local = local.replace(sign, "") or local
    for sign in rule.get("same", [])[1:]:
        local = local.replace(sign, rule["same"][0])
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_disposable(address: str) -> bool:
    """Whether anybody can read this mailbox. Privacy relays (duck.com, SimpleLogin, Apple's) are not on the list."""
    labels = domain_of(address).split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))


def takes_mail(address: str) -> bool:
    """Whether the domain's DNS lets mail in; asked only where MAILROOM_RESOLVER names servers, never of a public one.

    A resolver that does not answer says nothing against an address.
    """
    if not settings.MAILROOM_RESOLVER:
        return True
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.lifetime = list(settings.MAILROOM_RESOLVER), 3.0
    try:
        validate_email(address, check_deliverability=True, dns_resolver=resolver)
    except EmailNotValidError:
        return False
    return True


@cache
def _providers() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(PROVIDERS.read_text(encoding="utf-8"))
    return loaded
