"""API tokens: the list, creating one, and revoking one after a confirmation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.connect import actions
from custrata.apps.connect.forms import TokenForm
from custrata.apps.connect.models import Token
from custrata.apps.connect.queries import get_token, state_of, tokens
from custrata.apps.connect.rights import MANAGE_TOKENS
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.lists import Column, Empty, Listing, columns
from custrata.web.posting import confirm
from custrata.web.texts import sentence, text

TOKENS = Listing(
    "connect.list",
    (
        *columns("connect.field", "name", "scopes", "state", "made", "expires", "used"),
        Column("connect.revoke.button", "actions"),
    ),
    "connect/token_row.html",
)
EMPTY = Empty("key", "connect.none")


class TokenRow(NamedTuple):
    """A token of the list, and whether it can be used."""

    token: Token
    state: str


@needs(MANAGE_TOKENS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The list of tokens and the form for a new one, whose text is shown only once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        days, at = form.cleaned_data["days"], timezone.now()
        expires_at = at + timedelta(days=days) if days else None
        fields: dict[str, Any] = {name: form.cleaned_data[name] for name in ("name", "scopes")}
        try:
            token, secret = actions.create_token(**fields, expires_at=expires_at, actor=current_user(request), at=at)
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            return render(request, "connect/token_made.html", {"token": token, "shown": secret})
    return _render_list(request, form)


def _render_list(request: HttpRequest, form: TokenForm) -> HttpResponse:
    at = timezone.now()
    page = {
        "tokens": TOKENS.table([TokenRow(token, state_of(token, at)) for token in tokens()], empty=EMPTY),
        "form": form,
    }
    return render(request, "connect/tokens.html", page, status=422 if form.is_bound else 200)


@needs(MANAGE_TOKENS)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for confirmation, then revoke a token."""
    token = get_token(number)
    if token is None:
        raise Http404
    return confirm(
        request,
        "connect/revoke.html",
        {"token": token},
        lambda: actions.revoke_token(number=number, actor=current_user(request), at=timezone.now()),
        text("connect.revoke.done", token=token.name),
        back=reverse("connect:tokens"),
    )
