"""Announcing: draft, look at exactly what will be said, approve what somebody else drafted, publish, take back."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maps.gazetteer import gazetteer
from pledges import announcing
from pledges.console import figures, preview
from pledges.console.access import (
    DRAFTERS,
    chosen_rally,
    own_cities,
    rally_or_404,
    short_name,
    show,
    staff_of,
    staff_with,
)
from pledges.console.forms import AnnouncementForm
from pledges.models import Announcement
from pledges.models.announcement import Kind
from pledges.models.staff import Role
from pledges.pages.showing import SeeOther

PAGE = 50


@require_safe
def announcements(request: HttpRequest) -> HttpResponse:
    rally = chosen_rally(request)
    if rally is None:
        return show(request, "console/empty.html", page="announce")
    newest = rally.announcements.select_related("drafted_by", "approved_by").order_by("-pk")
    page = Paginator(newest, PAGE).get_page(request.GET.get("page"))
    rows = [{"announcement": one, "state": state_of(one), "by": short_name(one.drafted_by)} for one in page]
    may_draft = staff_of(request).role in DRAFTERS
    return show(
        request, "console/announcements.html", rally=rally, page="announce", pages=page, rows=rows, may_draft=may_draft
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_with(*DRAFTERS)
def new(request: HttpRequest) -> HttpResponse:
    rally = rally_or_404(request)
    status = 200
    if request.method == "POST":
        form = AnnouncementForm(request.POST)
        status = 422
        if form.is_valid():
            try:
                drafted = announcing.draft(rally=rally, by=staff_of(request), now=timezone.now(), **form.draft())
            except announcing.Refused as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                return SeeOther(reverse("announcement", args=[drafted.pk]))
    else:
        form = AnnouncementForm(initial=_earlier(request))
    return show(request, "console/announcement_new.html", rally=rally, page="announce", form=form, status=status)


def _earlier(request: HttpRequest) -> dict[str, Any]:
    """The words of the one that `?from=` names."""
    pk = request.GET.get("from", "")
    if not (pk.isascii() and pk.isdigit()):
        return {}
    return AnnouncementForm.initial_from(get_object_or_404(Announcement, pk=int(pk)))


@require_safe
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    return _shown(request, _get(pk))


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that live-region.js asks for."""
    found = _get(pk)
    return show(request, "console/_progress.html", rally=found.rally, announcement=found, **_letters(found))


@require_POST
@staff_with(Role.ADMIN)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    found, seen = _get(pk), request.POST.get("hash", "")
    return _done(request, found, partial(announcing.approve, announcement=found, seen_hash=seen))


@require_POST
@staff_with(Role.ADMIN)
def approve_by_waiting(request: HttpRequest, pk: int) -> HttpResponse:
    found, seen = _get(pk), request.POST.get("hash", "")
    return _done(request, found, partial(announcing.approve_by_waiting, announcement=found, seen_hash=seen))


@require_POST
@staff_with(Role.ADMIN)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    found = _get(pk)
    return _done(request, found, partial(announcing.publish, announcement=found))


@require_POST
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Anybody on staff may: a colleague may have been made to draft or approve it."""
    found = _get(pk)
    return _done(request, found, partial(announcing.void, announcement=found))


def _done(request: HttpRequest, found: Announcement, act: Callable[..., None]) -> HttpResponse:
    """Act, and look at the page anew; what is refused is said on it."""
    try:
        act(by=staff_of(request), now=timezone.now())
    except announcing.Refused as refusal:
        return _shown(request, _get(found.pk), refusal=str(refusal), status=409)
    return SeeOther(reverse("announcement", args=[found.pk]))


def _get(pk: int) -> Announcement:
    related = Announcement.objects.select_related("rally", "drafted_by", "approved_by", "published_by")
    return get_object_or_404(related, pk=pk)


def _shown(request: HttpRequest, found: Announcement, *, refusal: str = "", status: int = 200) -> HttpResponse:
    staff, now, by_id = staff_of(request), timezone.now(), gazetteer().by_id
    own = own_cities(staff)
    choices = preview.cities_to_choose(found, by_id, own)
    asked = request.GET.get("city", "")
    wanted = next((place for place in choices if str(place.id) == asked), choices[0] if choices else None)
    # Without any site the letter still has to be seen: as the largest city will have it.
    city = wanted or max(gazetteer().places, key=lambda place: place.population, default=None)
    language = get_language() or "en"
    return show(
        request,
        "console/announcement.html",
        rally=found.rally,
        page="announce",
        announcement=found,
        state=state_of(found),
        texts=[(code, found.content["texts"].get(code, {})) for code, _name in settings.LANGUAGES],
        sites=preview.frozen_sites(found, by_id, language, own, now=now),
        site_count=len(found.content["sites"]),
        choices=[(place.id, place.name(language)) for place in choices],
        city=city,
        previews=preview.in_languages(found, city, now=now) if city else [],
        refusal=refusal,
        drafted_by=short_name(found.drafted_by),
        approved_by=short_name(found.approved_by),
        published_by=short_name(found.published_by),
        may=_possible(request, found),
        status=status,
        **_letters(found),
    )


def _possible(request: HttpRequest, found: Announcement) -> dict[str, bool]:
    """Which buttons to show. The operations themselves decide; these only spare a press."""
    staff, now = staff_of(request), timezone.now()
    is_open, is_own = found.is_open_for_approval(), found.drafted_by_id == staff.pk
    return {
        "approve": staff.is_admin and is_open and not is_own,
        "need_another": staff.is_admin and is_open and is_own,
        "wait": staff.is_admin and is_open and settings.SECOND_PERSON == "delay",
        "publish": staff.is_admin and found.may_be_published(now=now),
        "void": found.published_at is None and found.voided_at is None,
        "draft": staff.role in DRAFTERS,
    }


def _letters(found: Announcement) -> dict[str, Any]:
    if not found.published_at or found.kind == Kind.NEWS:
        return {"letters": None}
    return {"letters": figures.letter_states(found), "opens_itself": opens_itself(found)}


def opens_itself(found: Announcement) -> bool:
    """Whether this deployment's announcer has the rally key without the trustees: a demo on one machine."""
    here = settings.KEYS_DIR
    return bool(settings.AUTO_UNLOCK and here and (here / f"rally_{found.rally.slug}").exists())


def state_of(announcement: Announcement) -> str:
    """One word for the templates."""
    if announcement.published_at:
        return "published"
    if announcement.voided_at:
        return "voided"
    if announcement.approved_at is None:
        return "draft"
    return "approved" if announcement.approved_by_id else "waiting"
