"""Jobs of worker processes on a workspace, and checks of the state they leave."""

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


def import_on(folder: Path, connection: Connection) -> None:
    """Import one generation after the other, each into three tables in one change, and send the number of each."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        connection.send(generation(workspace))
        while True:
            connection.send(import_generation(workspace, duck))


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
    """The generation the lake is at; checks that every table is complete and at the same generation."""
    snapshot = workspace.lake.snapshot()
    number = len(snapshot.imports)
    for name, mark in MARKED.items():
        rows = rows_in(snapshot, name)
        marks = [row[mark] for row in rows if row[mark] is not None]
        expected = (number * BATCH + 1, [str(number)]) if number else (0, [])
        assert (len(rows), marks) == expected
        assert snapshot.rows(name) == len(rows)
    return number


def erase_on(folder: Path, connection: Connection) -> None:
    """Erase one customer after the other, and send the number of each."""
    workspace = Workspace.open(folder)
    connection.send(-1)
    for row in range(BATCH):
        workspace.lake.erase(f"C{row}", at=AT)
        connection.send(row)


def publish_on(folder: Path, connection: Connection) -> None:
    """Publish one run after the other, each replacing the one before, and send the number of each."""
    runs = Workspace.open(folder).runs
    (before,) = runs.all()
    connection.send(before.record["number"])
    while True:
        before = publish(runs, before.record["number"] + 1, before.id)
        connection.send(before.record["number"])


def rebuild_on(folder: Path, connection: Connection) -> None:
    """Repeatedly publish five runs at once, replacing the five before, and send the number each time."""
    runs = Workspace.open(folder).runs
    number = generation_of_runs(runs)
    connection.send(number)
    while True:
        number += 1
        with runs.staging(at=AT) as stage:
            for place in range(1, 6):
                with stage.draft() as draft:
                    for part in PARTS:
                        pq.write_table(pa.table({"number": [number] * 1000}), draft / part)
                    stage.publish(draft, {"as_of": day(place), "number": number})
        connection.send(number)


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


def hold_change(folder: Path, connection: Connection) -> None:
    """Keep a change open until the test sends a message."""
    with Workspace.open(folder).lake.change(at=AT):
        connection.send("in")
        connection.recv()


def hold_reading(folder: Path, connection: Connection) -> None:
    """Keep a reader of the lake open until the test sends a message."""
    with Workspace.open(folder).lake.reading():
        connection.send("in")
        connection.recv()


def import_five(folder: Path, connection: Connection, mark: str) -> None:
    """Import five orders, one by one, and report when all are imported."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        for number in range(5):
            with workspace.lake.change(at=AT) as change:
                rows = table_of("orders", {"order_id": f"{mark}{number}", "amount": Decimal(number)})
                change.upsert("orders", duck.from_arrow(rows), duck)
    connection.send("done")


def hold_reading_runs(folder: Path, connection: Connection) -> None:
    """Keep a reader of the runs open until the test sends a message."""
    with Workspace.open(folder).runs.reading():
        connection.send("in")
        connection.recv()
    connection.send("out")


def remove_runs_on(folder: Path, connection: Connection) -> None:
    """Remove one run after the other, the second oldest first, and send the id before each removal."""
    runs = Workspace.open(folder).runs
    while len(remaining := runs.all()) > 2:
        connection.send(remaining[1].id)
        runs.reduce_to_traces({remaining[1].id: {"as_of": remaining[1].as_of}}, wait=5)


def stray_files(runs: Runs, ids: Sequence[str]) -> list[str]:
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


def compact_on(folder: Path, connection: Connection) -> None:
    """Repeatedly import a generation and compact, and send the generation before each compaction."""
    workspace = Workspace.open(folder)
    with DuckEngine(threads=1) as duck:
        while True:
            connection.send(generation(workspace))
            workspace.lake.compact(at=AT)
            import_generation(workspace, duck)
