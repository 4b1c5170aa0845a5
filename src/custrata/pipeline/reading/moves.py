"""Who moved at a run, as what happened to each customer."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal

FACTS = "to_json({scheme: scheme, direction: direction, source: from_tier, target: tier, value: value::VARCHAR})"


def moves_in(run: Run) -> int:
    """How many moves between tiers a run tells of."""
    return int(pq.read_metadata(run.folder / "changes.parquet").num_rows)


def moves(run: Run, *, start: int, rows: int) -> Iterator[pa.RecordBatch]:
    """The moves from the `start`th on, always in the same order, so many at a time.

    Columns `customer_id`, `at`, and `facts`: JSON of scheme, direction (entered, up, down), source, target, value.
    """
    source = f"read_parquet({literal(str(run.folder / 'changes.parquet'))})"
    with Serving().asking() as asking:
        sql = f'SELECT customer_id, "at", {FACTS}::VARCHAR AS facts FROM {source} OFFSET {int(start)}'
        yield from asking.batches(sql, (), rows)
