"""Create and revoke API tokens."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.connect.models import MARK, Token
from custrata.apps.connect.queries import digest
from custrata.errors import BadInput, Refused
from custrata.web.manifest import scopes
from custrata.web.rights import may


class TokenNeedsName(BadInput):
    template = "Give the token a name: it shows later which program stops working when the token is revoked."


class TokenNeedsScope(BadInput):
    template = "Choose at least one scope for the token."


class UnknownScope(BadInput):
    template = "There is no scope {scope}. Available scopes: {known}."


class ScopeBeyondRights(Refused):
    template = "Your role does not allow {scope}, so your token cannot have it."


class TokenExpiresBefore(BadInput):
    template = "{expires} is in the past. Choose a later time, or none."


class NoSuchToken(Refused):
    status = 404
    template = "There is no such token, or it was revoked already. Look at the list again."


@transaction.atomic
def create_token(
    *, name: str, scopes: Sequence[str], expires_at: datetime | None, actor: User, at: datetime
) -> tuple[Token, str]:
    """Create a token. Returns it with its text, which is shown once and not stored.

    Raises `TokenNeedsName`, `TokenNeedsScope`, `UnknownScope`, `ScopeBeyondRights`, `TokenExpiresBefore`.
    """
    if not name.strip():
        raise TokenNeedsName
    granted = _scopes(scopes, actor)
    if expires_at is not None and expires_at <= at:
        raise TokenExpiresBefore(expires=expires_at.isoformat())
    key, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    facts: dict[str, Any] = {"scopes": granted, "expires_at": expires_at}
    token = Token.objects.create(
        name=name.strip(), key=key, digest=digest(secret), person=actor, made_at=at, **facts
    )  # fmt: skip
    record(token, "connect.make_token", after=facts, actor=actor, at=at)
    return token, f"{MARK}_{key}_{secret}"


@transaction.atomic
def revoke_token(*, number: int, actor: User | None, at: datetime) -> None:
    """Revoke a token. Raises `NoSuchToken`."""
    if Token.objects.filter(pk=number, revoked_at=None).update(revoked_at=at) != 1:
        raise NoSuchToken
    record(Token.objects.get(pk=number), "connect.revoke_token", actor=actor, at=at)


def _scopes(requested: Sequence[str], actor: User) -> list[str]:
    """The requested scopes, checked, in canonical order and without duplicates."""
    if not requested:
        raise TokenNeedsScope
    available = {str(scope): scope for scope in scopes()}
    for name in requested:
        if name not in available:
            raise UnknownScope(scope=name, known=", ".join(available))
        if not may(actor, available[name].right):
            raise ScopeBeyondRights(scope=name)
    return [name for name in available if name in requested]
