"""Safe redirect targets from the parameter `next`."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, default: str) -> str:
    """The `next` of a form or a URL, if it is a path of this server; else `default`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    # Requires a leading slash: Django takes other text for a view name or a relative path.
    return target if ours and target.startswith("/") else default
