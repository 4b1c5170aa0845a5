"""Rebuild history: grade the end of every past period again with current data."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.jobs import actions as jobs
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.actions.refreshing import AlreadyRefreshing
from custrata.apps.tiers.queries.refreshes import REBUILD, rebuild_under_way, refresh_under_way
from custrata.errors import Refused
from custrata.pipeline.rebuild import Every


class AlreadyRebuilding(Refused):
    template = "History is being rebuilt already; no other job was started. Wait for it, or cancel it first."


@transaction.atomic
def start_rebuild(*, start: date | None, every: Every, actor: User | None, at: datetime) -> Job:
    """Enqueue a rebuild of history, from a day or, without one, from the first fact on.

    Raises `AlreadyRebuilding`, `AlreadyRefreshing`.
    """
    if rebuild_under_way() is not None:
        raise AlreadyRebuilding
    if refresh_under_way() is not None:
        raise AlreadyRefreshing
    arguments = {"start": start.isoformat() if start else None, "every": every}
    job = jobs.enqueue(kind=REBUILD, arguments=arguments, actor=actor, at=at, key=REBUILD)
    record(job, "tiers.rebuild", after=arguments, actor=actor, at=at)
    return job
