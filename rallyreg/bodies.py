"""A body that many readers get: made once, packed once, answered with 304 where they have it already."""

import gzip
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

DENSE = {"image/png", "application/pdf"}


@dataclass(frozen=True)
class Body:
    """Bytes, with their ETag in quotes; text is packed, what is packed already is not."""

    raw: bytes
    etag: str
    kind: str = "application/json"

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.raw, 6, mtime=0)

    def answer(self, request: HttpRequest, *, cache: str) -> HttpResponse:
        """200 or 304, open to every origin."""
        packed = self.kind not in DENSE and "gzip" in request.headers.get("Accept-Encoding", "")
        whole: HttpResponse = HttpResponse(self.packed if packed else self.raw, content_type=self.kind)
        if packed:
            whole.headers["Content-Encoding"] = "gzip"
        response: HttpResponse = get_conditional_response(request, etag=self.etag, response=whole) or whole
        # Set here and not before, so that a 304 carries them too.
        response.headers["ETag"] = self.etag
        response.headers["Cache-Control"] = cache
        response.headers["Access-Control-Allow-Origin"] = "*"
        patch_vary_headers(response, ["Accept-Encoding"])
        return response
