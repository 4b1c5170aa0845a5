"""Where a page leads back to, as an address or a form says: a page of ours, or none."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The `next` of a form or an address, if it is a path of ours; else `otherwise`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    # With a slash in front: any other word is taken for the name of a view, or for a path beside this one.
    return target if ours and target.startswith("/") else otherwise
