"""Who may do what in the console, and what its pages have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from pledges.models import Rally, Staff
from pledges.models.staff import Role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

DRAFTERS = (Role.ORGANIZER, Role.ADMIN)  # of texts
PLANNERS = (Role.ORGANIZER, Role.COORDINATOR, Role.ADMIN)  # of sites; a coordinator in own cities only


def staff_with(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Let in the roles named; others get a page that says so."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if staff_of(request).role not in roles:
                return show(request, "console/refused.html", status=403)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def staff_of(request: HttpRequest) -> Staff:
    """Who is asking. The middleware has sent everyone else to the login page."""
    if not isinstance(request.user, Staff):
        raise PermissionDenied
    return request.user


def own_cities(staff: Staff) -> set[int] | None:
    """The cities a coordinator works for; None stands for all."""
    if staff.role != Role.COORDINATOR:
        return None
    return set(staff.cities.values_list("pk", flat=True))


def short_name(staff: Staff | None) -> str:
    """How pages name a colleague: no page shows an address, so that a screenshot gives none away."""
    return f"{staff.email.partition('@')[0]} · {staff.pk}" if staff else ""


def chosen_rally(request: HttpRequest) -> Rally | None:
    """The one that `?rally=` names, else the one opened last; None while there is none at all."""
    slug = request.GET.get("rally")
    if slug:
        return get_object_or_404(Rally.objects.shown(), slug=slug)
    return Rally.objects.shown().order_by(F("opens_at").desc(nulls_last=True), "-pk").first()


def rally_or_404(request: HttpRequest) -> Rally:
    rally = chosen_rally(request)
    if rally is None:
        raise Http404
    return rally


def show(
    request: HttpRequest,
    template: str,
    *,
    rally: Rally | None = None,
    page: str = "",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """The page with what console/base.html needs, its times in the rally's home time zone; nobody keeps a copy."""
    context |= {"rally": rally, "page": page, "name": short_name(staff_of(request)), "has_mail": settings.DEBUG}
    with timezone.override(ZoneInfo(rally.home_timezone) if rally else None):
        response = render(request, template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
