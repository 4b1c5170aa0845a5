"""Job handlers for tests that sleep, fail, crash and write."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from custrata.apps.jobs.actions import Running, handler
from custrata.apps.jobs.models import Lease
from custrata.errors import Refused
from custrata.lake.locks import Busy


class Unwilling(Refused):
    template = "Not {what}."


@handler("trial_nap")
def nap(running: Running, seconds: float, started: str = "") -> dict[str, object]:
    """Report progress every tenth of a second; no effect."""
    if started:
        Path(started).touch()
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        running.tell(1 - left / seconds, "jobs.says.starting")
        time.sleep(0.1)
    return {"slept": seconds}


@handler("trial_stuck", longest=timedelta(seconds=1), attempts=1)
def stuck(running: Running, started: str = "") -> None:
    """Never report progress and ignore SIGTERM; no effect."""
    if started:
        Path(started).touch()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    time.sleep(60)


@handler("trial_deaf")
def deaf(running: Running, started: str) -> None:
    """Like `stuck`, without a time limit."""
    stuck(running, started)


@handler("trial_break_down", attempts=2)
def break_down(running: Running) -> None:
    """Kill the process, as running out of memory does; no effect."""
    os.kill(os.getpid(), signal.SIGKILL)


@handler("trial_fail", attempts=3, waits_for=(Busy,))
def fail(running: Running, how: str) -> None:
    """Raise the chosen error; no effect."""
    if how == "busy":
        raise Busy(folder="lake", holder="1")
    if how == "refused":
        raise Unwilling(what="today")
    raise ValueError("a name that must not be kept: 王小明")


@handler("trial_write")
def write(running: Running) -> None:
    """Create a row named after the job: creating it a second time fails."""
    with transaction.atomic():
        running.hold()
        Lease.objects.get_or_create(name=f"written by {running.job.pk}", defaults={"until": running.clock()})
