"""Letters as forms: rendered once for all who get the same words, then filled in with what is theirs alone."""

import re
import secrets
import textwrap
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

# Of this process alone, so that no text of a rally can hold one.
MARKS = {name: f"MARK-{secrets.token_hex(8)}-{name}" for name in ("recipient", "token", "manage", "code", "id")}
MARK = re.compile("|".join(MARKS.values()).encode())


@dataclass(frozen=True)
class Form:
    """A whole message in bytes, with marks where a recipient's own values go."""

    raw: bytes

    def filled(self, **values: str) -> bytes:
        """The message for one recipient; every mark must have a value, and no value may break a line."""
        for value in values.values():
            if not value.isascii() or not value.isprintable():
                raise ValueError("a value that does not belong in a letter")
        by_mark = {MARKS[name].encode(): value.encode("ascii") for name, value in values.items()}
        return MARK.sub(lambda found: by_mark[found.group()], self.raw)


def render(name: str, *, language: str, subject: str, context: dict[str, Any]) -> Form:
    """Render `letters/NAME.txt` and `.html` in a language, as a message with text and HTML."""
    with translation.override(language):
        links = [f"{url}/{language}" for url in settings.SITE_URLS[:2]]
        context = context | {"marks": MARKS, "links": links, "language": language}
        message = EmailMessage(policy=SMTP.clone(cte_type="8bit", max_line_length=200))
        message["Subject"] = " ".join(subject.split())
        message["From"] = settings.MAIL_FROM
        message["To"] = MARKS["recipient"]
        message["Message-ID"] = f"<{MARKS['id']}@{settings.MAIL_FROM.rpartition('@')[2]}>"
        message["List-Unsubscribe"] = f"<{links[0]}/manage/{MARKS['manage']}/>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Content-Language"] = language
        # 8bit, for base64 or quoted-printable could hide or break a mark
        message.set_content(wrapped(render_to_string(f"letters/{name}.txt", context)), cte="8bit")
        html = wrapped(render_to_string(f"letters/{name}.html", context), width=300)
        message.add_alternative(html, subtype="html", cte="8bit")
    raw = message.as_bytes()
    if raw.count(MARKS["manage"].encode()) < 3:
        raise ValueError(f"letters/{name} lost a mark")
    return Form(raw)


def wrapped(text: str, *, width: int = 78) -> str:
    """Lines that SMTP can carry (998 bytes), broken at spaces only, so that no link breaks."""
    lines = (
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""] for line in text.splitlines()
    )
    return "\n".join(part for parts in lines for part in parts) + "\n"
