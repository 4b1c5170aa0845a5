"""Authentication of the REST API by bearer tokens, limited to their scopes and to the rights of their creator.

Tokens are stored by an app, which declares the function that looks one up.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from custrata.errors import Refused
from custrata.web.manifest import function, manifests
from custrata.web.rights import may
from custrata.web.scopes import TokenScope


class NotAuthenticated(Refused):
    status = 401
    template = "Send a token of this server in the header: Authorization: Bearer TOKEN."


class NotAllowed(Refused):
    status = 403
    template = "This token has no permission for that."


class ScopeMissing(NotAllowed):
    template = "This token lacks the scope {scope}. Create a token with it (Settings, API tokens)."


class BeyondRights(NotAllowed):
    template = "The person who created this token no longer has the permission for {scope}. Ask an administrator."


class Bearer(Protocol):
    """A valid token: its owner, and its scopes."""

    @property
    def pk(self) -> int: ...

    @property
    def scopes(self) -> Collection[str]: ...

    @property
    def person(self) -> Any: ...


class Recognise(Protocol):
    """Looks up the token of a secret; raises `NotAuthenticated` where it is unknown or expired."""

    def __call__(self, secret: str, at: datetime) -> Bearer: ...


class BearerToken(HttpBearer):
    """Requires a token with these scopes; session cookies are not accepted."""

    def __init__(self, *scopes: TokenScope) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Bearer:
        """The token in the header. Raises `NotAuthenticated`, and what `authenticate` raises."""
        kind, _, secret = request.headers.get(self.header, "").partition(" ")
        if kind.lower() != self.openapi_scheme or not secret.strip():
            raise NotAuthenticated
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Bearer:
        """The token of that secret. Raises a `NotAuthenticated`, `ScopeMissing`, `BeyondRights`."""
        bearer = _look_up(token)
        request.token_owner = bearer.person  # type: ignore[attr-defined]  # the log of refusals names them
        for scope in self.scopes:
            if scope not in bearer.scopes:
                raise ScopeMissing(scope=scope)
            if not may(bearer.person, scope.right):
                raise BeyondRights(scope=scope)
        return bearer


def _look_up(secret: str) -> Bearer:
    """The token of a secret, from the app that stores tokens; without such an app there are none."""
    declared: list[Recognise] = [function(app.token_lookup) for app in manifests() if app.token_lookup]
    if not declared:
        raise NotAuthenticated
    return declared[0](secret, timezone.now())


def bearer(request: HttpRequest) -> Bearer:
    """The token that a request behind `BearerToken` came with."""
    return cast(Bearer, request.auth)  # type: ignore[attr-defined]  # Ninja puts it there


class TokenRate(BaseThrottle):
    """Limits requests per token and minute; each process counts separately."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request, and say whether it is within what the setting allows."""
        minute = f"api-{bearer(request).pk}-{timezone.now():%H%M}"
        cache.add(minute, 0, 120)
        return cache.incr(minute) <= settings.API_PER_MINUTE

    def wait(self) -> float:
        """Seconds until the next minute."""
        return 60 - timezone.now().second
