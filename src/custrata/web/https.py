"""Refusal of plain HTTP at the REST API: a redirect would hide that a token was sent unencrypted."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from custrata.web.bearers import NotAllowed
from custrata.web.problems import refuse


class HttpsRequired(NotAllowed):
    template = "The API accepts only HTTPS. A token that was sent without encryption may have been read: revoke it."


class ApiOverHttps:
    """Refuses API requests without HTTPS where HTTPS is set; must come before the redirect of pages to HTTPS."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        of_the_api = request.path_info == "/api" or request.path_info.startswith("/api/")
        if of_the_api and settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return refuse(request, HttpsRequired())
        return self.answer(request)
