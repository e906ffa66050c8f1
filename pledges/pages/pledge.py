"""Pledge, and the page that says what comes next. The answer is the same for a new and a known address."""

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from pledges import confirmation, gate, pledging, sealing
from pledges.forms import CodeForm, PledgeForm
from pledges.models import Pledge, Rally
from pledges.pages.showing import FOR_ONE, SeeOther, published_or_404, show
from pledges.publishing.reading import Published
from rallyreg.errors import error_page
from rallyreg.visitors import is_over, limit, network_key


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@limit("20/h")
def pledge(request: HttpRequest, slug: str) -> HttpResponse:
    shown = published_or_404(slug)
    words = {"slug": slug, "home_country": shown.body["home_country"]}
    if request.method != "POST":
        form = PledgeForm(initial={"token": gate.timing_token()}, **words)
        return show(request, "pledges/pledge.html", rally=shown, form=form, choices=[], regions=[], cache=FOR_ONE)

    form = PledgeForm(request.POST, limited=network_key("", request) if is_over(request) else "", **words)
    if form.is_trapped:  # a robot; it gets the page that everybody gets
        return _check_your_mail(slug, sealing.to_text(secrets.token_bytes(sealing.TOKEN)))
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            handle = pledging.make_pledge(
                rally=get_object_or_404(Rally.objects.shown(), slug=slug),
                where=cleaned["where"],
                sealed=cleaned["sealed"],
                forget=cleaned["forget"],
                language=get_language() or "en",
                now=timezone.now(),
            )
        except pledging.NotTakingPledges:
            return error_page(request, 409)
        return _check_your_mail(slug, handle)
    form.renew_token()
    return show(
        request,
        "pledges/pledge.html",
        rally=shown,
        form=form,
        choices=form.choices,
        regions=form.regions,
        status=form.status,
        cache=FOR_ONE,
    )


def _check_your_mail(slug: str, handle: str) -> HttpResponse:
    return SeeOther(reverse("check-your-mail", args=[slug, handle]))


@require_http_methods(["GET", "HEAD", "POST"])
@limit("600/m")
def check_your_mail(request: HttpRequest, slug: str, handle: str) -> HttpResponse:
    """The same page for every handle of the right form; only the right code tells them apart."""
    shown = published_or_404(slug)
    if not pledging.is_handle(handle):
        raise Http404
    if is_over(request):
        return error_page(request, 429)
    form = CodeForm(request.POST or None)
    status = 200
    try:
        if request.method == "POST":
            code = form.cleaned_data["code"] if form.is_valid() else ""
            if confirmed := pledging.confirm_by_code(handle, code, now=timezone.now()):
                return show_counted(request, shown, confirmed)
            form.add_error("code", _("This is not the code from the newest letter. The link in the letter works too."))
            status = 422
    except pledging.Gone:
        raise Http404 from None
    except pledging.NotTakingPledges:
        return error_page(request, 409)
    return show(
        request,
        "pledges/check_your_mail.html",
        rally=shown,
        handle=handle,
        form=form,
        sender=settings.MAIL_FROM,
        subject=confirmation.subject_of(shown.title),
        status=status,
        cache=FOR_ONE,
    )


def show_counted(request: HttpRequest, shown: Published, confirmed: Pledge) -> HttpResponse:
    place = confirmation.place_name(confirmed.region_id, confirmed.city_id, get_language() or "en")
    return show(
        request,
        "pledges/confirm.html",
        rally=shown,
        place_name=place,
        current_name=None,
        city_url=reverse("city", args=[shown.slug, confirmed.city_id]) if confirmed.city_id else None,
        counted=True,
        forgotten=confirmed.forget,
        manage_hint=True,
        cache=FOR_ONE,
    )
