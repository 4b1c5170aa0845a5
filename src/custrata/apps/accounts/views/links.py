"""Pages of one-time links: anybody with the link may use it, once."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from custrata.apps.accounts.actions import (
    LinkOver,
    accept_invitation,
    set_password_by_link,
    take_first_link,
)
from custrata.apps.accounts.forms import FirstForm, InvitedForm, NewPasswordForm
from custrata.apps.accounts.models import OneTimeLink, User
from custrata.apps.accounts.queries import has_active_administrator, usable_links
from custrata.apps.accounts.views.authentication import admit
from custrata.errors import CustrataError
from custrata.web.texts import sentence

Kind = OneTimeLink.Kind


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first(request: HttpRequest, secret: str) -> HttpResponse:
    """Become the first administrator."""
    if has_active_administrator():
        return _over(request)
    return _page(request, secret, Kind.FIRST, FirstForm(request.POST or None), take_first_link)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Accept an invitation with name and password, and sign in."""
    return _page(request, secret, Kind.INVITATION, InvitedForm(request.POST or None), accept_invitation)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a new password."""
    return _page(request, secret, Kind.PASSWORD, NewPasswordForm(request.POST or None), set_password_by_link)


@sensitive_variables("secret", "fields")
def _page(
    request: HttpRequest, secret: str, kind: str, form: NewPasswordForm, take: Callable[..., User]
) -> HttpResponse:
    """The form of a link; a valid submission uses the link and signs in."""
    at = timezone.now()
    link = usable_links(secret, kind, at).select_related("person").first()
    if link is None:
        return _over(request)
    if request.method == "POST" and form.is_valid():
        fields = {key: value for key, value in form.cleaned_data.items() if key != "repeated"}
        try:
            person = take(secret=secret, at=at, **fields)
        except LinkOver:
            return _over(request)
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            return admit(request, person, reverse("web:start"))
    username = link.username or (link.person.username if link.person else "")
    page = {"form": form, "kind": kind, "username": username, "role": link.role}
    return render(request, "accounts/link.html", page, status=422 if form.errors else 200)


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/link_over.html", status=410)
