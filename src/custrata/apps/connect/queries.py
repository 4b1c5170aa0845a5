"""API tokens and their state."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from custrata.apps.connect.models import Token

State = Literal["active", "expired", "revoked", "idle"]


def tokens() -> QuerySet[Token]:
    """All tokens with their owners, the newest first."""
    return Token.objects.select_related("person").order_by("-made_at", "-pk")


def get_token(number: int) -> Token | None:
    """The token with this primary key."""
    return tokens().filter(pk=number).first()


def state_of(token: Token, at: datetime) -> State:
    """The state of a token; `idle` while its owner is deactivated."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None and token.expires_at <= at:
        return "expired"
    return "active" if token.person.is_active else "idle"


def digest(secret: str) -> str:
    """The stored digest of a token's secret. The secret has 256 random bits, so an unsalted hash is safe."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
