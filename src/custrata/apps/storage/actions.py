"""Start the compaction of the workspace."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.jobs import actions as jobs
from custrata.apps.jobs.models import Job
from custrata.apps.storage.queries import KIND, current_compaction
from custrata.errors import Refused


class AlreadyCompacting(Refused):
    template = "The workspace is being compacted already; no other job was started. Wait until it is done."


@transaction.atomic
def start_compaction(*, actor: User | None, at: datetime) -> Job:
    """Enqueue a compaction job. Raises `AlreadyCompacting`."""
    if current_compaction() is not None:
        raise AlreadyCompacting
    job = jobs.enqueue(kind=KIND, arguments={}, actor=actor, at=at, key=KIND)
    record(job, "storage.compact", actor=actor, at=at)
    return job
