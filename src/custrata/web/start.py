"""The start page."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from custrata.web.navigation import first_page


def start(request: HttpRequest) -> HttpResponse:
    """Redirect to the first page that the user may open; anonymous users to the sign-in."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return HttpResponseRedirect(first_page(request.user))
