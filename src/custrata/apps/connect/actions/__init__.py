"""What is done with tokens: make one, recognise it, revoke it."""

from custrata.apps.connect.actions.making import (
    NoSuchToken,
    ScopeBeyondRights,
    TokenExpiresBefore,
    TokenNeedsName,
    TokenNeedsScope,
    UnknownScope,
    make_token,
    revoke_token,
)
from custrata.apps.connect.actions.recognising import (
    TokenExpired,
    TokenIdle,
    TokenRevoked,
    TokenUnknown,
    recognise,
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
    "make_token",
    "recognise",
    "revoke_token",
]
