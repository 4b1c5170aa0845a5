"""Who asks the REST API: a token in the header, good for some scopes and never for more than its maker may do.

Where tokens are kept is the business of an app above, which declares the function that recognises one.
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
from custrata.web.scopes import Scope


class NotAuthenticated(Refused):
    template = "Send a token of this server in the header: Authorization: Bearer TOKEN."


class NotAllowed(Refused):
    template = "This token may not do that."


class ScopeMissing(NotAllowed):
    template = "This token lacks the scope {scope}. Make a token with it (Settings, API tokens)."


class BeyondRights(NotAllowed):
    template = "Whoever made this token may not do what {scope} allows any more. An administrator can say why."


class Bearer(Protocol):
    """A token that was recognised: whose rights it acts with, and what it is good for."""

    @property
    def pk(self) -> int: ...

    @property
    def scopes(self) -> Collection[str]: ...

    @property
    def person(self) -> Any: ...


class Recognise(Protocol):
    """Finds the token of a secret; raises a `NotAuthenticated` where there is none, or it is over."""

    def __call__(self, secret: str, at: datetime) -> Bearer: ...


class BearerToken(HttpBearer):
    """Lets in who sends a token that is good for these scopes; a session's cookie counts for nothing."""

    def __init__(self, *scopes: Scope) -> None:
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
        bearer = _recognise(token)
        request.token_owner = bearer.person  # type: ignore[attr-defined]  # the log of refusals names them
        for scope in self.scopes:
            if scope not in bearer.scopes:
                raise ScopeMissing(scope=scope)
            if not may(bearer.person, scope.right):
                raise BeyondRights(scope=scope)
        return bearer


def _recognise(secret: str) -> Bearer:
    """The token of a secret, as the app that keeps tokens knows it; where no app does, there is none."""
    recognisers: list[Recognise] = [function(app.recognises_tokens) for app in manifests() if app.recognises_tokens]
    if not recognisers:
        raise NotAuthenticated
    return recognisers[0](secret, timezone.now())


def bearer(request: HttpRequest) -> Bearer:
    """The token that a request behind `BearerToken` came with."""
    return cast(Bearer, request.auth)  # type: ignore[attr-defined]  # Ninja puts it there


class TokenRate(BaseThrottle):
    """So many requests of one token in a minute of the clock; each process counts by itself."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request, and say whether it is within what the setting allows."""
        minute = f"api-{bearer(request).pk}-{timezone.now():%H%M}"
        cache.add(minute, 0, 120)
        return cache.incr(minute) <= settings.API_PER_MINUTE

    def wait(self) -> float:
        """Seconds until the next minute."""
        return 60 - timezone.now().second
