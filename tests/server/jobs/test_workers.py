"""Real workers: stopped, killed, cancelled, and jobs that crash or hang."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from tests.server.jobs.process_tree import Tree, descendants, is_running, wait_until

from custrata.apps.jobs.actions import cancel, enqueue
from custrata.apps.jobs.models import Job, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
Start = Callable[..., Tree]


def enqueue_job(kind: str, **arguments: object) -> Job:
    return enqueue(kind=kind, arguments=arguments, actor=None, at=timezone.now())


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def wait_until_running(job: Job) -> None:
    wait_until(lambda: reloaded(job).status == Status.RUNNING and reloaded(job).fraction is not None)


def wait_until_ended(job: Job) -> Job:
    wait_until(lambda: not reloaded(job).is_open)
    return reloaded(job)


def log_phrases(job: Job) -> list[str]:
    return [line.phrase.removeprefix("jobs.log.") for line in job.lines.order_by("pk")]


def test_runs_two_jobs_at_a_time(tree: Start) -> None:
    jobs = [enqueue_job("trial_nap", seconds=0.5) for _ in range(4)]
    tree("work").ready()
    assert [wait_until_ended(job).status for job in jobs] == [Status.DONE] * 4
    starts = sorted(job.started_at.timestamp() for job in Job.objects.filter(kind="trial_nap") if job.started_at)
    assert starts[2] - starts[0] > 0.4


def test_stops_within_five_seconds_and_hands_its_jobs_back(tree: Start, tmp_path: Path) -> None:
    willing, deaf = enqueue_job("trial_nap", seconds=60), enqueue_job("trial_deaf", started=str(tmp_path / "deaf"))
    work = tree("work").ready()
    wait_until_running(willing)
    wait_until((tmp_path / "deaf").exists)
    processes = work.processes()
    assert work.stop() < 5
    assert work.process.returncode == 0
    assert {reloaded(job).status for job in (willing, deaf)} == {Status.WAITING}
    assert {reloaded(job).attempts for job in (willing, deaf)} == {0}
    assert log_phrases(willing) == log_phrases(deaf) == ["taken", "handed_back"]
    assert not any(is_running(pid) for pid in processes)


def test_a_killed_worker_leaves_no_process_and_its_job_is_requeued(tree: Start) -> None:
    job = enqueue_job("trial_nap", seconds=2)
    work = tree("work").ready()
    wait_until_running(job)
    processes = work.processes()
    assert len(processes) >= 4  # above, worker, scheduler, job
    work.kill()
    wait_until(lambda: not any(is_running(pid) for pid in processes))
    tree("work").ready()
    assert (wait_until_ended(job).status, reloaded(job).losses, reloaded(job).attempts) == (Status.DONE, 1, 1)
    assert log_phrases(job) == ["taken", "lost", "taken", "done"]


def test_a_cancelled_job_stops_when_it_reports_progress(tree: Start) -> None:
    job = enqueue_job("trial_nap", seconds=60)
    tree("work").ready()
    wait_until_running(job)
    cancel(job, actor=None, at=job.asked_at)
    assert (wait_until_ended(job).status, log_phrases(job)) == (
        Status.CANCELLED,
        ["taken", "cancel_asked", "cancelled"],
    )


def test_jobs_that_misbehave_harm_no_other(tree: Start) -> None:
    broken, stuck, odd = (
        enqueue_job("trial_break_down"),
        enqueue_job("trial_stuck"),
        enqueue_job("trial_fail", how="odd"),
    )
    tree("work", "--jobs", "3").ready()
    assert (wait_until_ended(stuck).status, reloaded(stuck).error) == (Status.FAILED, "JobTookTooLong")
    wait_until(lambda: reloaded(broken).error == "JobProcessEnded")
    assert (reloaded(broken).status, reloaded(broken).error_facts) == (Status.WAITING, {"how": "SIGKILL"})
    assert reloaded(odd).error == "ValueError"
    assert wait_until_ended(enqueue_job("trial_nap", seconds=0.1)).status == Status.DONE


def test_a_worker_that_is_killed_is_started_again_and_its_job_is_done(tree: Start) -> None:
    job = enqueue_job("trial_nap", seconds=1)
    work = tree("work").ready()
    wait_until_running(job)
    (worker,) = [pid for pid in descendants(work.process.pid) if descendants(pid)]
    os.kill(worker, signal.SIGKILL)
    assert (wait_until_ended(job).status, reloaded(job).losses) == (Status.DONE, 1)
