"""What a lake takes on the disk, when compacting is due, and that it disturbs nobody."""

from __future__ import annotations

from decimal import Decimal

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Busy, Workspace
from custrata.lake.usage import MOST_SMALL, LakeUsage
from tests.lake.conftest import StartWorker
from tests.lake.facts import AT, put, rows_in
from tests.lake.jobs import MARKED, compact_on, generation, hold_reading, import_generation

HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("usage", "due"),
    [
        (LakeUsage(), False),
        (LakeUsage(live=100, dead=50), False),
        (LakeUsage(live=100, dead=51), True),
        (LakeUsage(live=100, small=MOST_SMALL + 1), True),
        (LakeUsage(live=100, versions=51), True),
        (LakeUsage(live=100, sweep_due=True), True),
    ],
)
def test_compacting_is_due_beyond_a_share_or_where_it_is_crowded(usage: LakeUsage, due: bool) -> None:
    assert usage.is_due(HALF) is due
    assert usage.is_due(None) is usage.sweep_due


def test_usage_is_what_lies_on_the_disk(workspace: Workspace, duck: DuckEngine) -> None:
    for number in range(3):
        put(workspace, duck, "orders", {"order_id": "1", "amount": Decimal(number)})
    usage, folder = workspace.lake.usage(), workspace.lake.folder / "orders"
    files = {path: path.stat().st_size for path in folder.glob("*.parquet")}
    assert usage.live + usage.dead == sum(files.values())
    assert usage.dead == sum(size for path, size in files.items() if path in workspace.lake.dead_files())
    assert (usage.versions, usage.small) == (4, 1)


def test_nothing_is_due_once_it_was_compacted(workspace: Workspace, duck: DuckEngine) -> None:
    for number in range(60):
        put(workspace, duck, "orders", {"order_id": str(number)})
    assert workspace.lake.usage().is_due(HALF)
    workspace.lake.compact(at=AT)
    usage = workspace.lake.usage()
    assert (usage.dead, usage.small, usage.is_due(HALF)) == (0, 1, False)
    assert workspace.lake.snapshot().rows("orders") == 60


def test_files_of_a_reader_survive_compactions(workspace: Workspace, duck: DuckEngine, start: StartWorker) -> None:
    put(workspace, duck, "orders", {"order_id": "1"})
    with workspace.lake.reading() as lake:
        put(workspace, duck, "orders", {"order_id": "1", "amount": Decimal(5)})
        with pytest.raises(Busy):
            workspace.lake.compact(at=AT, wait=0)
        assert rows_in(lake, "orders")[0]["amount"] != Decimal(5)
    reader = start(hold_reading)
    reader.receive()
    with pytest.raises(Busy):
        workspace.lake.compact(at=AT, wait=0.1)
    reader.kill()
    workspace.lake.compact(at=AT)
    assert workspace.lake.usage().dead == 0


def killed_while_compacting(workspace: Workspace, duck: DuckEngine, start: StartWorker, times: int) -> None:
    """Kill a process that imports and compacts in turn, again and again; the lake is whole each time."""
    import_generation(workspace, duck)
    for _ in range(times):
        worker = start(compact_on)
        done = worker.receive()
        worker.kill_within(0.4)
        assert generation(workspace) >= done
    workspace.lake.compact(at=AT)
    usage = workspace.lake.usage()
    assert (usage.dead, usage.small, usage.sweep_due) == (0, 1, False)
    needed = {path for paths in workspace.lake.snapshot().files.values() for path in paths}
    assert needed == set(workspace.lake.folder.glob("*/*.parquet"))
    assert len(MARKED) == len(workspace.lake.snapshot().files)


def test_killed_while_it_compacts_the_lake_stays_whole(
    workspace: Workspace, duck: DuckEngine, start: StartWorker
) -> None:
    killed_while_compacting(workspace, duck, start, 12)


@pytest.mark.deep
def test_killed_two_hundred_times_while_it_compacts_the_lake_stays_whole(
    workspace: Workspace, duck: DuckEngine, start: StartWorker
) -> None:
    killed_while_compacting(workspace, duck, start, 200)
