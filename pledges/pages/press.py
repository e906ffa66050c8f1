"""Pages for others to show us with: for the press, in other people's pages, on a wall."""

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from maps.gazetteer import gazetteer
from pledges import wording
from pledges.pages.showing import as_row, published_or_404, show
from pledges.publishing.reading import Published

TOP = 10


@require_safe
def press(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures, how they come about, and everything to take away."""
    rally = published_or_404(slug)
    by_id = gazetteer().by_id
    largest = sorted(rally.cities, key=lambda city: (-rally.cities[city], city))[:TOP]
    embedded = settings.SITE_URLS[0] + reverse("embed", args=[slug])
    code = render_to_string("pledges/_embed_code.html", {"url": embedded, "rally": rally}).strip()
    return show(
        request,
        "pledges/press.html",
        rally=rally,
        top=[as_row(by_id[city], rally) for city in largest],
        code=code,
        page_url=wording.page_url(rally),
        when=_when(rally),
    )


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its types know no view with arguments
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The count, small, for a frame in anybody's page: it may be framed, as it has nothing to press but a link."""
    rally = published_or_404(slug)
    return show(request, "pledges/embed.html", rally=rally, when=_when(rally))


@require_safe
def projector(request: HttpRequest, slug: str) -> HttpResponse:
    """The count, as large as a wall."""
    rally = published_or_404(slug)
    address = wording.without_scheme(wording.page_url(rally))
    return show(request, "pledges/projector.html", rally=rally, address=address, when=_when(rally))


def _when(rally: Published) -> str:
    """The announced day and hour."""
    day, hour = wording.day(rally), wording.hour(rally, None, now=timezone.now())
    return f"{day}, {hour}" if hour else day
