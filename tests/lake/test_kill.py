"""A process killed at any moment leaves the previous state or the new one; the next process cleans up."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pyarrow.parquet as pq
from deltalake import DeltaTable

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from tests.lake.conftest import StartWorker, Worker
from tests.lake.facts import AT, rows_in
from tests.lake.jobs import (
    BATCH,
    MARKED,
    PARTS,
    erase_on,
    generation,
    generation_of_runs,
    import_generation,
    import_on,
    publish,
    publish_on,
    rebuild_on,
)

CHANCE = random.Random(20250301)


def kill_at_some_moment(worker: Worker, *, within: float) -> list[int]:
    """Kill a worker after a random delay, and return all its messages."""
    messages = [worker.receive()]
    time.sleep(CHANCE.uniform(0, within))  # the moment is what is tried
    worker.kill()
    return messages + worker.receive_all()


def kill_when_written(worker: Worker, folder: Path, pattern: str) -> None:
    """Kill a worker as soon as there is one more file of a name."""
    before = len(list(folder.glob(pattern)))
    while len(list(folder.glob(pattern))) == before:
        assert worker.process.is_alive()
        time.sleep(0.0005)
    worker.kill()


def test_a_killed_import_leaves_all_tables_before_or_after_it(
    workspace: Workspace, start: StartWorker, duck: DuckEngine
) -> None:
    for _ in range(30):
        done = kill_at_some_moment(start(import_on), within=0.4)[-1]
        assert generation(workspace) in (done, done + 1)
    assert import_generation(workspace, duck) == generation(workspace)


def test_a_kill_between_the_commits_of_two_tables_is_undone(
    workspace: Workspace, start: StartWorker, duck: DuckEngine
) -> None:
    before, killed = import_generation(workspace, duck), 0
    while killed == 0 or generation(workspace) != before:
        before, killed = generation(workspace), killed + 1
        kill_when_written(start(import_on), workspace.lake.folder, "customer_records/_delta_log/*.json")
    number = import_generation(workspace, duck)
    assert generation(workspace) == number == before + 1
    assert DeltaTable(workspace.lake.folder / "customer_records").count() == number * BATCH + 1


def test_the_files_of_a_killed_import_go_with_the_next_one(
    workspace: Workspace, start: StartWorker, duck: DuckEngine
) -> None:
    kill_when_written(start(import_on), workspace.lake.folder, "orders/*.parquet")
    number = import_generation(workspace, duck)
    # Each generation writes one file into each table.
    assert len(list(workspace.lake.folder.glob("*/*.parquet"))) == number * len(MARKED)


def test_a_killed_erasure_is_finished_by_the_next_change(
    workspace: Workspace, start: StartWorker, duck: DuckEngine
) -> None:
    import_generation(workspace, duck)
    for _ in range(6):
        kill_at_some_moment(start(erase_on), within=0.6)
        with workspace.lake.change(at=AT):
            pass
        snapshot = workspace.lake.snapshot()
        needed = {path for paths in snapshot.files.values() for path in paths}
        assert needed == set(workspace.lake.folder.glob("*/*.parquet"))
        assert len({frozenset(row["customer_id"] for row in rows_in(snapshot, name)) for name in MARKED}) == 1


def test_a_killed_refresh_leaves_the_previous_run_or_the_new_one(workspace: Workspace, start: StartWorker) -> None:
    publish(workspace.runs, 1)
    for _ in range(12):
        done = kill_at_some_moment(start(publish_on), within=0.1)[-1]
        (run,) = workspace.runs.all()
        assert run.record["number"] in (done, done + 1)
        for part in PARTS:
            assert set(pq.read_table(run.folder / part)["number"].to_pylist()) == {run.record["number"]}
    with workspace.runs.draft() as draft:
        assert list(workspace.runs.folder.glob(".draft-*")) == [draft]
        assert list(workspace.runs.folder.glob("runs/*")) == [run.folder]


def test_killed_while_several_runs_are_made_all_are_previous_or_all_are_new(
    workspace: Workspace, start: StartWorker
) -> None:
    for _ in range(12):
        done = kill_at_some_moment(start(rebuild_on), within=0.3)[-1]
        assert generation_of_runs(workspace.runs) in (done, done + 1)
    with workspace.runs.staging(at=AT):
        pass
    left = {path.name for path in workspace.runs.folder.glob("runs/*")}
    assert (left, workspace.runs.rebuilding()) == (set(workspace.runs.ids()), None)
