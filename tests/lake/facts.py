"""Rows for tests: what a test does not say is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.lake import ImportRecord, LakeSnapshot, Merged, Workspace
from custrata.schema import TABLES, TableSpec

AT = datetime(2025, 3, 1, 8, tzinfo=UTC)
Row = Mapping[str, Any]


def day(number: int) -> datetime:
    """The instant that day of March 2025 begins."""
    return datetime(2025, 3, number, tzinfo=UTC)


def table_of(name: str, *rows: Row) -> pa.Table:
    """Rows of a canonical table; a required column that a row leaves out gets some value of its type."""
    spec = TABLES[name]
    defaults = {column.name: _some(spec, column.name) for column in spec}
    return pa.Table.from_pylist([{**defaults, **row} for row in rows], schema=spec.schema.to_pyarrow())


def _some(spec: TableSpec, name: str) -> Any:
    kind = spec[name].dtype
    if kind.nullable:
        return None
    return AT if kind.is_timestamp() else Decimal(1) if kind.is_decimal() else name


def put(workspace: Workspace, duck: DuckEngine, name: str, *rows: Row) -> Merged:
    """Bring rows into one table, as a change of its own."""
    with workspace.lake.change(at=AT) as change:
        return change.upsert(name, duck.from_arrow(table_of(name, *rows)), duck)


def rows_in(snapshot: LakeSnapshot, name: str) -> list[dict[str, Any]]:
    """All rows of a table, ordered by key."""
    files = [pq.read_table(path).to_pylist() for path in snapshot.files.get(name, ())]
    return sorted((row for file in files for row in file), key=lambda row: [row[key] for key in TABLES[name].key])


def keys_in(workspace: Workspace, name: str) -> list[str]:
    """The values of the last key column, in order."""
    return [row[TABLES[name].key[-1]] for row in rows_in(workspace.lake.snapshot(), name)]


def import_record(import_id: str) -> ImportRecord:
    """A record of an import that brought one row."""
    return ImportRecord(import_id, "orders", "orders.csv", "aa", "bb", rows=1, accepted=1, rejected=0, at=AT)
