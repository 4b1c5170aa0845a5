"""Ask for a job, cancel it, try it again; and what becomes of it in the hands of workers.

Every step a worker takes is a conditional update that names its claim: of two workers one changes the row, the other
sees that nothing changed and leaves it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from secrets import token_hex

from deltalake.exceptions import CommitFailedError
from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from custrata.apps.audit.actions import Actor, record_change
from custrata.apps.jobs.actions.registry import KINDS
from custrata.apps.jobs.models import OPEN, OVER, Job, Line, Status
from custrata.engine.passing import is_transient as engine_may_pass
from custrata.errors import BadInput, CustrataError, Refused

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
BUSY_PAUSE = timedelta(seconds=5)
# Files, connections, locks; a table of the lake that another writer changed meanwhile counts as a lock.
PASSING = (OSError, EOFError, OperationalError, InterfaceError, CommitFailedError)
MOST_LOSSES = 50  # of one job, before it is taken for what kills its workers
TRIED = 8  # waiting jobs a worker tries for before it looks again
AFRESH: Mapping[str, object] = {"fraction": None, "phrase": "", "facts": {}}
NO_ERROR: Mapping[str, object] = {"error": "", "error_facts": {}, "error_template": "", "reference": ""}


class UnknownJobKind(BadInput):
    template = "There is no kind of job “{kind}”."


class JobIsOver(Refused):
    template = "This job is over already. There is nothing to cancel."


class JobIsOpen(Refused):
    template = "This job has not ended yet. Wait for it, or cancel it first."


class JobIsDone(Refused):
    template = "This job was done. Ask for a new one instead of trying it again."


class SameIsOpen(Refused):
    template = "The same is being done by another job already: number {job}."


class JobTookTooLong(Refused):
    template = "The job was stopped since it took longer than {minutes} minutes."


class JobProcessEnded(Refused):
    template = "The process that did the job ended unexpectedly ({how})."


class JobKeptLosingWorkers(Refused):
    template = "The job was given up: its worker was gone {losses} times."


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: each time twice as long.

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
    """Ask for a job; where one of the same key waits or runs, that one is given instead. Raises `UnknownJobKind`.

    For use in actions, which write down in the audit what was asked for.
    """
    if kind not in KINDS:
        raise UnknownJobKind(kind=kind)
    wanted = Job(kind=kind, arguments=dict(arguments), key=key, asked_at=at, run_after=run_after or at)
    if actor is not None:
        wanted.actor_id, wanted.actor_name = actor.pk, actor.username
    while True:
        open_one = Job.objects.filter(key=key, status__in=OPEN).first() if key is not None else None
        if open_one is not None:
            return open_one
        try:
            with transaction.atomic():
                wanted.save(force_insert=True)
                return wanted
        except IntegrityError:  # somebody was quicker; their job may even be over by now
            if key is None:
                raise


@transaction.atomic
def cancel(job: Job, *, actor: Actor | None, at: datetime) -> Job:
    """Stop a job: one that waits at once, one that runs when it next tells how far it is. Raises `JobIsOver`."""
    held = Job.objects.select_for_update().get(pk=job.pk)
    if held.status in OVER:
        raise JobIsOver
    if held.cancel_asked_at is not None:
        return held
    before = {"status": held.status}
    held.cancel_asked_at = at
    if held.status == Status.WAITING:
        held.status, held.finished_at = Status.CANCELLED, at
    held.save(update_fields=["status", "finished_at", "cancel_asked_at"])
    _say(held, at, "cancel_asked", who=actor.username if actor else "")
    _record(held, "jobs.cancel", actor=actor, at=at, before=before, after={"kind": held.kind, "status": held.status})
    return held


@transaction.atomic
def retry(job: Job, *, actor: Actor | None, at: datetime) -> Job:
    """Try a failed or cancelled job again, as if for the first time. Raises `JobIsOpen`, `JobIsDone`, `SameIsOpen`."""
    held = Job.objects.select_for_update().get(pk=job.pk)
    if held.status in OPEN:
        raise JobIsOpen
    if held.status == Status.DONE:
        raise JobIsDone
    same = Job.objects.filter(key=held.key, status__in=OPEN) if held.key is not None else Job.objects.none()
    fresh = {"attempts": 0, "losses": 0, "started_at": None, "heartbeat_at": None, "finished_at": None}
    try:
        with transaction.atomic():
            changes = {**fresh, **AFRESH, **NO_ERROR, "run_after": at, "cancel_asked_at": None}
            Job.objects.filter(pk=held.pk).update(status=Status.WAITING, **changes)
    except IntegrityError as error:
        raise SameIsOpen(job=same.get().pk) from error
    _say(held, at, "retried", who=actor.username if actor else "")
    _record(held, "jobs.retry", actor=actor, at=at, before={"status": held.status}, after={"status": Status.WAITING})
    held.refresh_from_db()
    return held


def take_job(worker: str, *, at: datetime) -> Job | None:
    """Claim the job that has waited longest, of those this version knows how to do."""
    due = Job.objects.filter(status=Status.WAITING, run_after__lte=at, kind__in=list(KINDS))
    for pk, attempts in list(due.order_by("run_after", "pk").values_list("pk", "attempts")[:TRIED]):
        claim = token_hex(16)
        with transaction.atomic():
            taken = Job.objects.filter(pk=pk, status=Status.WAITING, attempts=attempts).update(
                status=Status.RUNNING, claim=claim, worker=worker, attempts=attempts + 1, started_at=at, heartbeat_at=at
            )
            if taken == 1:
                job = Job.objects.get(pk=pk)
                _say(job, at, "taken", attempt=job.attempts)
                return job
    return None


def keep_alive(claims: Collection[str], *, at: datetime) -> dict[str, datetime | None]:
    """Say that jobs are still worked on; of those that still are ours, by claim, since when they are to stop."""
    ours = Job.objects.filter(claim__in=claims, status=Status.RUNNING)
    ours.update(heartbeat_at=at)
    return dict(ours.values_list("claim", "cancel_asked_at"))


def finish(job: Job, result: Mapping[str, object] | None, *, at: datetime) -> bool:
    """The job is done; whether it still was ours to say so."""
    return _leave(job, at, "done", None, status=Status.DONE, result=dict(result or {}), fraction=1.0, **NO_ERROR)


def stop_cancelled(job: Job, *, at: datetime) -> bool:
    """The job has stopped as it was asked to."""
    return _leave(job, at, "cancelled", status=Status.CANCELLED)


def hand_back(job: Job, *, at: datetime, after: timedelta = timedelta(0), phrase: str = "handed_back") -> bool:
    """Another is to take the job: nothing has gone wrong, so this was no attempt."""
    if _is_cancelled(job):
        return stop_cancelled(job, at=at)
    return _leave(job, at, phrase, status=Status.WAITING, run_after=at + after, attempts=max(job.attempts - 1, 0))


def fail(job: Job, error: Exception, *, at: datetime, reference: str = "", again: bool | None = None) -> bool:
    """It went wrong: try again after a pause, or, where that does not help or often enough was tried, give it up.

    `again` says whether another try may help; by default it does where a file, a connection, a lock or another process
    failed, and not where something is refused or bad input, or where the same input fails the same way: that stays so,
    however often one asks. Who waits for somebody else asks again soon.
    """
    kind = KINDS[job.kind]
    if isinstance(error, kind.waits_for):
        return hand_back(job, at=at, after=BUSY_PAUSE, phrase="busy")
    if _is_cancelled(job):
        return stop_cancelled(job, at=at)
    told, facts = _told(error, reference), {"attempt": job.attempts, "attempts": kind.attempts}
    helps = may_pass(error) if again is None else again
    if not helps or job.attempts >= kind.attempts:
        return _leave(job, at, "failed", facts, status=Status.FAILED, **told)
    wait = pause(job.attempts)
    facts["seconds"] = round(wait.total_seconds())
    return _leave(job, at, "failed_again", facts, status=Status.WAITING, run_after=at + wait, **told)


def may_pass(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, is one of circumstances and not of what was asked."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Refused | BadInput):
            return False
        if isinstance(cause, PASSING) or engine_may_pass(cause):
            return True
        cause = cause.__cause__
    return False


def _told(error: Exception, reference: str) -> dict[str, object]:
    """What is kept of an error: of ours its sentence, of others, which may quote a customer's row, the name."""
    told: dict[str, object] = {**NO_ERROR, "error": type(error).__name__, "reference": reference}
    if isinstance(error, CustrataError):
        told["error_facts"] = {name: str(value) for name, value in error.facts.items()}
        told["error_template"] = type(error).template
    return told


