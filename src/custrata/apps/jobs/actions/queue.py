"""Enqueue, cancel and retry jobs, and the status changes that workers make.

Every change by a worker is a conditional update on its claim: of two competing workers one updates the row, the other
sees that no row matched and leaves the job alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from secrets import token_hex

from deltalake.exceptions import CommitFailedError
from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from custrata.apps.audit.actions import Actor, record
from custrata.apps.jobs.actions.registry import KINDS
from custrata.apps.jobs.models import OPEN, OVER, Job, Line, Status
from custrata.engine.passing import is_transient as engine_may_pass
from custrata.errors import BadInput, CustrataError, Refused

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
BUSY_PAUSE = timedelta(seconds=5)
# Files, connections, locks; a lake table changed by a concurrent writer counts as a lock.
TRANSIENT_ERRORS = (OSError, EOFError, OperationalError, InterfaceError, CommitFailedError)
MOST_LOSSES = 50  # lost workers before a job is assumed to crash them
CANDIDATES = 8  # waiting jobs a worker tries to claim per query
NO_PROGRESS: Mapping[str, object] = {"fraction": None, "phrase": "", "facts": {}}
NO_ERROR: Mapping[str, object] = {"error": "", "error_facts": {}, "error_template": "", "reference": ""}


class UnknownJobKind(BadInput):
    template = "There is no job type “{kind}”."


class JobIsOver(Refused):
    template = "This job is already over. There is nothing to cancel."


class JobIsOpen(Refused):
    template = "This job has not ended yet. Wait for it, or cancel it first."


class JobIsDone(Refused):
    template = "This job is already done. Start a new job instead of retrying it."


class SameIsOpen(Refused):
    template = "Another job is already doing the same: number {job}."


class JobTookTooLong(Refused):
    template = "The job was stopped because it took longer than {minutes} minutes."


class JobProcessEnded(Refused):
    template = "The process of the job ended unexpectedly ({how})."


class JobKeptLosingWorkers(Refused):
    template = "The job failed: its worker was lost {losses} times."


def pause(attempts: int) -> timedelta:
    """The delay after an attempt: it doubles with each one.

    >>> [str(pause(attempts)) for attempts in (1, 2, 3, 30)]
    ['0:00:10', '0:00:20', '0:00:40', '1:00:00']
    """
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def enqueue(
    *,
    kind: str,
    arguments: Mapping[str, object],
    actor: Actor | None,
    at: datetime,
    key: str | None = None,
    run_after: datetime | None = None,
) -> Job:
    """Enqueue a job; if a job of the same key is waiting or running, return that one. Raises `UnknownJobKind`.

    For use in actions, which record the request in the audit log.
    """
    if kind not in KINDS:
        raise UnknownJobKind(kind=kind)
    job = Job(kind=kind, arguments=dict(arguments), key=key, asked_at=at, run_after=run_after or at)
    if actor is not None:
        job.actor_id, job.actor_name = actor.pk, actor.username
    while True:
        open_one = Job.objects.filter(key=key, status__in=OPEN).first() if key is not None else None
        if open_one is not None:
            return open_one
        try:
            with transaction.atomic():
                job.save(force_insert=True)
                return job
        except IntegrityError:  # another process was faster; its job may have ended already
            if key is None:
                raise


@transaction.atomic
def cancel(job: Job, *, actor: Actor | None, at: datetime) -> Job:
    """Cancel a job: a waiting one at once, a running one at its next progress report. Raises `JobIsOver`."""
    locked_job = Job.objects.select_for_update().get(pk=job.pk)
    if locked_job.status in OVER:
        raise JobIsOver
    if locked_job.cancel_asked_at is not None:
        return locked_job
    before = {"status": locked_job.status}
    locked_job.cancel_asked_at = at
    if locked_job.status == Status.WAITING:
        locked_job.status, locked_job.finished_at = Status.CANCELLED, at
    locked_job.save(update_fields=["status", "finished_at", "cancel_asked_at"])
    _log_phrase(locked_job, at, "cancel_asked", who=actor.username if actor else "")
    after = {"kind": locked_job.kind, "status": locked_job.status}
    record(locked_job, "jobs.cancel", before, after, actor=actor, at=at)
    return locked_job


@transaction.atomic
def retry(job: Job, *, actor: Actor | None, at: datetime) -> Job:
    """Retry a failed or cancelled job with its attempts reset. Raises `JobIsOpen`, `JobIsDone`, `SameIsOpen`."""
    locked_job = Job.objects.select_for_update().get(pk=job.pk)
    if locked_job.status in OPEN:
        raise JobIsOpen
    if locked_job.status == Status.DONE:
        raise JobIsDone
    same = Job.objects.filter(key=locked_job.key, status__in=OPEN) if locked_job.key is not None else Job.objects.none()
    fresh = {"attempts": 0, "losses": 0, "started_at": None, "heartbeat_at": None, "finished_at": None}
    try:
        with transaction.atomic():
            changes = {**fresh, **NO_PROGRESS, **NO_ERROR, "run_after": at, "cancel_asked_at": None}
            Job.objects.filter(pk=locked_job.pk).update(status=Status.WAITING, **changes)
    except IntegrityError as error:
        raise SameIsOpen(job=same.get().pk) from error
    _log_phrase(locked_job, at, "retried", who=actor.username if actor else "")
    before = {"status": locked_job.status}
    record(locked_job, "jobs.retry", before, {"status": Status.WAITING}, actor=actor, at=at)
    locked_job.refresh_from_db()
    return locked_job


def take_job(worker: str, *, at: datetime) -> Job | None:
    """Claim the longest-waiting job of a kind that this version has a handler for."""
    due = Job.objects.filter(status=Status.WAITING, run_after__lte=at, kind__in=list(KINDS))
    for pk, attempts in list(due.order_by("run_after", "pk").values_list("pk", "attempts")[:CANDIDATES]):
        claim = token_hex(16)
        with transaction.atomic():
            taken = Job.objects.filter(pk=pk, status=Status.WAITING, attempts=attempts).update(
                status=Status.RUNNING, claim=claim, worker=worker, attempts=attempts + 1, started_at=at, heartbeat_at=at
            )
            if taken == 1:
                job = Job.objects.get(pk=pk)
                _log_phrase(job, at, "taken", attempt=job.attempts)
                return job
    return None


def keep_alive(claims: Collection[str], *, at: datetime) -> dict[str, datetime | None]:
    """Renew heartbeats; return, by claim, since when each job that is still ours has been asked to stop."""
    ours = Job.objects.filter(claim__in=claims, status=Status.RUNNING)
    ours.update(heartbeat_at=at)
    return dict(ours.values_list("claim", "cancel_asked_at"))


def finish(job: Job, result: Mapping[str, object] | None, *, at: datetime) -> bool:
    """Mark a job as done; return whether the claim was still valid."""
    return _release(job, at, "done", None, status=Status.DONE, result=dict(result or {}), fraction=1.0, **NO_ERROR)


def stop_cancelled(job: Job, *, at: datetime) -> bool:
    """Mark a job as cancelled once it has stopped; return whether the claim was still valid."""
    return _release(job, at, "cancelled", status=Status.CANCELLED)


def hand_back(job: Job, *, at: datetime, after: timedelta = timedelta(0), phrase: str = "handed_back") -> bool:
    """Return a job to the queue without counting an attempt."""
    if _is_cancelled(job):
        return stop_cancelled(job, at=at)
    return _release(job, at, phrase, status=Status.WAITING, run_after=at + after, attempts=max(job.attempts - 1, 0))


def fail(job: Job, error: Exception, *, at: datetime, reference: str = "", again: bool | None = None) -> bool:
    """Record a failure: retry after a delay, or mark the job as failed if a retry cannot help or none is left.

    `again` says whether a retry may help. By default it does for errors of files, connections, locks and other
    processes, and not for refusals, bad input and errors that the same input always causes. An error in the kind's
    `waits_for` returns the job to the queue for a short delay.
    """
    kind = KINDS[job.kind]
    if isinstance(error, kind.waits_for):
        return hand_back(job, at=at, after=BUSY_PAUSE, phrase="busy")
    if _is_cancelled(job):
        return stop_cancelled(job, at=at)
    error_fields, facts = _error_fields(error, reference), {"attempt": job.attempts, "attempts": kind.attempts}
    helps = is_transient(error) if again is None else again
    if not helps or job.attempts >= kind.attempts:
        return _release(job, at, "failed", facts, status=Status.FAILED, **error_fields)
    wait = pause(job.attempts)
    facts["seconds"] = round(wait.total_seconds())
    return _release(job, at, "failed_again", facts, status=Status.WAITING, run_after=at + wait, **error_fields)


def is_transient(error: BaseException) -> bool:
    """Whether an error, or one of its causes, comes from the environment rather than from the request."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Refused | BadInput):
            return False
        if isinstance(cause, TRANSIENT_ERRORS) or engine_may_pass(cause):
            return True
        cause = cause.__cause__
    return False


