"""The processes of the server: one above, that starts the others, starts them again, and stops them."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from custrata.apps.jobs.management.processes import STOP, block_signals, end_with_parent, fork, wait_for_signal
from custrata.apps.jobs.management.scheduler import run_scheduler
from custrata.apps.jobs.management.worker import Worker

log = logging.getLogger("custrata.processes")
TO_STOP = 4.5  # seconds until those that have not stopped are ended
FIRST_PAUSE, LONGEST_PAUSE, LONG_LIVED = 0.1, 10.0, 30.0
THREADS = 10  # per process that answers: more than may compute or wait to (`custrata.web.computing`)
ONE_LOG = {"version": 1, "incremental": True, "handlers": {}, "loggers": {}}  # what the server says joins ours


@dataclass
class Service:
    """One process that is always to be there."""

    name: str
    run: Callable[[], object]
    pid: int = 0
    began: float = 0.0
    begin_at: float = 0.0
    pause: float = field(default=FIRST_PAUSE)

    def start(self) -> None:
        """Begin its process."""
        self.began = monotonic()
        self.pid = fork(self.run, name=self.name)

    def ended(self, how: str) -> None:
        """Begin again soon; one that does not last, later each time."""
        lasted = monotonic() - self.began >= LONG_LIVED
        self.pause = FIRST_PAUSE if lasted else min(self.pause * 2, LONGEST_PAUSE)
        self.pid, self.begin_at = 0, monotonic() + self.pause
        log.error("%s ended (%s) and begins again in %.1f s", self.name, how, self.pause)


def web(host: str, port: int, workers: int) -> Service:
    """The pages, served by so many processes."""
    return Service("web", lambda: _serve(host, port, workers))


def worker(at_once: int) -> Service:
    """What does the jobs."""
    return Service("worker", Worker(at_once=at_once).run)


def scheduler() -> Service:
    """What looks from time to time."""
    return Service("scheduler", run_scheduler)


def _serve(host: str, port: int, workers: int) -> None:
    from granian.constants import Interfaces  # only where pages are served
    from granian.log import LogLevels
    from granian.server import Server

    above = os.getpid()

    def application() -> Callable[..., Iterable[bytes]]:
        """The application, asked for in the process that answers requests."""
        end_with_parent(above)
        from custrata.config.wsgi import application as answer

        return answer

    Server(
        "custrata.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=1024,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        log_level=LogLevels.warning,
        log_dictconfig=ONE_LOG,
    ).serve(target_loader=application, wrap_loader=False)


def supervise(services: Sequence[Service], *, ready: Callable[[], bool], tell: Callable[[], None]) -> None:
    """Keep the services running until SIGTERM or SIGINT, then stop them all, within five seconds.

    `tell` is called once, when `ready` says that they are.
    """
    block_signals((*STOP, signal.SIGCHLD))
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # one that is ignored is not waited for
    gc.freeze()  # what is here already stays shared with the children
    for service in services:
        service.start()
    told = False
    while wait_for_signal((*STOP, signal.SIGCHLD), 1.0 if told else 0.05) not in STOP:
        _bury(services)
        for service in services:
            if not service.pid and monotonic() >= service.begin_at:
                service.start()
        if not told and ready():
            tell()
            told = True
    stop(services)


def _bury(services: Sequence[Service]) -> None:
    for service in services:
        if service.pid and (how := _how_ended(service)):
            service.ended(how)


def _how_ended(service: Service) -> str:
    """How the process of a service ended; empty while it runs."""
    ended, status = os.waitpid(service.pid, os.WNOHANG)
    if not ended:
        return ""
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def stop(services: Sequence[Service]) -> None:
    """Ask all to stop, and end those that have not after 4.5 seconds."""
    until, left = monotonic() + TO_STOP, [service for service in services if service.pid]
    for service in left:
        os.kill(service.pid, signal.SIGTERM)
    while left and monotonic() < until:
        wait_for_signal((signal.SIGCHLD,), 0.05)
        left = [service for service in left if not _how_ended(service)]
    for service in left:
        log.warning("%s did not stop in time and was ended", service.name)
        os.kill(service.pid, signal.SIGKILL)
        os.waitpid(service.pid, 0)
