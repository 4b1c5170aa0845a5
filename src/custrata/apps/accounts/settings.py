"""The settings of signing in."""

from __future__ import annotations

from custrata.web.manifest import Setting
from custrata.web.rights import roles_named

SECOND_FACTOR_ROLES = Setting(
    "SECOND_FACTOR_ROLES",
    "CUSTRATA_SECOND_FACTOR",
    "roles that must sign in with [two steps](people.md#two-step-sign-in), with commas between; `all`: every role",
    read=roles_named,
    default="",
)
SIGN_IN_PER_ADDRESS = Setting(
    "SIGN_IN_PER_ADDRESS",
    "CUSTRATA_SIGN_IN_PER_ADDRESS",
    "failed sign-ins from one address in 15 minutes, for whatever names, before it has to wait",
    read=int,
    default="20",
)
SIGN_IN_OVERALL = Setting(
    "SIGN_IN_OVERALL",
    "CUSTRATA_SIGN_IN_OVERALL",
    "failed sign-ins from everywhere in 15 minutes before addresses where nobody is signed in have to wait",
    read=int,
    default="100",
)