def _error_fields(error: Exception, reference: str) -> dict[str, object]:
    """The stored fields of an error: message and facts of a `CustrataError`, else the class name alone.

    Messages of other errors may contain customer data.
    """
    fields: dict[str, object] = {**NO_ERROR, "error": type(error).__name__, "reference": reference}
    if isinstance(error, CustrataError):
        fields["error_facts"] = {name: str(value) for name, value in error.facts.items()}
        fields["error_template"] = type(error).template
    return fields


def requeue_orphaned_jobs(*, at: datetime, silence: timedelta, is_gone: Callable[[str], bool]) -> int:
    """Requeue jobs whose worker is gone or has been silent for too long; return how many.

    A lost worker does not count as an attempt, but a job that has lost `MOST_LOSSES` workers fails.
    """
    running = Job.objects.filter(status=Status.RUNNING)
    orphaned = [
        job for job in running if job.heartbeat_at is None or job.heartbeat_at < at - silence or is_gone(job.worker)
    ]
    return sum(_requeue(job, at) for job in orphaned)


def _requeue(job: Job, at: datetime) -> bool:
    losses = job.losses + 1
    if job.cancel_asked_at is not None:
        return stop_cancelled(job, at=at)
    if losses >= MOST_LOSSES:
        return fail(job, JobKeptLosingWorkers(losses=losses), at=at)
    return _release(
        job, at, "lost", status=Status.WAITING, run_after=at, losses=losses, attempts=max(job.attempts - 1, 0)
    )


def delete_old_jobs(*, before: datetime, at_most: int = 5000) -> int:
    """Delete jobs that ended before an instant, with their logs; return how many."""
    old = Job.objects.filter(finished_at__lt=before).order_by("finished_at").values_list("pk", flat=True)[:at_most]
    pks = list(old)
    with transaction.atomic():
        Line.objects.filter(job_id__in=pks).delete()
        return Job.objects.filter(pk__in=pks, finished_at__lt=before).delete()[0]


def _is_cancelled(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, claim=job.claim, cancel_asked_at__isnull=False).exists()


@transaction.atomic
def _release(
    job: Job, at: datetime, phrase: str, /, facts: Mapping[str, object] | None = None, **changes: object
) -> bool:
    """Release a running job with a line in its log; return whether the claim was still valid."""
    if changes["status"] in OVER:
        changes["finished_at"] = at
    else:
        changes |= NO_PROGRESS
    ours = Job.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING)
    if ours.update(claim="", worker="", **changes) != 1:
        return False
    _log_phrase(job, at, phrase, **(facts or {}))
    return True


def _log_phrase(job: Job, at: datetime, phrase: str, **facts: object) -> None:
    Line.objects.create(job=job, at=at, phrase=f"jobs.log.{phrase}", facts=facts)
