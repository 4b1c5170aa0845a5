"""What people and programs may do with customers."""

from __future__ import annotations

from custrata.web.rights import Right, Role
from custrata.web.scopes import TokenScope

SEE_CUSTOMERS = Right("see_customers", app="customers", order=30, roles=[Role.OPERATOR, Role.ANALYST, Role.AGENT])
EDIT_CUSTOMERS = Right("edit_customers", app="customers", order=40, roles=[Role.OPERATOR, Role.AGENT])
ASSIGN_OWNERS = Right("assign_owners", app="customers", order=50, roles=[Role.OPERATOR])
EXPORT = Right("export", app="customers", order=120, roles=[Role.OPERATOR, Role.ANALYST])
ERASE_CUSTOMERS = Right("erase_customers", app="customers", order=160)

READ_CUSTOMERS = TokenScope("read:customers", app="customers", order=20, right=SEE_CUSTOMERS)
WRITE_ERASURES = TokenScope("write:erasures", app="customers", order=70, right=ERASE_CUSTOMERS)
