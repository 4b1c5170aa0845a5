"""The REST API over plain HTTP: refused. Leading it to HTTPS would hide that a token went unencrypted."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from custrata.web.bearers import NotAllowed
from custrata.web.problems import refuse


class HttpsRequired(NotAllowed):
    template = "The API answers over HTTPS only. A token that was sent without it may have been read: revoke it."


class ApiOverHttps:
    """Refuses what comes to the API without HTTPS, where people come by HTTPS; stands before what leads pages there."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        of_the_api = request.path_info == "/api" or request.path_info.startswith("/api/")
        if of_the_api and settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return refuse(request, HttpsRequired())
        return self.answer(request)
