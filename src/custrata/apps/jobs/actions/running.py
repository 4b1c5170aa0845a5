"""Progress reports and cancellation for job handlers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.db import transaction

from custrata.apps.jobs.models import Job, Line, Status

PAUSE = 0.25  # seconds between two writes of the same phrase
MOST_LINES = 1000


class Cancelled(BaseException):
    """The job was cancelled. Not an `Exception`, so that no handler catches it as a failure."""


class HandedBack(BaseException):
    """The worker is shutting down; the job returns to the queue."""


class ClaimLost(BaseException):
    """The job was given to another worker after this one was silent for too long; its writes have no effect."""


class Running:
    """A running job, in the process that performs it.

    Parameters: `job` as claimed; `clock` returns the current time; `asked_back` whether the worker is shutting down.
    """

    def __init__(self, job: Job, *, clock: Callable[[], datetime], asked_back: Callable[[], bool]) -> None:
        self.job = job
        self.clock = clock
        self._asked_back = asked_back
        self._mine = Job.objects.filter(pk=job.pk, claim=job.claim, status=Status.RUNNING)
        self._last_report: tuple[str, float] = ("", float("-inf"))
        self._lines = 0

    @property
    def again(self) -> bool:
        """Whether this is a restart, so that effects of an earlier attempt may exist."""
        return self.job.attempts > 1 or self.job.losses > 0

    def tell(self, fraction: float | None, phrase: str, /, **facts: object) -> None:
        """Report progress: a fraction from 0 to 1 (None: unknown), and the current step (a wording key `area.name`).

        Raises `Cancelled`, `HandedBack`, `ClaimLost`, so call it where the job can stop safely.
        """
        if self._asked_back():
            raise HandedBack
        last_phrase, at = self._last_report
        if phrase == last_phrase and monotonic() - at < PAUSE:
            return
        self._last_report = (phrase, monotonic())
        share = None if fraction is None else min(max(fraction, 0.0), 1.0)
        told_to = self._mine.filter(cancel_asked_at__isnull=True)
        if told_to.update(fraction=share, phrase=phrase, facts=facts, heartbeat_at=self.clock()) != 1:
            raise Cancelled if self.stopped() else ClaimLost

    def log(self, text: str) -> None:
        """Add a line to the job's log; it must contain no personal data. Raises `ClaimLost`."""
        self._lines += 1
        if self._lines <= MOST_LINES:
            self._write(text if self._lines < MOST_LINES else "…")

    def _write(self, text: str) -> None:
        with transaction.atomic():
            self.hold()
            Line.objects.create(job=self.job, at=self.clock(), text=text)

    def stopped(self) -> bool:
        """Whether the job was cancelled: the next `tell` raises `Cancelled`."""
        return self._mine.filter(cancel_asked_at__isnull=False).exists()

    def hold(self) -> None:
        """Lock the job until the current transaction ends. Raises `ClaimLost`.

        Call it first in a transaction that must take effect exactly once: no other worker can claim the job meanwhile.
        """
        if self._mine.update(heartbeat_at=self.clock()) != 1:
            raise ClaimLost
