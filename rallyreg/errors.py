"""The pages for what goes wrong, in the reader's language, with the right status."""

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.loader import render_to_string
from django.urls import resolve
from django.utils.translation import gettext_lazy as _

ERRORS = {
    400: (_("This request cannot be read"), _("Go back and try again, please.")),
    403: (_("Not from here"), _("This came from another site, so nothing was done. Open our page and press there.")),
    404: (_("There is no such page"), _("The link may be old or cut off. A newer letter has a newer link.")),
    405: (_("This page is not for that"), _("Open it from the site, please.")),
    409: (_("Not open"), _("This rally takes no pledges now.")),
    413: (_("Too much at once"), _("What was sent is too large, and nothing was stored.")),
    429: (_("Too often"), _("Too many requests came from your network. Wait a minute and try again.")),
    500: (_("Something broke on our side"), _("It is not your fault. Try again in a minute, please.")),
    503: (
        _("We cannot store anything right now"),
        _("Nothing was lost and nothing was stored. Try again in a minute."),
    ),
}


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    title, text = ERRORS.get(status, ERRORS[500])
    body = render_to_string("error.html", {"status": status, "title": title, "text": text, "request": request})
    response = HttpResponse(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    if status in {429, 503}:
        response.headers["Retry-After"] = "60"
    return response


def not_found(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The last address pattern: Django's own page for an unknown one differs where DEBUG is on."""
    path = f"{request.path_info}/"
    if request.method in {"GET", "HEAD"} and not path.endswith("//") and resolve(path).func is not not_found:
        return HttpResponsePermanentRedirect(path)  # typed from a poster, without the last stroke
    return error_page(request, 404)
