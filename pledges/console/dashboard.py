"""Watching: the count, the letters, the workers; and holding back what would publish itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pledges import announcing
from pledges.console import crossing, figures
from pledges.console.access import chosen_rally, rally_or_404, show, staff_of, staff_with
from pledges.models import Rally
from pledges.models.staff import Role
from pledges.pages.showing import SeeOther


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    rally = chosen_rally(request)
    if rally is None:
        return show(request, "console/empty.html", page="dashboard")
    now = timezone.now()
    return show(
        request,
        "console/dashboard.html",
        rally=rally,
        page="dashboard",
        rallies=Rally.objects.shown().order_by("-pk"),
        figures=figures.of_rally(rally, now=now),
        crossing=crossing.of_rally(rally, now=now),
    )


@require_safe
def figures_fragment(request: HttpRequest) -> HttpResponse:
    """The part of the dashboard that live-region.js asks for."""
    rally, now = rally_or_404(request), timezone.now()
    found = figures.of_rally(rally, now=now)
    return show(
        request, "console/_figures.html", rally=rally, figures=found, crossing=crossing.of_rally(rally, now=now)
    )


@require_POST
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Anybody on staff may: stopping needs one person, publishing needs two."""
    rally = get_object_or_404(Rally, slug=slug)
    announcing.hold(rally=rally, by=staff_of(request), now=timezone.now())
    return SeeOther(f"{reverse('dashboard')}?rally={slug}")


@require_POST
@staff_with(Role.ADMIN)
def release(request: HttpRequest, slug: str) -> HttpResponse:
    rally = get_object_or_404(Rally, slug=slug)
    announcing.release(rally=rally, by=staff_of(request), now=timezone.now())
    return SeeOther(f"{reverse('dashboard')}?rally={slug}")
