"""The record of what staff did, and whether anybody has touched it since."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from pledges import record
from pledges.console.access import short_name, show
from pledges.models import Record

PAGE = 50
ACTS = {
    "announcement approved": _("approved an announcement"),
    "announcement approved by waiting": _("approved an announcement by waiting"),
    "announcement drafted": _("drafted an announcement"),
    "announcement published": _("published an announcement"),
    "announcement voided": _("voided an announcement"),
    "plan held": _("held the plan"),
    "plan released": _("released the plan"),
    "rally made": _("made a rally"),
    "rally texts changed": _("changed a rally's texts"),
    "site put": _("put a site"),
    "site removed": _("removed a site"),
    "staff made": _("made a staff account"),
    "staff password set": _("set a staff password"),
}


@require_safe
def record_page(request: HttpRequest) -> HttpResponse:
    page = Paginator(Record.objects.select_related("by").order_by("-n"), PAGE).get_page(request.GET.get("page"))
    return show(
        request,
        "console/record.html",
        page="record",
        pages=page,
        rows=[_as_row(row) for row in page],
        first_broken=record.first_broken(),
    )


def _as_row(row: Record) -> dict[str, Any]:
    return {
        "n": row.n,
        "at": row.at,
        "by": short_name(row.by),
        "act": ACTS.get(row.act, row.act),
        "detail": [(name, _shortened(value)) for name, value in sorted(row.detail.items())],
        "hash": row.hash,
    }


def _shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) < 40 else f"{text[:12]}…"
