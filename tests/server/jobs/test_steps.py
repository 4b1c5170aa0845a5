"""Transitions of a job: cancelled, retried, done, failed, handed back, lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from tests.server.conftest import Person
from tests.server.jobs.conftest import EnqueueJob
from tests.server.jobs.process_tree import AT
from tests.server.jobs.trials.jobs import Unwilling

from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions import (
    JobIsDone,
    JobIsOpen,
    JobIsOver,
    SameIsOpen,
    cancel,
    delete_old_jobs,
    enqueue,
    retry,
)
from custrata.apps.jobs.actions.queue import (
    BUSY_PAUSE,
    MOST_LOSSES,
    fail,
    finish,
    hand_back,
    keep_alive,
    requeue_orphaned_jobs,
    take_job,
)
from custrata.apps.jobs.models import Job, Line, Status
from custrata.apps.jobs.queries import is_gone, this_process
from custrata.engine import DuckEngine
from custrata.lake.locks import Busy
from custrata.web.rights import Role

pytestmark = pytest.mark.database

A_MINUTE = timedelta(minutes=1)


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def log_phrases(job: Job) -> list[str]:
    return [line.phrase.removeprefix("jobs.log.") for line in Line.objects.filter(job=job).order_by("pk")]


def requeue_lost(at_after: timedelta = timedelta(0)) -> int:
    return requeue_orphaned_jobs(at=AT + at_after, silence=A_MINUTE, is_gone=is_gone)


def test_takes_the_one_that_waited_longest(enqueue_job: EnqueueJob) -> None:
    first, second = enqueue_job(), enqueue_job()
    assert [take_job("worker", at=AT), take_job("worker", at=AT)] == [first, second]
    assert take_job("worker", at=AT) is None


def test_takes_none_before_its_time(db: None) -> None:
    enqueue(kind="trial_nap", arguments={}, actor=None, at=AT, run_after=AT + A_MINUTE)
    assert take_job("worker", at=AT) is None
    assert take_job("worker", at=AT + A_MINUTE) is not None


def test_leaves_kinds_it_does_not_know_to_others(enqueue_job: EnqueueJob) -> None:
    Job.objects.filter(pk=enqueue_job().pk).update(kind="of_a_newer_version")
    assert take_job("worker", at=AT) is None


def test_a_waiting_job_is_cancelled_at_once(enqueue_job: EnqueueJob, person: Person) -> None:
    job = cancel(enqueue_job(), actor=person(Role.OPERATOR), at=AT)
    assert (job.status, job.finished_at, log_phrases(job)) == (Status.CANCELLED, AT, ["cancel_asked"])
    assert Change.objects.get().action == "jobs.cancel"


def test_a_running_job_is_asked_to_stop(claim_job: EnqueueJob) -> None:
    job = cancel(claim_job(), actor=None, at=AT)
    assert (job.status, job.cancel_asked_at, job.is_stopping) == (Status.RUNNING, AT, True)


def test_cancelling_twice_is_cancelling_once(claim_job: EnqueueJob) -> None:
    job = claim_job()
    cancel(job, actor=None, at=AT)
    cancel(job, actor=None, at=AT + A_MINUTE)
    assert (reloaded(job).cancel_asked_at, Change.objects.count()) == (AT, 1)


def test_refuses_to_cancel_what_is_over(claim_job: EnqueueJob) -> None:
    job = claim_job()
    finish(job, {}, at=AT)
    with pytest.raises(JobIsOver):
        cancel(job, actor=None, at=AT)
    assert (reloaded(job).status, Change.objects.count()) == (Status.DONE, 0)


def test_a_cancelled_job_is_tried_again_as_for_the_first_time(enqueue_job: EnqueueJob, person: Person) -> None:
    job = cancel(enqueue_job(), actor=None, at=AT)
    again = retry(job, actor=person(Role.OPERATOR), at=AT + A_MINUTE)
    assert (again.status, again.attempts, again.cancel_asked_at, again.finished_at) == (Status.WAITING, 0, None, None)
    assert take_job("worker", at=AT + A_MINUTE) == job
    assert Change.objects.filter(action="jobs.retry").count() == 1


def test_refuses_to_try_again_what_is_open(enqueue_job: EnqueueJob) -> None:
    with pytest.raises(JobIsOpen):
        retry(enqueue_job(), actor=None, at=AT)
    assert not Change.objects.exists()


def test_refuses_to_try_again_what_was_done(claim_job: EnqueueJob) -> None:
    job = claim_job()
    finish(job, {}, at=AT)
    with pytest.raises(JobIsDone):
        retry(job, actor=None, at=AT)
    assert reloaded(job).status == Status.DONE


def test_refuses_to_try_again_while_another_does_the_same(db: None) -> None:
    first = cancel(enqueue(kind="trial_nap", arguments={}, actor=None, at=AT, key="k"), actor=None, at=AT)
    other = enqueue(kind="trial_nap", arguments={}, actor=None, at=AT, key="k")
    with pytest.raises(SameIsOpen, match=str(other.pk)):
        retry(first, actor=None, at=AT)
    assert reloaded(first).status == Status.CANCELLED


def test_a_job_that_is_done_keeps_its_result(claim_job: EnqueueJob) -> None:
    job = claim_job()
    assert finish(job, {"run": "r1", "at": AT}, at=AT)
    assert (reloaded(job).status, reloaded(job).result, reloaded(job).fraction) == (
        Status.DONE,
        {"run": "r1", "at": "2025-07-01T04:00:00Z"},
        1.0,
    )


def test_without_the_claim_nothing_can_be_reported(claim_job: EnqueueJob) -> None:
    job = claim_job()
    assert requeue_lost(2 * A_MINUTE) == 1
    assert not finish(job, {"late": True}, at=AT)
    assert not fail(job, ValueError(), at=AT)
    assert not hand_back(job, at=AT)
    assert (reloaded(job).status, reloaded(job).result, log_phrases(job)) == (Status.WAITING, None, ["taken", "lost"])


def test_pauses_double_until_the_attempts_are_used_up(claim_job: EnqueueJob) -> None:
    job, at, pauses = claim_job("trial_fail", how="odd"), AT, []
    for _ in range(2):
        fail(job, ConnectionResetError(), at=at, reference="r1")
        pauses.append((reloaded(job).run_after - at).total_seconds())
        at = reloaded(job).run_after
        job = take_job("worker", at=at) or job
    fail(job, ConnectionResetError(), at=at)
    assert (pauses, reloaded(job).status, reloaded(job).attempts) == ([10, 20], Status.FAILED, 3)
    assert log_phrases(job) == ["taken", "failed_again", "taken", "failed_again", "taken", "failed"]


def test_refused_jobs_are_not_retried(claim_job: EnqueueJob) -> None:
    job = claim_job("trial_fail", how="refused")
    fail(job, Unwilling(what="today"), at=AT)
    failed = reloaded(job)
    assert (failed.status, failed.error, failed.error_facts) == (Status.FAILED, "Unwilling", {"what": "today"})


def engine_error(statement: str) -> Exception:
    """The error that the engine raises for a statement."""
    with DuckEngine() as engine:
        try:
            engine.raw.execute(statement).fetchall()
        except Exception as error:
            return error
    raise AssertionError(statement)


STATEMENTS = (
    "SELECT CAST('x' AS INTEGER)",
    "SELECT 1337::INTEGER * 2000000::INTEGER",
    "SELECT 10::DECIMAL(18, 2) / 'a'",
    "SELECT no_such_column",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_deterministic_engine_errors_are_not_retried(claim_job: EnqueueJob, statement: str) -> None:
    job = claim_job("trial_fail", how="odd")
    fail(job, engine_error(statement), at=AT, reference="r1")
    assert (reloaded(job).status, reloaded(job).attempts, log_phrases(job)) == (Status.FAILED, 1, ["taken", "failed"])
    assert statement not in f"{reloaded(job).error_facts}{reloaded(job).error_template}"


@pytest.mark.parametrize("error", [ValueError(), KeyError("a"), ArithmeticError(), RuntimeError(), TypeError()])
def test_programming_errors_are_not_retried(claim_job: EnqueueJob, error: Exception) -> None:
    job = claim_job("trial_fail", how="odd")
    fail(job, error, at=AT, reference="r1")
    assert reloaded(job).status == Status.FAILED


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(), OSError(28, "no space"), EOFError(), OperationalError("database is locked"),
        with_cause(RuntimeError(), ConnectionRefusedError()),
    ],
    ids=repr,
)  # fmt: skip
def test_transient_errors_are_retried(claim_job: EnqueueJob, error: Exception) -> None:
    job = claim_job("trial_fail", how="odd")
    fail(job, error, at=AT, reference="r1")
    assert (reloaded(job).status, log_phrases(job)) == (Status.WAITING, ["taken", "failed_again"])


def test_messages_of_foreign_errors_are_not_stored(claim_job: EnqueueJob) -> None:
    job = claim_job("trial_fail", how="odd")
    fail(job, ValueError("王小明"), at=AT, reference="r1")
    assert (reloaded(job).error, reloaded(job).error_template, reloaded(job).reference) == ("ValueError", "", "r1")


def test_waiting_for_a_lock_uses_no_attempt(claim_job: EnqueueJob) -> None:
    job = claim_job("trial_fail", how="busy")
    fail(job, Busy(folder="lake", holder="1"), at=AT)
    assert (reloaded(job).status, reloaded(job).attempts, reloaded(job).run_after) == (
        Status.WAITING,
        0,
        AT + BUSY_PAUSE,
    )


def test_a_job_handed_back_waits_for_another_and_used_no_attempt(claim_job: EnqueueJob) -> None:
    job = claim_job()
    hand_back(job, at=AT)
    assert (reloaded(job).status, reloaded(job).attempts, reloaded(job).claim) == (Status.WAITING, 0, "")


@pytest.mark.parametrize("step", ["hand_back", "fail", "lost"])
def test_a_job_that_was_cancelled_does_not_come_again(claim_job: EnqueueJob, step: str) -> None:
    job = claim_job("trial_fail", how="odd")
    cancel(job, actor=None, at=AT)
    if step == "hand_back":
        hand_back(job, at=AT)
    elif step == "fail":
        fail(job, ValueError(), at=AT)
    else:
        requeue_lost(2 * A_MINUTE)
    assert reloaded(job).status == Status.CANCELLED


def test_a_silent_worker_loses_its_job(claim_job: EnqueueJob) -> None:
    job = claim_job()
    assert requeue_lost(A_MINUTE) == 0
    assert requeue_lost(A_MINUTE + timedelta(seconds=1)) == 1
    assert (reloaded(job).status, reloaded(job).attempts, reloaded(job).losses) == (Status.WAITING, 0, 1)


def test_a_worker_with_a_heartbeat_keeps_its_job(claim_job: EnqueueJob) -> None:
    job = claim_job()
    assert keep_alive([job.claim, "of another"], at=AT + A_MINUTE) == {job.claim: None}
    assert requeue_lost(2 * A_MINUTE) == 0


def test_a_worker_known_to_be_gone_loses_its_job_at_once(claim_job: EnqueueJob) -> None:
    job, parts = claim_job(), this_process().split("/")
    Job.objects.filter(pk=job.pk).update(worker="/".join([*parts[:3], "1"]))  # our number, but begun another time
    assert requeue_lost() == 1


def test_this_process_is_not_gone_and_of_other_machines_nothing_is_known() -> None:
    host, pid, _, began = this_process().split("/")
    assert [is_gone(name) for name in (this_process(), f"{host}/{pid}/elsewhere/{began}", "odd")] == [False] * 3


def test_a_job_that_loses_every_worker_is_given_up(claim_job: EnqueueJob) -> None:
    job = claim_job()
    Job.objects.filter(pk=job.pk).update(losses=MOST_LOSSES - 1)
    requeue_lost(2 * A_MINUTE)
    assert (reloaded(job).status, reloaded(job).error) == (Status.FAILED, "JobKeptLosingWorkers")


def test_jobs_that_ended_long_ago_are_purged(claim_job: EnqueueJob, enqueue_job: EnqueueJob) -> None:
    old, open_one = claim_job(), enqueue_job()
    finish(old, {}, at=AT)
    delete_old_jobs(before=AT + A_MINUTE)
    assert list(Job.objects.all()) == [open_one]
    assert not Line.objects.exists()
