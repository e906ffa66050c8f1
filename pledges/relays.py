"""The SMTP relays: one connection kept per process, the next relay when one is away.

Nothing here logs, and no error that leaves carries a recipient: smtplib's own messages quote the address.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

TIMEOUT = 20  # seconds


class Sent(Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good
    DEFERRED = "deferred"  # try again later


class NoRelay(Exception):
    """No relay takes mail now."""


@dataclass(frozen=True)
class Relay:
    """From `smtp[s]://user:password@host:port[?starttls=0]`."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    starttls: bool

    @classmethod
    def from_url(cls, url: str) -> "Relay":
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        options = dict(parse_qsl(parts.query))
        host = parts.hostname or "127.0.0.1"
        default = "0" if tls or host in {"127.0.0.1", "localhost", "::1"} else "1"
        return cls(
            host=host,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
            starttls=options.get("starttls", default) == "1",
        )

    def connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        if self.starttls:
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if self.user:
            smtp.login(self.user, self.password)
        return smtp


class Postman:
    """Sends over one kept connection; a relay that fails is left for the next one."""

    def __init__(self, relays: list[Relay]) -> None:
        self._relays = relays
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: bytes, recipient: str) -> Sent:
        """Hand one whole message to a relay; NoRelay where none answers."""
        for _ in range(len(self._relays) + 1):  # the kept connection may have died since the last message
            smtp = self._connected()
            try:
                options = ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
                smtp.sendmail(settings.MAIL_FROM, [recipient], message, mail_options=options)
            except smtplib.SMTPRecipientsRefused as refusal:
                return outcome_of(*next(iter(refusal.recipients.values())))
            except smtplib.SMTPResponseException as refusal:
                if refusal.smtp_code == 421:
                    self.close()
                    continue
                with suppress(smtplib.SMTPException, OSError):
                    smtp.rset()
                # A relay that refuses the sender or the content may be wrong about it for a while: never final.
                return Sent.DEFERRED
            except (smtplib.SMTPException, OSError):
                self.close()
            else:
                return Sent.ACCEPTED
        raise NoRelay

    def close(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    def _connected(self) -> smtplib.SMTP:
        if self._smtp:
            return self._smtp
        for relay in list(self._relays):
            try:
                self._smtp = relay.connect()
            except (smtplib.SMTPException, OSError):
                self._relays = [*self._relays[1:], relay]  # last in line until the others fail too
            else:
                return self._smtp
        raise NoRelay


def outcome_of(code: int, words: bytes) -> Sent:
    """What a refusal of a recipient means: final only if it is about the mailbox, not about us or the relay.

    5.1.x and 5.2.x of RFC 3463 are about the mailbox; 5.7.x (policy, block lists) and the like can be mended.
    """
    enhanced = re.match(rb"\s*5\.(\d+)\.", words)
    if code < 500:
        return Sent.DEFERRED
    if enhanced:
        return Sent.REFUSED if enhanced[1] in {b"1", b"2"} else Sent.DEFERRED
    return Sent.REFUSED if code in {550, 551, 553} else Sent.DEFERRED


@contextmanager
def postman() -> Iterator[Postman]:
    """A postman for one run of letters."""
    one = Postman([Relay.from_url(url) for url in settings.EMAIL_URLS])
    try:
        yield one
    finally:
        one.close()
