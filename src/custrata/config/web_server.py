"""The web server: Granian, which answers in worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from custrata.apps.jobs.management.processes import end_with_parent

THREADS = 10  # per process that answers: more than may compute or wait to (`custrata.web.computing`)
ONE_LOG = {"version": 1, "incremental": True, "handlers": {}, "loggers": {}}  # Granian logs through our configuration


def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages with so many worker processes, until stopped."""
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
    ).serve(target_loader=partial(_load_application, os.getpid()), wrap_loader=False)


def _load_application(above: int) -> Callable[..., Iterable[bytes]]:
    """Load the application, in a worker process that ends with the process above."""
    end_with_parent(above)
    from custrata.config.wsgi import application

    return application
