"""What other processes do to a workspace while a test looks on, and how the test tells what they have done."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.lake import Run, Runs, Workspace
from tests.lake.facts import AT, day, import_record, rows_in, table_of

BATCH = 20
PARTS = ("profile.parquet", "changes.parquet")
MARKED = {"customer_records": "city", "orders": "channel", "order_lines": "category"}


def import_on(folder: Path, told: Connection) -> None:
    """Import generation after generation, each into three tables at once, and tell which is done."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        told.send(generation(workspace))
        while True:
            told.send(import_generation(workspace, duck))


def import_generation(workspace: Workspace, duck: DuckEngine) -> int:
    """Import the generation after the last one: new rows, and in every table one old row that gets its number."""
    number = len(workspace.lake.snapshot().imports) + 1
    with workspace.lake.change(at=AT) as change:
        for name in MARKED:
            change.upsert(name, duck.from_arrow(_generation(name, number)), duck)
        change.record(import_record(str(number)))
    return number


def _generation(name: str, number: int) -> pa.Table:
    key = {"customer_records": "source_id", "orders": "order_id", "order_lines": "line_id"}[name]
    new = [{key: f"{number}-{row}", "customer_id": f"C{row}"} for row in range(BATCH)]
    return table_of(name, {key: "marker", "customer_id": "M", MARKED[name]: str(number)}, *new)


def generation(workspace: Workspace) -> int:
    """Which generation the lake is at, having checked that every table is, and whole."""
    snapshot = workspace.lake.snapshot()
    number = len(snapshot.imports)
    for name, mark in MARKED.items():
        rows = rows_in(snapshot, name)
        marks = [row[mark] for row in rows if row[mark] is not None]
        wanted = (number * BATCH + 1, [str(number)]) if number else (0, [])
        assert (len(rows), marks) == wanted
        assert snapshot.rows(name) == len(rows)
    return number


def erase_on(folder: Path, told: Connection) -> None:
    """Erase one customer after the other, and tell each that is gone."""
    workspace = Workspace.open(folder)
    told.send(-1)
    for row in range(BATCH):
        workspace.lake.erase(f"C{row}", at=AT)
        told.send(row)


def publish_on(folder: Path, told: Connection) -> None:
    """Publish run after run, each in place of the one before, and tell which is published."""
    runs = Workspace.open(folder).runs
    (before,) = runs.all()
    told.send(before.record["number"])
    while True:
        before = publish(runs, before.record["number"] + 1, before.id)
        told.send(before.record["number"])


def rebuild_on(folder: Path, told: Connection) -> None:
    """Publish five runs at once, again and again, each time in place of the five before, and tell each time."""
    runs = Workspace.open(folder).runs
    number = generation_of_runs(runs)
    told.send(number)
    while True:
        number += 1
        with runs.staging(at=AT) as stage:
            for place in range(1, 6):
                with stage.draft() as draft:
                    for part in PARTS:
                        pq.write_table(pa.table({"number": [number] * 1000}), draft / part)
                    stage.publish(draft, {"as_of": day(place), "number": number})
        told.send(number)


def generation_of_runs(runs: Runs) -> int:
    """The number all five runs have, with all their tables; 0 where there is none."""
    numbers = {run.record["number"] for run in runs.all()}
    for run in runs.all():
        numbers |= {number for part in PARTS for number in pq.read_table(run.folder / part)["number"].to_pylist()}
    assert (len(runs.all()), len(numbers)) in ((5, 1), (0, 0))
    return numbers.pop() if numbers else 0


def publish(runs: Runs, number: int, *supersedes: str) -> Run:
    """Publish a run of two tables that hold nothing but its number."""
    with runs.draft() as draft:
        for part in PARTS:
            pq.write_table(pa.table({"number": [number] * 1000}), draft / part)
        return runs.publish(draft, {"as_of": day(2), "number": number}, supersedes=supersedes)


def hold_change(folder: Path, told: Connection) -> None:
    """Be in the middle of a change until the test has seen enough."""
    with Workspace.open(folder).lake.change(at=AT):
        told.send("in")
        told.recv()


def hold_reading(folder: Path, told: Connection) -> None:
    """Be reading until the test has seen enough."""
    with Workspace.open(folder).lake.reading():
        told.send("in")
        told.recv()


def import_five(folder: Path, told: Connection, mark: str) -> None:
    """Import five orders, one by one, and tell when all are in."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        for number in range(5):
            with workspace.lake.change(at=AT) as change:
                rows = table_of("orders", {"order_id": f"{mark}{number}", "amount": Decimal(number)})
                change.upsert("orders", duck.from_arrow(rows), duck)
    told.send("done")


def hold_reading_runs(folder: Path, told: Connection) -> None:
    """Be reading runs until the test has seen enough."""
    with Workspace.open(folder).runs.reading():
        told.send("in")
        told.recv()
    told.send("out")


def thin_on(folder: Path, told: Connection) -> None:
    """Remove run after run, the oldest first but one, and tell each that is about to go."""
    runs = Workspace.open(folder).runs
    while len(found := runs.all()) > 2:
        told.send(found[1].id)
        runs.reduce_to_traces({found[1].id: {"as_of": found[1].as_of}}, wait=5)


def thinned(runs: Runs, ids: Sequence[str]) -> list[str]:
    """The names of files that belong to no trace, having checked that every run is whole or a trace."""
    assert list(runs.history_ids()) == list(ids)
    for run in runs.all():
        assert pq.read_table(run.folder / "profile.parquet").num_rows == 2
    stray = []
    for trace in runs.history():
        assert pq.read_table(trace.folder / "changes.parquet").num_rows == 2
        if trace.id in runs.traces():
            stray += [
                path.name for path in trace.folder.iterdir() if path.name not in {"trace.json", "changes.parquet"}
            ]
    return stray


def compact_on(folder: Path, told: Connection) -> None:
    """Import a generation and compact, again and again, and tell before which."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        while True:
            told.send(generation(workspace))
            workspace.lake.compact(at=AT)
            import_generation(workspace, duck)
