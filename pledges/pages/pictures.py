"""What the server draws and prints, each kept for a minute: map, share picture, chart, codes, posters, flyers."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from maps.gazetteer import Place, gazetteer
from pledges import printing, wording
from pledges.drawing import chart, map_svg, qr, share
from pledges.drawing.palette import SCHEMES
from pledges.pages.keeping import kept
from pledges.pages.showing import published_or_404
from pledges.publishing import history
from pledges.publishing.reading import Published

MAPS = {
    f"{scheme}{suffix}": (palette, shape)
    for scheme, palette in SCHEMES.items()
    for suffix, shape in map_svg.SHAPES.items()
}
SVG, PNG, PDF = "image/svg+xml", "image/png", "application/pdf"


@require_safe
def map_picture(request: HttpRequest, slug: str, scheme: str) -> HttpResponse:
    """`scheme` is light or dark, or light-small or dark-small for phones."""
    rally, language = published_or_404(slug), _language()
    if scheme not in MAPS:
        raise Http404
    palette, shape = MAPS[scheme]

    def draw() -> bytes:
        return map_svg.draw(rally, gazetteer(), palette, shape, language=language).encode()

    return kept(request, f"map:{slug}:{language}:{scheme}", draw, kind=SVG)


@require_safe
def share_image(request: HttpRequest, slug: str) -> HttpResponse:
    rally = published_or_404(slug)

    def draw() -> bytes:
        return share.draw(rally, gazetteer(), now=timezone.now())

    return kept(request, f"share:{slug}:{_language()}:{rally.status}", draw, kind=PNG)


@require_safe
def chart_svg(request: HttpRequest, slug: str) -> HttpResponse:
    rally, language = published_or_404(slug), _language()

    def draw() -> bytes:
        return chart.svg(chart.lay_out(rally, history.hourly(rally.body["id"])), language=language).encode()

    return kept(request, f"chart-svg:{slug}:{language}", draw, kind=SVG)


@require_safe
def chart_png(request: HttpRequest, slug: str) -> HttpResponse:
    rally = published_or_404(slug)

    def draw() -> bytes:
        return chart.png(chart.lay_out(rally, history.hourly(rally.body["id"])))

    return kept(request, f"chart-png:{slug}:{_language()}", draw, kind=PNG)


@require_safe
def code(request: HttpRequest, slug: str, geoname_id: int | None = None) -> HttpResponse:
    """The QR code of the rally's or a city's page."""
    rally, place = published_or_404(slug), _place(geoname_id)
    url = wording.page_url(rally, place)
    return kept(request, f"qr:{url}", lambda: qr.svg(url).encode(), kind=SVG, shared=False)


@require_safe
def poster(request: HttpRequest, slug: str, geoname_id: int | None = None) -> HttpResponse:
    return _paper(request, "poster", printing.poster, published_or_404(slug), _place(geoname_id))


@require_safe
def flyers(request: HttpRequest, slug: str, geoname_id: int | None = None) -> HttpResponse:
    return _paper(request, "flyers", printing.flyers, published_or_404(slug), _place(geoname_id))


def _paper(
    request: HttpRequest, name: str, print_it: Callable[[printing.Sheet], bytes], rally: Published, place: Place | None
) -> HttpResponse:
    language = _language()

    def draw() -> bytes:
        return print_it(printing.sheet(rally, place, language=language, now=timezone.now()))

    # A city's papers are not shared: asking for those of all cities must not fill Redis.
    key = f"{name}:{rally.slug}:{language}:{rally.status}:{rally.body['announcement']}:{place.id if place else ''}"
    response = kept(request, key, draw, kind=PDF, shared=place is None)
    filename = f"{rally.slug}-{place.id}-{name}.pdf" if place else f"{rally.slug}-{name}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    return response


def _place(geoname_id: int | None) -> Place | None:
    if geoname_id is None:
        return None
    place = gazetteer().by_id.get(geoname_id)
    if place is None:
        raise Http404
    return place


def _language() -> str:
    return get_language() or "en"
