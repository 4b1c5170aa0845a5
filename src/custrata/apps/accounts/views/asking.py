"""Who asks, from where, and for whom wrong passwords are counted."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from custrata.apps.accounts.models import User


def asking_person(request: HttpRequest) -> User:
    """Whoever asks, behind a gate that lets only people in."""
    assert isinstance(request.user, User)
    return request.user


def client_address(request: HttpRequest) -> str | None:
    """The address of the browser; behind proxies (CUSTRATA_PROXIES of them) the one the outermost of them saw.

    What stands further left in X-Forwarded-For the browser may have made up.
    """
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    proxies = getattr(settings, "PROXIES", 0)
    if 0 < proxies <= len(passed):
        return passed[-proxies]
    return request.META.get("REMOTE_ADDR") or None


def counted_name(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """The user name wrong passwords are counted for: however it is spelt, it is one person."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return given.strip().lower()[:150]


def own_answer(request: HttpRequest, answer: HttpResponse, credentials: object) -> HttpResponse:
    """What is answered to somebody locked out: what the sign-in page says already."""
    return answer
