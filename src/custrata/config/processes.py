"""The processes of the server, and the supervisor that starts, restarts and stops them."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from custrata.apps.jobs.management.processes import STOP, block_signals, fork, wait_for_signal
from custrata.apps.jobs.management.scheduler import run_scheduler
from custrata.apps.jobs.management.worker import Worker

log = logging.getLogger("custrata.processes")
TO_STOP = 4.5  # seconds until processes that have not stopped are killed
FIRST_PAUSE, LONGEST_PAUSE, LONG_LIVED = 0.1, 10.0, 30.0


@dataclass
class Service:
    """A supervised process."""

    name: str
    run: Callable[[], object]
    pid: int = 0
    began: float = 0.0
    begin_at: float = 0.0
    pause: float = field(default=FIRST_PAUSE)

    def start(self) -> None:
        """Start the process."""
        self.began = monotonic()
        self.pid = fork(self.run, name=self.name)

    def ended(self, how: str) -> None:
        """Schedule a restart, with exponential backoff for processes that end quickly."""
        lasted = monotonic() - self.began >= LONG_LIVED
        self.pause = FIRST_PAUSE if lasted else min(self.pause * 2, LONGEST_PAUSE)
        self.pid, self.begin_at = 0, monotonic() + self.pause
        log.error("%s ended (%s) and begins again in %.1f s", self.name, how, self.pause)


def web(host: str, port: int, workers: int) -> Service:
    """The web server, with so many worker processes."""
    return Service("web", lambda: _serve(host, port, workers))


def worker(at_once: int) -> Service:
    """The worker that runs jobs."""
    return Service("worker", Worker(at_once=at_once).run)


def scheduler() -> Service:
    """The scheduler."""
    return Service("scheduler", run_scheduler)


def _serve(host: str, port: int, workers: int) -> None:
    from custrata.config.web_server import serve  # only in the process that serves pages

    serve(host, port, workers)


def supervise(services: Sequence[Service], *, ready: Callable[[], bool], tell: Callable[[], None]) -> None:
    """Keep the services running until SIGTERM or SIGINT, then stop them all within five seconds.

    `tell` is called once, when `ready` is true.
    """
    block_signals((*STOP, signal.SIGCHLD))
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # ignored signals do not wake the wait
    gc.freeze()  # keeps existing objects shared with the children
    for service in services:
        service.start()
    announced = False
    while wait_for_signal((*STOP, signal.SIGCHLD), 1.0 if announced else 0.05) not in STOP:
        _reap(services)
        for service in services:
            if not service.pid and monotonic() >= service.begin_at:
                service.start()
        if not announced and ready():
            tell()
            announced = True
    stop(services)


def _reap(services: Sequence[Service]) -> None:
    for service in services:
        if service.pid and (how := _exit_reason(service)):
            service.ended(how)


def _exit_reason(service: Service) -> str:
    """The exit reason of a service's process; empty while it runs."""
    ended, status = os.waitpid(service.pid, os.WNOHANG)
    if not ended:
        return ""
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def stop(services: Sequence[Service]) -> None:
    """Send SIGTERM to all, and SIGKILL to those still running after 4.5 seconds."""
    until, left = monotonic() + TO_STOP, [service for service in services if service.pid]
    for service in left:
        os.kill(service.pid, signal.SIGTERM)
    while left and monotonic() < until:
        wait_for_signal((signal.SIGCHLD,), 0.05)
        left = [service for service in left if not _exit_reason(service)]
    for service in left:
        log.warning("%s did not stop in time and was ended", service.name)
        os.kill(service.pid, signal.SIGKILL)
        os.waitpid(service.pid, 0)