def take_up_lost(*, at: datetime, silence: timedelta, is_gone: Callable[[str], bool]) -> int:
    """Let jobs wait again whose worker is gone or has been silent for too long; how many.

    Being lost is no attempt of the job's, but a job that loses every worker is given up.
    """
    running = Job.objects.filter(status=Status.RUNNING)
    found = [
        job for job in running if job.heartbeat_at is None or job.heartbeat_at < at - silence or is_gone(job.worker)
    ]
    return sum(_take_up(job, at) for job in found)


def _take_up(job: Job, at: datetime) -> bool:
    losses = job.losses + 1
    if job.cancel_asked_at is not None:
        return stop_cancelled(job, at=at)
    if losses >= MOST_LOSSES:
        return fail(job, JobKeptLosingWorkers(losses=losses), at=at)
    return _leave(
        job, at, "lost", status=Status.WAITING, run_after=at, losses=losses, attempts=max(job.attempts - 1, 0)
    )


def forget_old(*, before: datetime, at_most: int = 5000) -> int:
    """Delete jobs that ended before an instant, with their logs; how many."""
    old = Job.objects.filter(finished_at__lt=before).order_by("finished_at").values_list("pk", flat=True)[:at_most]
    pks = list(old)
    with transaction.atomic():
        Line.objects.filter(job_id__in=pks).delete()
        return Job.objects.filter(pk__in=pks, finished_at__lt=before).delete()[0]


def _is_cancelled(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, claim=job.claim, cancel_asked_at__isnull=False).exists()


@transaction.atomic
def _leave(
    job: Job, at: datetime, phrase: str, /, facts: Mapping[str, object] | None = None, **changes: object
) -> bool:
    """Put a running job down, with a line in its log; whether the claim still held."""
    if changes["status"] in OVER:
        changes["finished_at"] = at
    else:
        changes |= AFRESH
    ours = Job.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING)
    if ours.update(claim="", worker="", **changes) != 1:
        return False
    _say(job, at, phrase, **(facts or {}))
    return True


def _say(job: Job, at: datetime, phrase: str, **facts: object) -> None:
    Line.objects.create(job=job, at=at, phrase=f"jobs.log.{phrase}", facts=facts)


def _record(
    job: Job,
    action: str,
    *,
    actor: Actor | None,
    at: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    record_change(actor=actor, at=at, action=action, subject="job", subject_id=str(job.pk), before=before, after=after)
