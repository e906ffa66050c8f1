"""A body that many readers get: made once, packed once, answered with 304 where they have it already."""

import gzip
from dataclasses import dataclass
from functools import cached_property

import brotli
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

DENSE = {"image/png", "application/pdf"}


@dataclass(frozen=True)
class Body:
    """Bytes, with their ETag in quotes; text is packed, what is packed already is not."""

    raw: bytes
    etag: str
    kind: str = "application/json"
    lasting: bool = False  # read so often and changed so seldom that Brotli's best is worth its tenth of a second

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.raw, 6, mtime=0)

    @cached_property
    def brotlied(self) -> bytes:
        packed: bytes = brotli.compress(self.raw)
        return packed

    def answer(self, request: HttpRequest, *, cache: str) -> HttpResponse:
        """200 or 304, open to every origin."""
        accepted = "" if self.kind in DENSE else request.headers.get("Accept-Encoding", "")
        packing = "br" if self.lasting and "br" in accepted else "gzip" if "gzip" in accepted else ""
        body = {"br": lambda: self.brotlied, "gzip": lambda: self.gzipped}.get(packing, lambda: self.raw)()
        whole: HttpResponse = HttpResponse(body, content_type=self.kind)
        if packing:
            whole.headers["Content-Encoding"] = packing
        response: HttpResponse = get_conditional_response(request, etag=self.etag, response=whole) or whole
        # Set here and not before, so that a 304 carries them too.
        response.headers["ETag"] = self.etag
        response.headers["Cache-Control"] = cache
        response.headers["Access-Control-Allow-Origin"] = "*"
        patch_vary_headers(response, ["Accept-Encoding"])
        return response
