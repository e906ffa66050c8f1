"""What stands before every view. Function middleware; the public process has nothing else but Django's headers."""

import logging
import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.decorators import sync_only_middleware

from rallyreg.errors import error_page

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponseBase]
DOCUMENTS = ("text/html", "image/svg+xml")  # what a browser opens as a page that could load something
NOTHING = "default-src 'none'; frame-ancestors 'none'"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@sync_only_middleware
def every_answer(get_response: Handler) -> Handler:
    """The headers that no answer goes without, static files and errors included; a view's own are left as they are."""
    policy = build_policy()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        headers = response.headers
        if headers.get("Content-Type", "").startswith(DOCUMENTS):
            headers.setdefault("Content-Security-Policy", policy)  # django-csp passes by errors where DEBUG is on
            headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        else:
            headers.setdefault("Content-Security-Policy", NOTHING)
        everyones = headers.get("Access-Control-Allow-Origin") == "*"
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if everyones else "same-origin")
        return response

    return middleware


class PackedPages(GZipMiddleware):
    """Pages alone: data packs itself once for all readers, pictures are dense. Django adds random bytes, so that the
    size of a page tells nothing of what is on it (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        return response


@sync_only_middleware
def known_host(get_response: Handler) -> Handler:
    """Answer under our own names only; links in pages and letters never come from the request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            return HttpResponse("This site does not answer under that name.\n", status=400, content_type="text/plain")
        return get_response(request)

    return middleware


@sync_only_middleware
def language_of_path(get_response: Handler) -> Handler:
    """The language is the first part of the path; elsewhere the browser's. Unlike Django's, adds no Vary to caches."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        language = translation.get_language_from_path(request.path_info)
        with translation.override(language or translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
            if language:
                response.headers.setdefault("Content-Language", language)
            return response

    return middleware


@sync_only_middleware
def same_origin(get_response: Handler) -> Handler:
    """Refuse what another site makes a browser post, without a cookie, so that pages stay cacheable.

    The rule of Go 1.25's CrossOriginProtection: Sec-Fetch-Site where the browser sends it, else Origin against Host;
    a client that sends neither is no browser. A mail provider's one-click unsubscribe is no visit and is let through.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE_METHODS or comes_from_here(request) or is_one_click(request):
            return get_response(request)
        return error_page(request, 403)

    return middleware


def comes_from_here(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.get_host()
    except ValueError:
        return False


def is_one_click(request: HttpRequest) -> bool:
    """RFC 8058; exempt on the manage page only, where the token is the authority."""
    if "/manage/" not in request.path_info:
        return False
    try:
        return bool(request.POST.dict() == {"List-Unsubscribe": "One-Click"})
    except (MultiPartParserError, BadRequest, SuspiciousOperation):
        return False


@sync_only_middleware
def clear_errors(get_response: Handler) -> Handler:
    """A plain page for every error, also where DEBUG is on: Django's own would show what the visitor typed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code == 405 and not response.headers.get("Content-Type", "").startswith("application/json"):
            page = error_page(request, 405)
            page.headers["Allow"] = response.headers.get("Allow", "")
            return page
        return response

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse:
        status = status_of(exception)
        if status >= 500:
            where = traceback.extract_tb(exception.__traceback__)[-1]
            route = request.resolver_match.route if request.resolver_match else "?"
            # The exception's own words may quote what was typed, so only its kind and place are kept.
            log.error("%s at %s:%s on %s", type(exception).__qualname__, where.filename, where.lineno, route)
        return error_page(request, status)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]  # Django's protocol for functions
    return middleware


def status_of(exception: Exception) -> int:
    match exception:
        case Http404():
            return 404
        case PermissionDenied():
            return 403
        case RequestDataTooBig():
            return 413
        case SuspiciousOperation() | BadRequest() | MultiPartParserError():
            return 400
        case DatabaseError() | InterfaceError():
            return 503
    return 500
