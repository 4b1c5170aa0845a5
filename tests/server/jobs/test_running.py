"""What a handler says while it works, and what it hears."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from tests.server.jobs.at_work import AT
from tests.server.jobs.conftest import Ask

from custrata.apps.jobs.actions import Cancelled, ClaimLost, HandedBack, Running, cancel
from custrata.apps.jobs.actions.queue import hand_back, take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job, Lease, Line, Status


def at_work(job: Job, asked_back: bool = False) -> Running:
    return Running(job, clock=lambda: AT, asked_back=lambda: asked_back)


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_tells_how_far_it_is(taken: Ask) -> None:
    job = taken()
    at_work(job).tell(0.5, "jobs.says.done", number=3)
    assert (reloaded(job).fraction, reloaded(job).phrase, reloaded(job).facts) == (0.5, "jobs.says.done", {"number": 3})


def test_tells_no_more_than_all_of_it(taken: Ask) -> None:
    job = taken()
    at_work(job).tell(1.0000001, "jobs.says.done")
    assert reloaded(job).fraction == 1.0


def test_does_not_write_the_same_phrase_all_the_time(taken: Ask, django_assert_num_queries: object) -> None:
    running = at_work(taken())
    with django_assert_num_queries(1):  # type: ignore[operator]  # pytest-django's
        for number in range(100):
            running.tell(number / 100, "jobs.says.done")


def test_hears_that_it_was_cancelled_when_it_tells(taken: Ask) -> None:
    job = taken()
    running = at_work(job)
    assert not running.stopped()
    cancel(job, actor=None, at=AT)
    assert running.stopped()
    with pytest.raises(Cancelled):
        running.tell(0.5, "jobs.says.done")
    assert reloaded(job).fraction is None


def test_hears_that_the_worker_stops_when_it_tells(taken: Ask) -> None:
    with pytest.raises(HandedBack):
        at_work(taken(), asked_back=True).tell(0.5, "jobs.says.done")


def test_hears_that_another_has_the_job_when_it_tells(taken: Ask) -> None:
    job = taken()
    hand_back(job, at=AT)
    take_job("another", at=AT)
    with pytest.raises(ClaimLost):
        at_work(job).tell(0.5, "jobs.says.done")


def test_logs_lines(taken: Ask) -> None:
    job = taken()
    at_work(job).log("read 3 files")
    assert Line.objects.filter(job=job, text="read 3 files").count() == 1


def test_nothing_counts_that_is_written_after_another_has_the_job(taken: Ask) -> None:
    job = taken()
    hand_back(job, at=AT)
    with pytest.raises(ClaimLost):
        _write_and_hold(at_work(job))
    assert not Lease.objects.exists()


def _write_and_hold(running: Running) -> None:
    with transaction.atomic():
        Lease.objects.create(name="effect", until=AT)
        running.hold()


def test_knows_whether_it_was_begun_before(taken: Ask) -> None:
    job = taken()
    Job.objects.filter(pk=job.pk).update(losses=1)
    assert (at_work(job).again, at_work(reloaded(job)).again) == (False, True)


def test_performs_and_writes_down_the_result(taken: Ask) -> None:
    job = taken(seconds=0)
    perform(job)
    assert (reloaded(job).status, reloaded(job).result) == (Status.DONE, {"slept": 0})


def test_what_goes_wrong_is_found_in_the_log_without_anybodys_name(
    taken: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    job = taken("trial_fail", how="odd")
    with caplog.at_level(logging.ERROR):
        perform(job)
    assert (reloaded(job).status, reloaded(job).error) == (Status.FAILED, "ValueError")
    assert f"reference {reloaded(job).reference}" in caplog.messages[0]
    assert "王" not in caplog.messages[0] + str(Job.objects.values())


def test_what_was_cancelled_before_it_began_does_nothing(taken: Ask) -> None:
    job = taken(seconds=5)
    cancel(job, actor=None, at=AT)
    perform(job)
    assert reloaded(job).status == Status.CANCELLED


def test_an_effect_made_before_the_worker_was_lost_appears_once(taken: Ask) -> None:
    job = taken("trial_write")
    perform(job)
    Job.objects.filter(pk=job.pk).update(status=Status.WAITING, finished_at=None)  # it could not say that it was done
    perform(take_job("another", at=AT) or job)
    assert (reloaded(job).status, Lease.objects.count()) == (Status.DONE, 1)
