"""Coming in."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django_ratelimit.core import is_ratelimited

from rallyreg.errors import error_page
from rallyreg.visitors import network_key

_login = LoginView.as_view(redirect_authenticated_user=True)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW: our page instead of Django's, which has a style of its own that the policy forbids."""
    return error_page(request, 403)


@login_not_required
@sensitive_post_parameters()
def login(request: HttpRequest) -> HttpResponseBase:
    """By e-mail address and password. Each try costs a scrypt hash, and guessing costs an hour for thirty."""
    if is_ratelimited(request, group="login", key=network_key, rate="30/h", method="POST", increment=True):
        return error_page(request, 429)
    return _login(request)
