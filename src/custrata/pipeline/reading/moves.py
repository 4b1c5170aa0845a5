"""Who moved at a run, as what happened to each customer."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal

# Of a customer who stays in a tier with another status nothing happened that a timeline tells.
MOVED = "direction <> 'stayed'"
TOLD = {
    "scheme": "scheme",
    "direction": "direction",
    "source": "from_tier",
    "target": "tier",
    "value": "value::VARCHAR",
}
# Columns that runs of earlier versions do not have.
NEWER = {"status": "status", "late": "late"}


def moves_in(run: Run) -> int:
    """How many moves between tiers a run tells of."""
    with Serving().asking() as asking:
        return int(asking.table(f"SELECT count(*) AS many FROM {_source(run)} WHERE {MOVED}")["many"][0].as_py())


def moves(run: Run, *, start: int, rows: int) -> Iterator[pa.RecordBatch]:
    """The moves from the `start`th on, always in the same order, so many at a time.

    Columns `customer_id`, `at`, and `facts`: JSON of scheme, direction (entered, up, down), source, target, value, and
    `status` and `late` (facts came in late, so it is a correction), where the run tells them.
    """
    held = set(pq.read_schema(run.folder / "changes.parquet").names)
    told = TOLD | {name: column for name, column in NEWER.items() if column in held}
    facts = "to_json({" + ", ".join(f"{name}: {column}" for name, column in told.items()) + "})"
    with Serving().asking() as asking:
        sql = f'SELECT customer_id, "at", {facts}::VARCHAR AS facts FROM {_source(run)} WHERE {MOVED}'
        yield from asking.batches(f"{sql} OFFSET {int(start)}", (), rows)


def _source(run: Run) -> str:
    return f"read_parquet({literal(str(run.folder / 'changes.parquet'))})"
