"""Withdraw a published run. Its record is kept; the audit log has the actor and the reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.jobs import actions as jobs
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.actions.rebuilding import AlreadyRebuilding
from custrata.apps.tiers.actions.refreshing import AlreadyRefreshing
from custrata.apps.tiers.queries.refreshes import WITHDRAW, rebuild_under_way, refresh_under_way
from custrata.errors import BadInput
from custrata.lake import Run


class WithdrawalNeedsReason(BadInput):
    template = "Say why this run is withdrawn: the reason is kept with its record."


@transaction.atomic
def start_withdrawal(*, run: Run, reason: str, actor: User | None, at: datetime) -> Job:
    """Enqueue the withdrawal of a run; later runs are graded again without it.

    Raises `WithdrawalNeedsReason`, `AlreadyRefreshing`, `AlreadyRebuilding`.
    """
    if not reason.strip():
        raise WithdrawalNeedsReason
    if refresh_under_way() is not None:
        raise AlreadyRefreshing
    if rebuild_under_way() is not None:
        raise AlreadyRebuilding
    by = actor.username if actor is not None else ""
    arguments = {"run": run.id, "reason": reason.strip(), "by": by}
    job = jobs.enqueue(kind=WITHDRAW, arguments=arguments, actor=actor, at=at, key=WITHDRAW)
    facts = {"as_of": run.as_of.isoformat(), "reason": reason.strip()}
    record(Subject("run", run.id), "tiers.withdraw", before=facts, actor=actor, at=at)
    return job
