"""Perform one job in the current process."""

from __future__ import annotations

import logging
import os
import secrets
import signal
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from custrata.apps.jobs.actions import KINDS, Cancelled, ClaimLost, HandedBack, Running
from custrata.apps.jobs.actions.queue import fail, finish, hand_back, stop_cancelled
from custrata.apps.jobs.models import Job
from custrata.errors import CustrataError

log = logging.getLogger("custrata.jobs")
NICE = 5  # web requests take precedence


def perform(job: Job, *, clock: Callable[[], datetime] = timezone.now, asked_back: Callable[[], bool] = bool) -> None:
    """Perform a claimed job and record its outcome."""
    running = Running(job, clock=clock, asked_back=asked_back)
    try:
        result = KINDS[job.kind].perform(running, **job.arguments)
        finish(job, result, at=clock())
    except Cancelled:
        stop_cancelled(job, at=clock())
    except HandedBack:
        hand_back(job, at=clock())
    except ClaimLost:
        log.warning("job %s was given to another worker", job.pk)
    except Exception as error:
        fail(job, error, at=clock(), reference=_reference(job, error))


def _reference(job: Job, error: Exception) -> str:
    """Log an unexpected error and return its reference; empty for a `CustrataError`."""
    if isinstance(error, CustrataError):
        return ""
    reference = secrets.token_hex(5)
    log.error("job %s (%s) failed, reference %s", job.pk, job.kind, reference, exc_info=error)
    return reference


def perform_as_child(job: Job) -> None:
    """Perform a claimed job in a child process of its own; SIGTERM makes it return the job to the queue."""
    stop_signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stop_signals.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches every process at the terminal; the worker decides
    os.nice(NICE)
    perform(job, asked_back=lambda: bool(stop_signals))
