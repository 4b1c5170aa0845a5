"""What a handler reports while it runs, and how it learns of cancellation."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from tests.server.jobs.conftest import EnqueueJob
from tests.server.jobs.process_tree import AT

from custrata.apps.jobs.actions import Cancelled, ClaimLost, HandedBack, Running, cancel
from custrata.apps.jobs.actions.queue import hand_back, take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job, Lease, Line, Status


def make_running(job: Job, asked_back: bool = False) -> Running:
    return Running(job, clock=lambda: AT, asked_back=lambda: asked_back)


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_progress_is_recorded(claim_job: EnqueueJob) -> None:
    job = claim_job()
    make_running(job).tell(0.5, "jobs.says.done", number=3)
    assert (reloaded(job).fraction, reloaded(job).phrase, reloaded(job).facts) == (0.5, "jobs.says.done", {"number": 3})


def test_progress_is_at_most_one(claim_job: EnqueueJob) -> None:
    job = claim_job()
    make_running(job).tell(1.0000001, "jobs.says.done")
    assert reloaded(job).fraction == 1.0


def test_does_not_write_the_same_phrase_all_the_time(claim_job: EnqueueJob, django_assert_num_queries: object) -> None:
    running = make_running(claim_job())
    with django_assert_num_queries(1):  # type: ignore[operator]  # pytest-django's
        for number in range(100):
            running.tell(number / 100, "jobs.says.done")


def test_reporting_progress_raises_when_cancelled(claim_job: EnqueueJob) -> None:
    job = claim_job()
    running = make_running(job)
    assert not running.stopped()
    cancel(job, actor=None, at=AT)
    assert running.stopped()
    with pytest.raises(Cancelled):
        running.tell(0.5, "jobs.says.done")
    assert reloaded(job).fraction is None


def test_reporting_progress_raises_when_the_worker_stops(claim_job: EnqueueJob) -> None:
    with pytest.raises(HandedBack):
        make_running(claim_job(), asked_back=True).tell(0.5, "jobs.says.done")


def test_reporting_progress_raises_when_the_claim_is_lost(claim_job: EnqueueJob) -> None:
    job = claim_job()
    hand_back(job, at=AT)
    take_job("another", at=AT)
    with pytest.raises(ClaimLost):
        make_running(job).tell(0.5, "jobs.says.done")


def test_logs_lines(claim_job: EnqueueJob) -> None:
    job = claim_job()
    make_running(job).log("read 3 files")
    assert Line.objects.filter(job=job, text="read 3 files").count() == 1


def test_writes_after_a_lost_claim_are_rolled_back(claim_job: EnqueueJob) -> None:
    job = claim_job()
    hand_back(job, at=AT)
    with pytest.raises(ClaimLost):
        _write_and_hold(make_running(job))
    assert not Lease.objects.exists()


def _write_and_hold(running: Running) -> None:
    with transaction.atomic():
        Lease.objects.create(name="effect", until=AT)
        running.hold()


def test_knows_whether_it_was_started_before(claim_job: EnqueueJob) -> None:
    job = claim_job()
    Job.objects.filter(pk=job.pk).update(losses=1)
    assert (make_running(job).again, make_running(reloaded(job)).again) == (False, True)


def test_performs_and_writes_down_the_result(claim_job: EnqueueJob) -> None:
    job = claim_job(seconds=0)
    perform(job)
    assert (reloaded(job).status, reloaded(job).result) == (Status.DONE, {"slept": 0})


def test_errors_are_logged_without_personal_data(claim_job: EnqueueJob, caplog: pytest.LogCaptureFixture) -> None:
    job = claim_job("trial_fail", how="odd")
    with caplog.at_level(logging.ERROR):
        perform(job)
    assert (reloaded(job).status, reloaded(job).error) == (Status.FAILED, "ValueError")
    assert f"reference {reloaded(job).reference}" in caplog.messages[0]
    assert "王" not in caplog.messages[0] + str(Job.objects.values())


def test_what_was_cancelled_before_it_began_does_nothing(claim_job: EnqueueJob) -> None:
    job = claim_job(seconds=5)
    cancel(job, actor=None, at=AT)
    perform(job)
    assert reloaded(job).status == Status.CANCELLED


def test_an_effect_made_before_the_worker_was_lost_appears_once(claim_job: EnqueueJob) -> None:
    job = claim_job("trial_write")
    perform(job)
    Job.objects.filter(pk=job.pk).update(status=Status.WAITING, finished_at=None)  # it could not say that it was done
    perform(take_job("another", at=AT) or job)
    assert (reloaded(job).status, Lease.objects.count()) == (Status.DONE, 1)
