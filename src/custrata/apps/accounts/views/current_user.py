"""The signed-in user of a request, and the hooks of django-axes."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from custrata.apps.accounts.models import User, folded


def current_user(request: HttpRequest) -> User:
    """The signed-in user, in views that require one."""
    assert isinstance(request.user, User)
    return request.user


def lockout_username(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """The folded user name that failed sign-ins are counted for."""
    username = (credentials or {}).get("username") or request.POST.get("username", "")
    return folded(username)[:150]


def lockout_response(request: HttpRequest, answer: HttpResponse, credentials: object) -> HttpResponse:
    """The response to a locked-out sign-in: the sign-in page as it is."""
    return answer
