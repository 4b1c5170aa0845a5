"""What a request may bring and how long it may take: what no page and no database can hold never gets that far.

Every request has a deadline (`CUSTRATA_REQUEST_SECONDS`), after which engine and database are interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from custrata.engine.deadline import deadline
from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.computing import named_failure, unfit_value
from custrata.web.problems import problem, refuse

API = "/api/"
LONGEST = 4_000  # characters of an address, or of a value in it or in a cookie
LONGEST_FIELD = 200_000  # characters of a value in a form
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class LimitsMiddleware:
    """Refuses values that cannot be stored, and stops requests at their deadline."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _unusable([request.path_info, *_pairs(request.GET), *request.COOKIES.items()], LONGEST):
            return _unreadable(request)
        with deadline(settings.REQUEST_SECONDS):
            return self.answer(request)

    def process_view(self, request: HttpRequest, view: object, args: object, named: object) -> HttpResponse | None:
        """Refuse forms with values that a database cannot store."""
        sent = request.method == "POST" and request.content_type in FORMS
        return _unreadable(request) if sent and _unusable(_pairs(request.POST), LONGEST_FIELD) else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """The response to an exceeded deadline, or to a value that the database rejected."""
        named = named_failure(error)
        return _timeout_page(request, named) if named is not None else _refuse_unfit_value(request, error)


def _pairs(query: Any) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, values in query.lists() for value in values)


def _unusable(values: Iterable[str | tuple[str, str]], longest: int) -> bool:
    """Whether a text has a null character, an unpaired surrogate, or is too long."""
    for value in values:
        for text in (value,) if isinstance(value, str) else value:
            if len(text) > longest or "\0" in text or not _encodes(text):
                return True
    return False


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        return problem(
            400,
            "BadRequest",
            "The request has a null character, an unpaired surrogate, or a value over the limit of its length.",
        )
    raise BadRequest("a value that no page has")


def _refuse_unfit_value(request: HttpRequest, error: Exception) -> HttpResponse | None:
    if unfit_value(error):
        raise BadRequest("a value that nothing has room for") from error
    return None


def _timeout_page(request: HttpRequest, error: CustrataError) -> HttpResponse:
    if request.path_info.startswith(API):
        return refuse(request, error)
    inside = getattr(request, "user", None) is not None and request.user.is_authenticated
    page = {
        "base": "web/page.html" if inside else "web/bare.html",
        "icon": "hourglass",
        "title": texts.text("web.errors_of_pages.503.title"),
        "text": texts.sentence(error),
        "reference": "",
    }
    answer = render(request, "web/error.html", page, status=error.status)
    answer.headers["Retry-After"] = "10"
    return answer
