"""Recognise a token by its text, and note that it was used."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest

from django.db.models import Q

from custrata.apps.connect.models import MARK, Token
from custrata.apps.connect.queries import digest, state_of
from custrata.web.bearers import NotAuthenticated

SELDOM = timedelta(minutes=1)  # "last used" is noted that seldom, so that reading seldom writes


class TokenUnknown(NotAuthenticated):
    template = "This server knows no such token. Send it whole, as it was shown when it was made."


class TokenExpired(NotAuthenticated):
    template = "This token ran out on {expired}. Make a new one (Settings, API tokens)."


class TokenRevoked(NotAuthenticated):
    template = "This token was revoked on {revoked}. Make a new one (Settings, API tokens)."


class TokenIdle(NotAuthenticated):
    template = "Whoever made this token is deactivated, and so is the token. Make a new one (Settings, API tokens)."


def recognise(secret: str, at: datetime) -> Token:
    """The token of that text. Raises `TokenUnknown`, `TokenExpired`, `TokenRevoked`, `TokenIdle`."""
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
    _note_use(token, at)
    return token


def _note_use(token: Token, at: datetime) -> None:
    """Once a minute; of several processes that see it at once, one writes."""
    if token.last_used_at is None or token.last_used_at <= at - SELDOM:
        seldom = Q(last_used_at=None) | Q(last_used_at__lte=at - SELDOM)
        Token.objects.filter(seldom, pk=token.pk).update(last_used_at=at)
