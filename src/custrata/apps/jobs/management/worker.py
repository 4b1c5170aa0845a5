"""The worker: claims jobs, runs each in a child process and supervises it.

It is single-threaded and does no work itself, so that it can always send heartbeats, kill a job that does not stop,
and return all jobs to the queue when it shuts down.
"""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from custrata.apps.jobs.actions import KINDS
from custrata.apps.jobs.actions.queue import (
    JobProcessEnded,
    JobTookTooLong,
    fail,
    hand_back,
    keep_alive,
    requeue_orphaned_jobs,
    stop_cancelled,
    take_job,
)
from custrata.apps.jobs.management.performing import perform_as_child
from custrata.apps.jobs.management.processes import STOP, block_signals, fork, wait_for_signal
from custrata.apps.jobs.models import Job
from custrata.apps.jobs.queries import is_gone, this_process

log = logging.getLogger("custrata.jobs")


@dataclass(frozen=True)
class Pace:
    """Intervals and time limits, in seconds."""

    look: float = 0.5  # between queries for waiting jobs
    beat: float = 2.0
    silence: float = 60.0  # after which a worker on another machine is considered lost
    to_cancel: float = 10.0  # grace period of a cancelled job before its process is killed
    to_stop: float = 3.0  # grace period for jobs to return to the queue on shutdown


@dataclass
class Child:
    """A job and the process that performs it."""

    job: Job
    began: float
    ended_for: Exception | str = ""  # why we ended it: an error, "cancelled", "lost" or "stopping"


class Worker:
    """Runs up to `at_once` jobs at a time until it is stopped."""

    def __init__(self, *, at_once: int = 2, pace: Pace | None = None) -> None:
        self.at_once = at_once
        self.pace = pace or Pace()
        self.name = ""
        self.children: dict[int, Child] = {}
        self._last_beat = float("-inf")

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then return to the queue what cannot be finished in time."""
        self.name = this_process()
        block_signals((*STOP, signal.SIGCHLD))
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # an ignored signal cannot be waited for
        log.info("worker %s begins, %s jobs at once", self.name, self.at_once)
        while True:
            try:
                self._run_once()
            except (OperationalError, InterfaceError) as error:  # the database restarts, or is in use for too long
                log.warning("the database does not answer: %s", type(error).__name__)
                connections.close_all()
            if wait_for_signal((*STOP, signal.SIGCHLD), self.pace.look) in STOP:
                break
        self._stop()
        log.info("worker %s has stopped", self.name)

    def _run_once(self) -> None:
        self._reap()
        if monotonic() - self._last_beat >= self.pace.beat:
            self._last_beat = monotonic()
            self._send_heartbeats()
        while len(self.children) < self.at_once and (job := take_job(self.name, at=timezone.now())) is not None:
            log.info("job %s (%s) begins", job.pk, job.kind)
            pid = fork(lambda job=job: perform_as_child(job), name="job")  # type: ignore[misc]  # the loop's job
            self.children[pid] = Child(job, monotonic())

    def _send_heartbeats(self) -> None:
        """Send heartbeats, kill jobs that have to end, and requeue orphaned jobs."""
        now = timezone.now()
        if self.children:
            ours = keep_alive([child.job.claim for child in self.children.values()], at=now)
            for pid, child in self.children.items():
                self._end_if_due(pid, child, ours)
        silence = timedelta(seconds=self.pace.silence)
        if lost := requeue_orphaned_jobs(at=now, silence=silence, is_gone=is_gone):
            log.warning("%s jobs of workers that are gone wait again", lost)

    def _end_if_due(self, pid: int, child: Child, ours: dict[str, datetime | None]) -> None:
        longest = KINDS[child.job.kind].longest
        if child.job.claim not in ours:
            # The job is over and its process about to exit; if it still runs next time, another worker has the job.
            if child.ended_for == "lost":
                _kill(pid)
            child.ended_for = "lost"
            return
        cancel_asked_at = ours[child.job.claim]
        if cancel_asked_at is not None and timezone.now() - cancel_asked_at > timedelta(seconds=self.pace.to_cancel):
            child.ended_for = "cancelled"
            _kill(pid)
        elif monotonic() - child.began > longest.total_seconds():
            child.ended_for = JobTookTooLong(minutes=round(longest.total_seconds() / 60))
            _kill(pid)

    def _reap(self) -> None:
        """Reap exited processes and record the outcome of jobs that could not do so themselves."""
        for pid in list(self.children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._record_exit(self.children.pop(pid), os.waitstatus_to_exitcode(status))

    def _record_exit(self, child: Child, code: int) -> None:
        now, why = timezone.now(), child.ended_for
        if isinstance(why, Exception):
            fail(child.job, why, at=now)
        elif why == "cancelled":
            stop_cancelled(child.job, at=now)
        elif why == "stopping":
            hand_back(child.job, at=now)
        elif why != "lost":
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            if fail(child.job, JobProcessEnded(how=how), at=now, again=True):  # still ours: it crashed
                log.error("the process of job %s (%s) ended: %s", child.job.pk, child.job.kind, how)

    def _stop(self) -> None:
        """Ask every job to return to the queue, and kill those that do not in time."""
        for pid, child in self.children.items():
            child.ended_for = child.ended_for or "stopping"
            os.kill(pid, signal.SIGTERM)
        until = monotonic() + self.pace.to_stop
        while self.children and monotonic() < until:
            wait_for_signal((signal.SIGCHLD,), 0.1)
            self._reap()
        for pid in self.children:
            _kill(pid)
        while self.children:
            wait_for_signal((signal.SIGCHLD,), 0.1)
            self._reap()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
