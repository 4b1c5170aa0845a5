"""Access control of views by rights."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from custrata.web.rights import Right, may

View = Callable[..., HttpResponseBase]


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in, with the way back to the requested page; for a fragment, to its whole page."""
    if getattr(request, "htmx", None):
        here = urlsplit(request.headers.get("HX-Current-URL", "/"))
        back = redirect_to_login(f"{here.path}?{here.query}" if here.query else here.path)
        return HttpResponse(headers={"HX-Redirect": back.url})
    # A POST cannot be repeated after the redirect: continue at the start page.
    safe = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if safe else reverse("web:start"))


def needs(right: Right | None) -> Callable[[View], View]:
    """Restrict a view to users with the right (None: all signed-in users).

    Anonymous users are redirected to the sign-in, others get status 403.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **named: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if right is not None and not may(request.user, right):
                raise PermissionDenied
            return view(request, *args, **named)

        guarded.needs = right  # type: ignore[attr-defined]  # read by the test that walks all addresses
        return guarded

    return wrap
