"""The pages behind a letter's links. Looking changes nothing, for mail scanners look; only a press does."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from pledges import pledging
from pledges.confirmation import place_name
from pledges.forms import PlaceForm
from pledges.models import Pledge
from pledges.pages.pledge import show_counted
from pledges.pages.showing import FOR_ONE, SeeOther, published_or_404, show
from rallyreg.errors import error_page
from rallyreg.visitors import is_over, limit

OFTEN = "600/m"  # against floods only: many people share a network, and the token is the authority


@require_http_methods(["GET", "HEAD", "POST"])
@limit(OFTEN)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    pledge = _found("confirm", token)
    if is_over(request):
        return error_page(request, 429)
    form = _place_form(request, pledge)
    try:
        if request.method == "POST":
            if request.POST.get("action") == "not-me":
                return _disown(request, pledge)
            if not form.is_bound or form.is_valid():
                where = form.cleaned_data["where"] if form.is_bound else None
                pledging.confirm(pledge.pk, now=timezone.now(), where=where)
                return SeeOther(reverse("confirm", args=[token]))
    except pledging.NotTakingPledges:
        return error_page(request, 409)
    except pledging.Gone:
        raise Http404 from None

    shown = published_or_404(pledge.rally.slug)
    if pledge.confirmed_at:
        return show_counted(request, shown, pledge)
    standing = pledging.standing(pledge)
    return show(
        request,
        "pledges/confirm.html",
        rally=shown,
        place_name=_name(pledge),
        current_name=_name(standing) if standing else None,
        counted=False,
        token=token,
        cache=FOR_ONE,
        **_asked(form),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@limit(OFTEN)
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """What is held of this mailbox, and what its owner wants done about it."""
    pledge = _found("manage", token)
    if is_over(request):
        return error_page(request, 429)
    standing = pledging.standing(pledge) or pledge
    form = _place_form(request, pledge)
    try:
        if request.method == "POST" and (done := _act(request, standing, form, token)):
            return done
    except pledging.Gone:
        raise Http404 from None
    return show(
        request,
        "pledges/manage.html",
        rally=published_or_404(pledge.rally.slug),
        place_name=_name(standing),
        counted=standing.confirmed_at is not None,  # a removed one sees nothing different
        confirmed_on=standing.confirmed_at,
        forgotten=standing.forget,
        token=token,
        cache=FOR_ONE,
        **_asked(form),
    )


def _act(request: HttpRequest, pledge: Pledge, form: PlaceForm, token: str) -> HttpResponse | None:
    """Do what was pressed; None where it needs another look."""
    shown = published_or_404(pledge.rally.slug)
    action = request.POST.get("action")
    if request.POST.get("List-Unsubscribe") == "One-Click":
        action = "forget"
    if action == "forget" and pledge.confirmed_at:
        pledging.forget_address(pledge.pk)
        return show(request, "pledges/forgotten.html", rally=shown, cache=FOR_ONE)
    if action in {"withdraw", "forget"}:  # an unconfirmed pledge has no count to keep
        pledging.withdraw(pledge.pk)
        return show(request, "pledges/withdrawn.html", rally=shown, disowned=False, cache=FOR_ONE)
    if action == "not-me":
        return _disown(request, pledge)
    if action == "move" and form.is_bound and form.is_valid():
        pledging.move(pledge.pk, form.cleaned_data["where"])
        return SeeOther(reverse("manage", args=[token]))
    return None if action == "move" else error_page(request, 400)


def _disown(request: HttpRequest, pledge: Pledge) -> HttpResponse:
    pledging.disown(pledge.pk, now=timezone.now())
    shown = published_or_404(pledge.rally.slug)
    return show(request, "pledges/withdrawn.html", rally=shown, disowned=True, cache=FOR_ONE)


def _found(purpose: str, token: str) -> Pledge:
    try:
        return pledging.find(purpose, token)
    except pledging.Gone:
        raise Http404 from None


def _place_form(request: HttpRequest, pledge: Pledge) -> PlaceForm:
    """Bound where a place was sent along."""
    sent = request.POST if any(name in request.POST for name in ("city", "city_name", "region")) else None
    return PlaceForm(sent, home_country=pledge.rally.home_country)


def _asked(form: PlaceForm) -> dict[str, Any]:
    status = 422 if form.is_bound and form.errors else 200
    return {"form": form, "choices": form.choices, "regions": form.regions, "status": status}


def _name(pledge: Pledge) -> str:
    return place_name(pledge.region_id, pledge.city_id, get_language() or "en")
