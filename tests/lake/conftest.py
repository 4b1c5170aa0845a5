"""A workspace in English, and other processes that work on it."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from custrata.lake import Workspace

PATIENCE = 60
CHANCE = random.Random(20250302)


@dataclass
class Worker:
    """A worker process, and the connection on which it reports its progress."""

    process: ForkServerProcess
    line: Connection

    def receive(self) -> Any:
        """The next message of the worker."""
        assert self.line.poll(PATIENCE)
        return self.line.recv()

    def receive_all(self) -> list[Any]:
        """All messages that were not received yet."""
        heard = []
        with suppress(EOFError, ConnectionResetError):
            while self.line.poll():
                heard.append(self.line.recv())
        return heard

    def kill_within(self, seconds: float) -> None:
        """Kill the worker after a random delay of at most so many seconds."""
        time.sleep(CHANCE.uniform(0, seconds))  # the moment is what is tried
        self.kill()

    def kill(self) -> None:
        """Kill the worker."""
        self.process.kill()
        self.process.join(PATIENCE)


StartWorker = Callable[..., Worker]


@pytest.fixture(scope="session")
def forkserver() -> Any:
    """A fork server with the modules imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "custrata.lake"])
    return context


@pytest.fixture
def start(forkserver: Any, workspace: Workspace) -> Iterator[StartWorker]:
    """`start(job)`: another process does a job of `tests.lake.jobs` on the workspace."""
    workers = []

    def start(job: Callable[..., None], *more: object) -> Worker:
        ours, theirs = forkserver.Pipe()
        process = forkserver.Process(target=job, args=(workspace.folder, theirs, *more), daemon=True)
        process.start()
        theirs.close()
        workers.append(Worker(process, ours))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.line.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace.create(tmp_path / "shop", language="en")
