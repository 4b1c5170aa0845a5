"""Make a token, and revoke it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.connect.models import MARK, Token
from custrata.apps.connect.queries import digest
from custrata.errors import BadInput, Refused
from custrata.web.manifest import scopes as declared_scopes
from custrata.web.rights import may


class TokenNeedsName(BadInput):
    template = "Say what the token is for: by its name one knows later which program breaks when it is revoked."


class TokenNeedsScope(BadInput):
    template = "Choose what the token is good for."


class UnknownScope(BadInput):
    template = "There is no scope {scope}. There are {known}."


class ScopeBeyondRights(Refused):
    template = "You may not do what {scope} allows, so a token of yours may not either."


class TokenExpiresBefore(BadInput):
    template = "{expires} is over already. Choose a later moment, or none."


class NoSuchToken(Refused):
    template = "There is no such token, or it was revoked already. Look at the list again."


@transaction.atomic
def make_token(
    *, name: str, scopes: Sequence[str], expires_at: datetime | None, actor: User, at: datetime
) -> tuple[Token, str]:
    """A new token, and its text: shown once and kept nowhere.

    Raises `TokenNeedsName`, `TokenNeedsScope`, `UnknownScope`, `ScopeBeyondRights`, `TokenExpiresBefore`.
    """
    if not name.strip():
        raise TokenNeedsName
    good_for = _scopes(scopes, actor)
    if expires_at is not None and expires_at <= at:
        raise TokenExpiresBefore(expires=expires_at.isoformat())
    key, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    facts: dict[str, Any] = {"scopes": good_for, "expires_at": expires_at}
    made = Token.objects.create(
        name=name.strip(), key=key, digest=digest(secret), person=actor, made_at=at, **facts
    )  # fmt: skip
    _record(made, "connect.make_token", actor=actor, at=at, after=facts)
    return made, f"{MARK}_{key}_{secret}"


@transaction.atomic
def revoke_token(*, number: int, actor: User | None, at: datetime) -> None:
    """Let a token be good for nothing from now on. Raises `NoSuchToken`."""
    if Token.objects.filter(pk=number, revoked_at=None).update(revoked_at=at) != 1:
        raise NoSuchToken
    _record(Token.objects.get(pk=number), "connect.revoke_token", actor=actor, at=at)


def _scopes(asked: Sequence[str], actor: User) -> list[str]:
    """The scopes in their order, each once."""
    if not asked:
        raise TokenNeedsScope
    declared = {str(scope): scope for scope in declared_scopes()}
    for name in asked:
        if name not in declared:
            raise UnknownScope(scope=name, known=", ".join(declared))
        if not may(actor, declared[name].right):
            raise ScopeBeyondRights(scope=name)
    return [name for name in declared if name in asked]


def _record(
    token: Token, action: str, *, actor: User | None, at: datetime, after: dict[str, object] | None = None
) -> None:
    record_change(
        actor=actor, at=at, action=action, subject="token", subject_id=f"{token.name} ({token.key})", after=after
    )
