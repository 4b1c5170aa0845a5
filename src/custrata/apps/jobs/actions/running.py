"""What a handler says while it works, and how it learns that it is to stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.db import transaction

from custrata.apps.jobs.models import Job, Line, Status

PAUSE = 0.25  # seconds between two writes of the same phrase
MOST_LINES = 1000


class Cancelled(BaseException):
    """Somebody cancelled the job. Not an `Exception`: no handler takes it for a failure of its own."""


class HandedBack(BaseException):
    """The worker stops, and the job goes back to where another takes it."""


class ClaimLost(BaseException):
    """The job was given to another worker, since this one was silent for too long; nothing it writes counts."""


class Running:
    """A job at work, in the process that performs it.

    Parameters: `job` as it was claimed; `clock` tells the time; `asked_back` says whether the worker is to stop.
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
        """Whether it was begun before, so that its effect may already be there."""
        return self.job.attempts > 1 or self.job.losses > 0

    def tell(self, fraction: float | None, phrase: str, /, **facts: object) -> None:
        """Say how far it is, from 0 to 1 (None: nobody knows), and what is being done (a phrase `area.name`).

        Raises `Cancelled`, `HandedBack`, `ClaimLost`; a good place to stop is where one tells.
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
        """Add a line to the job's log: what was done, and nothing about any person. Raises `ClaimLost`."""
        self._lines += 1
        if self._lines <= MOST_LINES:
            self._write(text if self._lines < MOST_LINES else "…")

    def _write(self, text: str) -> None:
        with transaction.atomic():
            self.hold()
            Line.objects.create(job=self.job, at=self.clock(), text=text)

    def stopped(self) -> bool:
        """Whether somebody cancelled it: the next `tell` raises `Cancelled`."""
        return self._mine.filter(cancel_asked_at__isnull=False).exists()

    def hold(self) -> None:
        """Keep the job for oneself until the transaction one is in ends. Raises `ClaimLost`.

        Call it first in a transaction whose effect must appear once: no other worker is given the job before it ends.
        """
        if self._mine.update(heartbeat_at=self.clock()) != 1:
            raise ClaimLost
