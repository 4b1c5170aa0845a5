"""Language and theme: stored with the user, and in a cookie for anonymous users."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from custrata.web.redirects import safe_next
from custrata.wording import LANGUAGES

THEMES = ("auto", "light", "dark")
A_YEAR = 31_536_000


def theme_of(request: HttpRequest) -> str:
    """`light`, `dark`, or `auto`: as the system has it."""
    person: Any = getattr(request, "user", None)
    own = person.theme if person is not None and person.is_authenticated else ""
    theme = own or request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    return theme if theme in THEMES else "auto"


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Store the chosen language and redirect back."""
    return _save_choice(request, "language", LANGUAGES, settings.LANGUAGE_COOKIE_NAME)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Store the chosen theme and redirect back."""
    return _save_choice(request, "theme", THEMES, settings.THEME_COOKIE_NAME)


def _save_choice(request: HttpRequest, name: str, allowed: tuple[str, ...], cookie: str) -> HttpResponse:
    response = HttpResponseRedirect(safe_next(request, "/"))
    chosen = request.POST.get(name, "")
    if chosen in allowed:
        response.set_cookie(cookie, chosen, max_age=A_YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True)
        if request.user.is_authenticated and getattr(request.user, name) != chosen:
            setattr(request.user, name, chosen)
            request.user.save(update_fields=[name])
    return response
