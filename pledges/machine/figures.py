"""The count for machines: tally.json, cities.json, the ledger, the hourly history."""

from collections.abc import Iterator

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from maps import views as maps_views
from pledges.models import LedgerRow
from pledges.pages.showing import FOR_ALL, OPEN, published_or_404, with_headers

FOR_A_MINUTE = {"Cache-Control": "public, max-age=60"} | OPEN

HOURLY = """
    SELECT DISTINCT ON (hour) date_trunc('hour', at, 'UTC') + interval '1 hour' AS hour, confirmed, removed
    FROM pledges_ledgerrow WHERE rally_id = %s ORDER BY hour, n DESC
"""


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
    with connection.cursor() as cursor:
        cursor.execute(HOURLY, [rally.body["id"]])
        hours = cursor.fetchall()

    def lines() -> Iterator[str]:
        yield "at,confirmed,removed\n"
        for hour, confirmed, removed in hours:
            yield f"{hour:%Y-%m-%dT%H:%M:%SZ},{confirmed},{removed}\n"

    return with_headers(HttpResponse("".join(lines()), content_type="text/csv; charset=utf-8"), FOR_A_MINUTE)
