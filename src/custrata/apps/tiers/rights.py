"""What people and programs may do with tiers and runs."""

from __future__ import annotations

from custrata.apps.customers.rights import SEE_CUSTOMERS
from custrata.web.rights import Right, Role
from custrata.web.scopes import TokenScope

SEE_TIERS = Right("see_tiers", app="tiers", order=20, roles=[Role.OPERATOR, Role.ANALYST, Role.AGENT])
OVERRIDE_TIERS = Right("override_tiers", app="tiers", order=60, roles=[Role.OPERATOR])
SEE_RUNS = Right("see_runs", app="tiers", order=130, roles=[Role.OPERATOR, Role.ANALYST])
WITHDRAW_RUNS = Right("withdraw_runs", app="tiers", order=150)

READ_CHANGES = TokenScope("read:changes", app="tiers", order=30, right=SEE_CUSTOMERS)
READ_RUNS = TokenScope("read:runs", app="tiers", order=40, right=SEE_RUNS)
WRITE_OVERRIDES = TokenScope("write:overrides", app="tiers", order=60, right=OVERRIDE_TIERS)
