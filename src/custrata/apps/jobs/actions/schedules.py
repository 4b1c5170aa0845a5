"""Schedules of recurring jobs: set them, and enqueue what is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from custrata.apps.audit.actions import Actor, record
from custrata.apps.jobs.actions.queue import enqueue
from custrata.apps.jobs.models import Job, Schedule
from custrata.apps.jobs.queries import next_times
from custrata.web.versions import Parts, ensure_unchanged


@transaction.atomic
def set_schedule(
    *,
    kind: str,
    cron: str,
    zone: str,
    enabled: bool,
    actor: Actor | None,
    at: datetime,
    arguments: Mapping[str, object] | None = None,
    opened: Parts | None = None,
) -> Schedule:
    """Set the schedule of a job kind by a cron expression in a time zone; `opened` is the state the person saw.

    Raises `UnusableCron`, `ChangedMeanwhile`.
    """
    cron = " ".join(cron.split())
    first = next_times(cron, zone, at, 1)[0]
    existing = Schedule.objects.select_for_update().filter(kind=kind).first()
    before = {"cron": existing.cron, "enabled": existing.enabled} if existing else None
    after = {"cron": cron, "enabled": enabled}
    if before is not None and before != after:
        ensure_unchanged(opened, before)
    schedule = existing or Schedule(kind=kind)
    schedule.cron, schedule.zone, schedule.enabled = cron, zone, enabled
    schedule.arguments = dict(arguments or {})
    schedule.next_at = first if enabled else None
    schedule.save()
    if before != after:
        record(schedule, "jobs.set_schedule", before, after, actor=actor, at=at)
    return schedule


def enqueue_due(*, zone: str, at: datetime) -> list[Job]:
    """Enqueue due jobs; missed times are made up for by a single job.

    The schedule is advanced in the transaction that enqueues, by a conditional update: each time is enqueued once.
    """
    return [job for schedule in _schedules_to_advance(zone, at) if (job := _advance(schedule, zone, at)) is not None]


def _schedules_to_advance(zone: str, at: datetime) -> list[Schedule]:
    enabled = Schedule.objects.filter(enabled=True)
    return list(enabled.filter(next_at__lte=at) | enabled.exclude(zone=zone))


@transaction.atomic
def _advance(schedule: Schedule, zone: str, at: datetime) -> Job | None:
    """Advance a schedule to its next time; return the enqueued job if it was due."""
    assert schedule.next_at is not None
    due = schedule.next_at <= at
    following = next_times(schedule.cron, zone, at, 1)[0]
    moved = Schedule.objects.filter(pk=schedule.pk, enabled=True, cron=schedule.cron, next_at=schedule.next_at).update(
        next_at=following, zone=zone, **({"last_at": schedule.next_at} if due else {})
    )
    if moved != 1 or not due:
        return None
    return enqueue(kind=schedule.kind, arguments=schedule.arguments, actor=None, at=at, key=schedule.kind)
