"""What people may do with the overview."""

from __future__ import annotations

from custrata.web.rights import Right, Role

SEE_OVERVIEW = Right("see_overview", app="insights", order=10, roles=[Role.OPERATOR, Role.ANALYST])
