"""The scheduler: of all that run, the lease holder enqueues due jobs and runs periodic checks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from custrata.apps.jobs.actions import CHECKS, Check, enqueue_due, release_lease, take_lease
from custrata.apps.jobs.management.processes import STOP, block_signals, wait_for_signal
from custrata.apps.jobs.queries import this_process
from custrata.web.workspace import workspace

log = logging.getLogger("custrata.jobs")
LEASE = "scheduler"
LASTS = timedelta(seconds=30)
ROUND = 1.0


class Scheduler:
    """Runs what is due while it holds the lease."""

    def __init__(self, name: str, checks: dict[str, Check], *, since: Callable[[], float] = monotonic) -> None:
        self.name = name
        self.checks = checks
        self.since = since
        self._last_looked: dict[str, float] = {}

    def look(self, at: datetime) -> bool:
        """One round; return whether this scheduler holds the lease."""
        if not take_lease(LEASE, self.name, at=at, lasts=LASTS):
            self._last_looked.clear()
            return False
        self._guarded("schedules", lambda: enqueue_due(zone=workspace().settings.timezone, at=at))
        for check in self.checks.values():
            if self.since() - self._last_looked.get(check.name, float("-inf")) >= check.seconds:
                self._last_looked[check.name] = self.since()
                self._guarded(check.name, lambda check=check: check.look(at))  # type: ignore[misc]  # the loop's check
        return True

    def _guarded(self, name: str, look: Callable[[], object]) -> None:
        """Run one check; a failure is logged and does not affect the others."""
        try:
            look()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.error("the check %s failed", name, exc_info=error)


def run_scheduler() -> None:
    """Run a round about once a second until SIGTERM or SIGINT, then release the lease."""
    block_signals(STOP)
    scheduler = Scheduler(this_process(), CHECKS)
    while True:
        try:
            scheduler.look(timezone.now())
        except (OperationalError, InterfaceError) as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            connections.close_all()
        if wait_for_signal(STOP, ROUND) is not None:
            break
    release_lease(LEASE, scheduler.name)
