"""What people may do with playbooks and tasks."""

from __future__ import annotations

from custrata.web.rights import Right, Role

SEE_PLAYBOOKS = Right("see_playbooks", app="playbooks", order=90, roles=[Role.OPERATOR, Role.ANALYST, Role.AGENT])
DO_TASKS = Right("do_tasks", app="playbooks", order=100, roles=[Role.OPERATOR, Role.AGENT])
EDIT_PLAYBOOKS = Right("edit_playbooks", app="playbooks", order=110, roles=[Role.OPERATOR])
