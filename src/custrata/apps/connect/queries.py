"""The tokens there are."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from custrata.apps.connect.models import Token

State = Literal["active", "expired", "revoked", "idle"]


def tokens() -> QuerySet[Token]:
    """Every token with whoever made it, the newest first."""
    return Token.objects.select_related("person").order_by("-made_at", "-pk")


def found_token(number: int) -> Token | None:
    """The token of that number."""
    return tokens().filter(pk=number).first()


def state_of(token: Token, at: datetime) -> State:
    """Whether a token can be used; `idle` while whoever made it is deactivated."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None and token.expires_at <= at:
        return "expired"
    return "active" if token.person.is_active else "idle"


def digest(secret: str) -> str:
    """What is kept of a token's secret: of 256 random bits a plain digest tells nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
