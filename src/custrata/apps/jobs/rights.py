"""What people may do with jobs."""

from __future__ import annotations

from custrata.web.rights import Right, Role

REFRESH = Right("refresh", app="jobs", order=140, roles=[Role.OPERATOR])
SEE_JOBS = Right("see_jobs", app="jobs", order=170, roles=[Role.OPERATOR, Role.ANALYST])
SCHEDULE = Right("schedule", app="jobs", order=180, roles=[Role.OPERATOR])
