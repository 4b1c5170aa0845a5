"""The language of a page: that of the user, else of the cookie, else of the browser."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from custrata.errors import CustrataError
from custrata.web.texts import tag
from custrata.web.workspace import workspace
from custrata.wording import LANGUAGES

TRADITIONAL = {"hant", "tw", "hk", "mo"}


class LanguageMiddleware:
    """Sets the language of a request, and `Content-Language`."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(reader_language(request)):
            response = self.answer(request)
            if "Content-Language" not in response.headers:
                response.headers["Content-Language"] = tag()
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def reader_language(request: HttpRequest) -> str:
    """The first of: the user's language, the cookie's, the first supported one of the browser, the workspace's."""
    own = getattr(request.user, "language", "") if request.user.is_authenticated else ""
    for language in (own, request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if language in LANGUAGES:
            return str(language)
    return preferred_language(request.headers.get("Accept-Language", "")) or _workspace_language()


def preferred_language(header: str) -> str | None:
    """The first supported language of an Accept-Language header.

    >>> preferred_language("fr, zh-TW;q=0.8, en;q=0.5"), preferred_language("zh"), preferred_language("de")
    ('zh-hant', 'zh-hans', None)
    """
    for code, _ in parse_accept_lang_header(header.lower()):
        first, *more = code.split("-")
        if first == "zh":
            return "zh-hant" if TRADITIONAL & set(more) else "zh-hans"
        if first == "en":
            return "en"
    return None


def _workspace_language() -> str:
    try:
        return workspace().settings.language
    except CustrataError:
        return str(settings.LANGUAGE_CODE)
