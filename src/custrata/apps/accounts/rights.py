"""What people may do with people and the workspace."""

from __future__ import annotations

from custrata.web.rights import Right

MANAGE_PEOPLE = Right("manage_people", app="accounts", order=200)
MANAGE_WORKSPACE = Right("manage_workspace", app="accounts", order=210)
