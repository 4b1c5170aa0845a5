"""What people and programs may do with schemes."""

from __future__ import annotations

from custrata.apps.tiers.rights import SEE_TIERS
from custrata.web.rights import Right, Role
from custrata.web.scopes import TokenScope

SEE_DRAFTS = Right("see_drafts", app="schemes", order=70, roles=[Role.OPERATOR, Role.ANALYST])
EDIT_SCHEMES = Right("edit_schemes", app="schemes", order=80, roles=[Role.OPERATOR])

READ_SCHEMES = TokenScope("read:schemes", app="schemes", order=10, right=SEE_TIERS)
WRITE_SCHEMES = TokenScope("write:schemes", app="schemes", order=50, right=EDIT_SCHEMES)
