"""Create, authenticate and revoke API tokens."""

from custrata.apps.connect.actions.authentication import (
    TokenExpired,
    TokenIdle,
    TokenRevoked,
    TokenUnknown,
    authenticate,
)
from custrata.apps.connect.actions.tokens import (
    NoSuchToken,
    ScopeBeyondRights,
    TokenExpiresBefore,
    TokenNeedsName,
    TokenNeedsScope,
    UnknownScope,
    create_token,
    revoke_token,
)

__all__ = [
    "NoSuchToken",
    "ScopeBeyondRights",
    "TokenExpired",
    "TokenExpiresBefore",
    "TokenIdle",
    "TokenNeedsName",
    "TokenNeedsScope",
    "TokenRevoked",
    "TokenUnknown",
    "UnknownScope",
    "authenticate",
    "create_token",
    "revoke_token",
]
