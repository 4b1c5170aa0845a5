"""A refresh on a Spark cluster of one worker and of two, each with a core of its own."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks.ours import prepared, refreshed
from benchmarks.standalone import HOST, standalone
from benchmarks.tasks import Task
from custrata.engine import connect
from custrata.pipeline import verify

Job = Callable[[], dict[str, Any]]
OPTIONS = {
    "spark.driver.host": HOST,
    "spark.driver.memory": "3g",
    "spark.executor.memory": "4g",
    "spark.sql.shuffle.partitions": "16",
}


def one_worker(task: Task) -> Job:
    """The first refresh of a prepared lake by one worker."""
    return _refresh(task, 1)


def two_workers(task: Task) -> Job:
    """The same by two."""
    return _refresh(task, 2)


def _refresh(task: Task, workers: int) -> Job:
    workspace, stack = prepared(task), ExitStack()
    atexit.register(stack.close)
    shutil.rmtree(workspace.runs.folder, ignore_errors=True)
    master = stack.enter_context(standalone(task.folder, workers=workers, memory="5g"))
    engine = stack.enter_context(workspace.engine("spark", spark_options={**OPTIONS, "spark.master": master}))
    return lambda: refreshed(workspace, engine)


def agree(task: Task) -> Job:
    """The published run again, by DuckDB; an error where any value differs."""
    workspace = prepared(task)

    def job() -> dict[str, Any]:
        with connect() as engine:
            verified = verify(workspace, engine, workspace.runs.ids()[-1])
        assert verified.equal, verified
        return {}

    return job
