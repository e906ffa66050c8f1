"""What the demo's mail catcher has caught. Nothing of it exists where DEBUG is off."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import default
from os import scandir
from pathlib import Path

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pledges.console.access import show

PAGE = 50
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.eml")


@dataclass(frozen=True)
class Caught:
    """A message's envelope and head."""

    name: str
    at: datetime
    subject: str
    recipient: str
    sender: str


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    directory = _directory_or_404()
    page = Paginator(_newest_first(directory), PAGE).get_page(request.GET.get("page"))
    rows = [caught for name in page if (caught := _head(directory / name))]
    return show(request, "console/mails.html", page="mail", pages=page, rows=rows)


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message: its text, and its HTML as source, so that nothing in it is fetched or run."""
    path = _path_or_404(_directory_or_404(), name)
    parsed = message_from_bytes(path.read_bytes(), policy=default)
    return show(
        request,
        "console/mail.html",
        page="mail",
        caught=_caught(path, parsed),
        text=_body(parsed, "plain"),
        html=_body(parsed, "html"),
    )


def _directory_or_404() -> Path:
    if not settings.DEBUG:
        raise Http404
    return Path(settings.STATE_DIR) / "mail"


def _path_or_404(directory: Path, name: str) -> Path:
    """The file of that name in the directory itself: no way up, no way through a link."""
    path = directory / name
    if not NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise Http404
    return path


def _newest_first(directory: Path) -> list[str]:
    if not directory.is_dir():
        return []
    with scandir(directory) as entries:
        files = [entry for entry in entries if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
        return [entry.name for entry in sorted(files, key=lambda entry: (-entry.stat().st_mtime_ns, entry.name))]


def _head(path: Path) -> Caught | None:
    """None where the file has just been deleted."""
    try:
        with path.open("rb") as file:
            return _caught(path, BytesHeaderParser(policy=default).parse(file))
    except FileNotFoundError:
        return None


def _caught(path: Path, head: Message) -> Caught:
    return Caught(
        name=path.name,
        at=datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
        subject=str(head.get("Subject", "")),
        recipient=str(head.get("X-RcptTo", "")),
        sender=str(head.get("X-MailFrom", "")),
    )


def _body(parsed: Message, kind: str) -> str:
    part = parsed.get_body((kind,)) if isinstance(parsed, EmailMessage) else None
    return str(part.get_content()) if part else ""
