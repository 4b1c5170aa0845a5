"""Our side of every comparison, through the same functions as the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from benchmarks.generate import cached_orders
from benchmarks.tasks import Task
from custrata.analytics.traits import CATALOGUE
from custrata.engine import Engine, connect
from custrata.ingest import import_file
from custrata.lake import Run, Workspace
from custrata.pipeline import refresh

Job = Callable[[], dict[str, Any]]

ZONE, OFFSET, DAY = "Asia/Shanghai", 8 * 3600 * 10**6, 86_400 * 10**6


def generate(task: Task) -> Job:
    """The file of orders, from the cache where it exists; read once to warm the file cache."""

    def job() -> dict[str, Any]:
        csv = cached_orders(task.cache, task.customers, task.seed)
        with csv.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(2**22), b""))
        return {"csv": str(csv), "orders": lines - 1}

    return job


def prepare(task: Task) -> Job:
    """A workspace with imported orders, for works that start from a lake; returns the files and the first `as_of`."""

    def job() -> dict[str, Any]:
        details = _import(task)
        workspace = Workspace.open(task.folder / "workspace")
        files = [str(path) for path in workspace.lake.snapshot().files["orders"]]
        with connect() as engine:
            orders = workspace.lake.snapshot().read("orders", engine)
            newest = engine.arrow(orders.aggregate(newest=orders.ordered_at.max()))["newest"][0].as_py()
        micros = (newest - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        as_of = ((micros + OFFSET) // DAY + 1) * DAY - OFFSET
        return {**details, "workspace": str(workspace.folder), "files": files, "as_of": as_of}

    return job


def csv_import(task: Task) -> Job:
    """The import of the CSV into a new workspace."""
    return lambda: _import(task)


def main_job(task: Task) -> Job:
    """From the CSV to the published run, in a new workspace."""

    def job() -> dict[str, Any]:
        started = perf_counter()
        details = _import(task)
        imported = perf_counter()
        details |= _refresh(Workspace.open(task.folder / "workspace"))
        return {**details, "import": imported - started}

    return job


def refresh_alone(task: Task) -> Job:
    """The first refresh of a prepared lake."""
    workspace = prepared(task)
    shutil.rmtree(workspace.runs.folder, ignore_errors=True)
    return lambda: _refresh(workspace)


def refresh_imported(task: Task) -> Job:
    """The first refresh of a lake that this process has just imported."""
    _import(task)
    workspace = Workspace.open(task.folder / "workspace")
    return lambda: _refresh(workspace)


def refresh_next(task: Task) -> Job:
    """The refresh as of a day later, with the run of the day before to compare with."""
    workspace = prepared(task)
    before = workspace.runs.published()
    if before is None:
        _refresh(workspace)
        before = workspace.runs.published()
    assert before is not None
    later = before.as_of + timedelta(days=1)
    return lambda: _refresh(workspace, later)


def prepared(task: Task) -> Workspace:
    """The workspace that the work `prepare` made."""
    assert task.workspace is not None
    return Workspace.open(task.workspace)


def _import(task: Task) -> dict[str, Any]:
    assert task.csv is not None
    workspace = Workspace.create(task.folder / "workspace", timezone=ZONE, language="en")
    done = import_file(workspace, "orders", task.csv, at=datetime.now(UTC))
    return {"rows": done.rows, "accepted": done.accepted, "rejected": done.rejected}


def _refresh(workspace: Workspace, as_of: datetime | None = None) -> dict[str, Any]:
    with connect() as engine:
        return refreshed(workspace, engine, as_of)


def refreshed(workspace: Workspace, engine: Engine, as_of: datetime | None = None) -> dict[str, Any]:
    """A refresh on an engine: its seconds, those of its steps, and what it computed."""
    started = perf_counter()
    done = refresh(workspace, engine, at=datetime.now(UTC), as_of=as_of)
    assert done.new
    return {"refresh": perf_counter() - started, "steps": done.run.record["steps"], **_counts(done.run)}


def _counts(run: Run) -> dict[str, Any]:
    """How many schemes were published, traits computed and customers graded. Traits from order lines are left out."""
    schemes = [key for key, outcome in run.record["schemes"].items() if not outcome["waiting"]]
    traits = [trait for trait in CATALOGUE.values() if trait.group != "breadth"]
    return {"schemes": len(schemes), "traits": len(traits), "customers": run.record["headline"]["customers"]}
