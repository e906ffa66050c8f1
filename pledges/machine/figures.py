"""The count for machines: tally.json, cities.json, the ledger, the hourly history; and for spreadsheets, by city."""

import csv
import io
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maps import views as maps_views
from maps.gazetteer import gazetteer
from pledges.models import LedgerRow
from pledges.pages.showing import FOR_ALL, OPEN, as_row, published_or_404, region_name, with_headers
from pledges.publishing import history
from pledges.publishing.reading import Published

FOR_A_MINUTE = {"Cache-Control": "public, max-age=60"} | OPEN
COLUMNS = ("geoname_id", "name", "region", "country", "confirmed", "per_1000")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet run a cell (OWASP, CSV injection)


@require_safe
def tally_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The count as of the newest tick, from process memory."""
    return published_or_404(slug).tally_json.answer(request, cache=FOR_ALL)


@require_safe
def cities_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    published_or_404(slug)
    return maps_views.cities_json(request)


@require_safe
def ledger_jsonl(request: HttpRequest, slug: str) -> HttpResponseBase:
    rally = published_or_404(slug)
    rows = LedgerRow.objects.filter(rally_id=rally.body["id"]).order_by("n").values_list("line", flat=True)
    lines = (f"{line}\n" for line in rows.iterator(chunk_size=500))
    return with_headers(StreamingHttpResponse(lines, content_type="application/jsonl"), FOR_A_MINUTE)


@require_safe
def history_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """`at,confirmed,removed` at the end of each hour in which the count changed, UTC."""
    rally = published_or_404(slug)
    hours = history.hourly(rally.body["id"])

    def lines() -> Iterator[str]:
        yield "at,confirmed,removed\n"
        for hour in hours:
            yield f"{hour.at:%Y-%m-%dT%H:%M:%SZ},{hour.confirmed},{hour.removed}\n"

    return with_headers(HttpResponse("".join(lines()), content_type="text/csv; charset=utf-8"), FOR_A_MINUTE)


@require_safe
def cities_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Cities and smaller places, largest first, for a double click in Excel.

    Excel takes a file for UTF-8 only with the mark at its beginning, and parts columns as the system's language does:
    in Russian by semicolons, with decimal commas. So each language has its own file.
    """
    rally = published_or_404(slug)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";" if get_language() == "ru" else ",")
    writer.writerow(COLUMNS)
    writer.writerows([inert(cell) for cell in row] for row in _city_rows(rally))
    response = HttpResponse(f"\ufeff{file.getvalue()}".encode(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-cities.csv"'
    return with_headers(response, FOR_A_MINUTE)


def _city_rows(rally: Published) -> Iterator[tuple[str, ...]]:
    by_id = gazetteer().by_id
    language = get_language() or "en"
    point = "," if language == "ru" else "."
    for city in sorted(rally.cities, key=lambda city: (-rally.cities[city], city)):
        row = as_row(by_id[city], rally)
        share = "" if row["share"] is None else f"{row['share']:.2f}".replace(".", point)
        country = row["place"].country_name(language)  # a table is read by itself: the home country is named too
        yield (str(city), row["name"], row["region"], country, str(row["confirmed"]), share)
    for other in rally.body["others"]:
        region, country = region_name(other)
        yield ("", _("smaller places"), region, country, str(other["confirmed"]), "")


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
