"""Error pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.requests import reference

ICONS = {400: "message-question", 403: "lock", 404: "map-question", 500: "tool"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: its page was open for too long, or another site sent it."""
    return _page(request, 403, "stale")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page shows the message of the error that caused it, such as a removed run, if there is one."""
    refused = exception.__cause__
    return _page(request, 404, text=texts.sentence(refused) if isinstance(refused, CustrataError) else "")


def broken(request: HttpRequest) -> HttpResponse:
    """The page for unexpected errors; uses neither database nor workspace, since one of them may have failed."""
    facts = {**_facts(500, "500"), "language_tag": texts.tag(), "theme": "auto"}
    return HttpResponse(render_to_string("web/broken.html", facts), status=500)


def _page(request: HttpRequest, status: int, kind: str = "", text: str = "") -> HttpResponse:
    inside = getattr(request, "user", None) is not None and request.user.is_authenticated
    base = "web/page.html" if inside else "web/bare.html"
    facts = {"base": base, **_facts(status, kind or str(status))}
    return render(request, "web/error.html", facts | ({"text": text} if text else {}), status=status)


def _facts(status: int, kind: str) -> dict[str, object]:
    return {
        "icon": ICONS[status],
        "title": texts.text(f"web.errors_of_pages.{kind}.title"),
        "text": texts.text(f"web.errors_of_pages.{kind}.text"),
        "reference": reference() if status in (400, 500) else "",
    }
