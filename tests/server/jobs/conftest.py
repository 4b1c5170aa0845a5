"""Fixtures for jobs and for real workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.server.jobs.process_tree import AT, Tree
from tests.server.jobs.trials import jobs  # noqa: F401  # registers the trials

from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.models import Job
from custrata.lake import Workspace

EnqueueJob = Callable[..., Job]


@pytest.fixture
def enqueue_job(db: None) -> EnqueueJob:
    """Enqueues a job of a kind with keyword arguments."""

    def enqueued(kind: str = "trial_nap", **arguments: object) -> Job:
        return enqueue(kind=kind, arguments=arguments, actor=None, at=AT)

    return enqueued


@pytest.fixture
def claim_job(enqueue_job: EnqueueJob) -> EnqueueJob:
    """Enqueues a job and claims it."""

    def claimed(kind: str = "trial_nap", **arguments: object) -> Job:
        enqueue_job(kind, **arguments)
        job = take_job("worker", at=AT)
        assert job is not None
        return job

    return claimed


@pytest.fixture
def tree(own_workspace: Workspace, transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Tree]]:
    """Starts `custrata` with arguments on the test's workspace and database; kills it at teardown."""
    trees: list[Tree] = []

    def started(*arguments: str) -> Tree:
        trees.append(Tree(own_workspace.folder, tmp_path / f"log-{len(trees)}", arguments))
        return trees[-1]

    yield started
    for started_tree in trees:
        started_tree.kill()
