"""Start refreshes and record exports."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from custrata.analytics.moments import AsOf
from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.jobs import actions as jobs
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.queries.refreshes import KIND, refresh_under_way
from custrata.apps.tiers.queries.runs import newest
from custrata.errors import Refused
from custrata.web.workspace import workspace


class AlreadyRefreshing(Refused):
    template = "A refresh is under way already; no other was started. Wait for it, or cancel it first."


class RefreshTooEarly(Refused):
    template = (
        "The newest run is as of {last}; a run as of {asked} would rewrite history. Choose a later day, leave it "
        "empty, withdraw that run on its page, or rebuild history."
    )


class RefreshTooLate(Refused):
    template = "{asked} is in the future. Choose today or an earlier day, or leave it empty."


@transaction.atomic
def start_refresh(*, as_of: date | None, actor: User | None, at: datetime, learn: bool = False) -> Job:
    """Enqueue a refresh as of the start of a day or, without one, of the newest data.

    `learn` retrains the learned lines.

    Raises `AlreadyRefreshing`, `RefreshTooEarly`, `RefreshTooLate`.
    """
    if as_of is not None:
        _check(as_of, at)
    if refresh_under_way() is not None:
        raise AlreadyRefreshing
    arguments: dict[str, object] = {"as_of": as_of.isoformat() if as_of else None}
    arguments |= {"learn": True} if learn else {}
    job = jobs.enqueue(kind=KIND, arguments=arguments, actor=actor, at=at, key=KIND)
    record(job, "tiers.refresh", after=arguments, actor=actor, at=at)
    return job


def _check(as_of: date, at: datetime) -> None:
    """Refuse a day before the newest run, and one in the future."""
    zone = workspace().settings.timezone
    moment, last = AsOf.of(as_of, zone).instant, newest()
    if last is not None and moment < last.as_of:
        raise RefreshTooEarly(last=AsOf.of(last.as_of, zone).date.isoformat(), asked=as_of.isoformat())
    if moment > at:
        raise RefreshTooLate(asked=as_of.isoformat())


@transaction.atomic
def record_export(*, scheme: str, run: str, what: str, kind: str, actor: User | None, at: datetime) -> None:
    """Record in the audit log that the tiers of a scheme, or its customers, were exported."""
    after = {"run": run, "what": what, "format": kind}
    record(Subject("scheme", scheme), "tiers.export", after=after, actor=actor, at=at)
