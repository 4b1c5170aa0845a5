"""Required steps after the sign-in: choosing an own password, and setting up a second factor."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import second_factor
from custrata.apps.accounts.settings import SECOND_FACTOR_ROLES
from custrata.apps.accounts.views.authentication import VERIFIED

# Accessible regardless of required steps.
ALWAYS = {"web:health", "web:ready", "web:metrics", "web:language", "web:theme", "accounts:sign_out"}
OF_PASSWORD = "accounts:password"
OF_SECOND_FACTOR = (
    "accounts:second_factor",
    "accounts:begin_second_factor",
    "accounts:set_up_second_factor",
)


class DutiesMiddleware:
    """Redirects every page to the required step; requests with API tokens are not affected."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_view(self, request: HttpRequest, view: object, *args: object) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name in ALWAYS or not isinstance(request.user, User):
            return None
        duty = _duty(request, request.user)
        if not duty or match.view_name in duty:
            return None
        if getattr(request, "htmx", None):
            return HttpResponse(headers={"HX-Redirect": reverse(duty[0])})
        return redirect(duty[0])


def _duty(request: HttpRequest, person: User) -> tuple[str, ...]:
    """The pages of the required step, the first one to redirect to."""
    if person.must_change_password:
        return (OF_PASSWORD,)
    if person.role in SECOND_FACTOR_ROLES.value and not request.session.get(VERIFIED):
        return () if second_factor(person) else OF_SECOND_FACTOR
    return ()
