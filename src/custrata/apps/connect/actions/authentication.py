"""Authenticate a token by its text and record its use."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest

from django.db.models import Q

from custrata.apps.connect.models import MARK, Token
from custrata.apps.connect.queries import digest, state_of
from custrata.web.bearers import NotAuthenticated

LAST_USED_INTERVAL = timedelta(minutes=1)  # `last_used_at` is updated at most this often


class TokenUnknown(NotAuthenticated):
    template = "This server knows no such token. Send the complete text that was shown when it was created."


class TokenExpired(NotAuthenticated):
    template = "This token expired on {expired}. Create a new one (Settings, API tokens)."


class TokenRevoked(NotAuthenticated):
    template = "This token was revoked on {revoked}. Create a new one (Settings, API tokens)."


class TokenIdle(NotAuthenticated):
    template = "The owner of this token is deactivated, so the token is too. Create a new one (Settings, API tokens)."


def authenticate(secret: str, at: datetime) -> Token:
    """The token with this text. Raises `TokenUnknown`, `TokenExpired`, `TokenRevoked`, `TokenIdle`."""
    mark, _, rest = secret.partition("_")
    key, _, hidden = rest.partition("_")
    token = Token.objects.select_related("person").filter(key=key).first() if mark == MARK and key.isalnum() else None
    if token is None or not compare_digest(token.digest, digest(hidden)):
        raise TokenUnknown
    state = state_of(token, at)
    if state == "revoked" and token.revoked_at is not None:
        raise TokenRevoked(revoked=token.revoked_at.date().isoformat())
    if state == "expired" and token.expires_at is not None:
        raise TokenExpired(expired=token.expires_at.date().isoformat())
    if state == "idle":
        raise TokenIdle
    _record_use(token, at)
    return token


def _record_use(token: Token, at: datetime) -> None:
    """Update `last_used_at` at most once a minute; of several concurrent processes, one writes."""
    if token.last_used_at is None or token.last_used_at <= at - LAST_USED_INTERVAL:
        outdated = Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USED_INTERVAL)
        Token.objects.filter(outdated, pk=token.pk).update(last_used_at=at)
