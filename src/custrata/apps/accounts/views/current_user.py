"""Who asks, and for whom wrong passwords are counted."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from custrata.apps.accounts.models import User, folded


def current_user(request: HttpRequest) -> User:
    """Whoever asks, behind a gate that lets only people in."""
    assert isinstance(request.user, User)
    return request.user


def lockout_username(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """The user name wrong passwords are counted for: however it is spelt, it is one person."""
    username = (credentials or {}).get("username") or request.POST.get("username", "")
    return folded(username)[:150]


def lockout_response(request: HttpRequest, answer: HttpResponse, credentials: object) -> HttpResponse:
    """What is answered to somebody locked out: what the sign-in page says already."""
    return answer
