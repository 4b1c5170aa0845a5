"""Upsert rows into a table: new, changed, unchanged and outdated rows.

Everything is an expression over the whole table; DuckDB computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine import DuckEngine
from custrata.lake.pending import PendingTable
from custrata.schema import TableSpec

# Columns about the import of a row, which are not part of its content.
METADATA_COLUMNS = frozenset({"updated_at", "imported_at", "import_id"})
PAIRS = "array<struct<key: string, value: string>>"


@dataclass(frozen=True)
class Merged:
    """What became of the rows of an upsert.

    `added` rows had a new key, `updated` rows replaced one, `unchanged` rows equalled the existing row, `outdated` rows
    were older than it.
    """

    added: int
    updated: int = 0
    unchanged: int = 0
    outdated: int = 0


# Ibis' own way to DuckDB's hash goes over text and takes twice as long, and it has no word for the pairs of a map.
@ibis.udf.scalar.builtin(name="hash", signature=((None,), "uint64"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _hash(row: ir.StructValue) -> ir.Value:
    """A 64-bit hash of a row."""


@ibis.udf.scalar.builtin(name="map_entries", signature=((None,), PAIRS))  # type: ignore[untyped-decorator]  # Ibis has no types
def _pairs(texts: ir.MapValue) -> ir.Value:
    """The pairs of a map, as a list."""


def canonical(rows: ir.Table, spec: TableSpec) -> ir.Table:
    """The columns of the table, in their order and types."""
    return rows.select(*spec.names).cast(spec.schema)


def content(rows: ir.Table, spec: TableSpec) -> ir.Value:
    """A 64-bit hash of the content of a row: two rows of one key have different hashes unless they are equal.

    The order of a map's pairs does not matter, and an empty map equals null. To compare the columns themselves, a join
    would have to hold them all, in three times the memory; two different rows have the same hash once in 10¹⁹ changed
    rows.
    """
    compared = [name for name in spec.names if name not in spec.key and name not in METADATA_COLUMNS]
    return _hash(ibis.struct({name: _comparable(rows[name]) for name in compared}))


def _comparable(column: ir.Column) -> ir.Value:
    return cast(ir.ArrayValue, _pairs(column)).sort() if isinstance(column, ir.MapValue) else column


def matched_rows(existing: ir.Table, incoming: ir.Table, spec: TableSpec) -> ir.Table:
    """One row per incoming row whose key is known.

    Columns: the key, `same` (the two rows say the same), `newer` (the incoming one wins: its `updated_at` is not before
    the known one's, and none is before any).
    """
    stored = existing.select(*spec.key, stored=content(existing, spec), stored_at=existing.updated_at)
    received = incoming.select(*spec.key, received=content(incoming, spec), received_at=incoming.updated_at)
    both = stored.join(received, spec.key)
    return both.select(
        *spec.key,
        same=both.stored == both.received,
        newer=both.stored_at.isnull() | (both.received_at >= both.stored_at).fill_null(False),
    )


def upsert(table: PendingTable, rows: ir.Table, engine: DuckEngine) -> Merged:
    """Upsert rows with unique keys: the last `updated_at` wins (null is oldest), then the later import."""
    incoming = canonical(rows, table.spec)
    if not table.files:
        return Merged(added=table.replace((), incoming, engine))
    meetings = engine.materialize(matched_rows(table.read(engine), incoming, table.spec))
    try:
        merged = _tally(meetings, incoming, engine)
        if merged.added or merged.updated:
            _write(table, incoming, meetings, engine, replaces=merged.updated > 0)
        return merged
    finally:
        engine.release(meetings)


def _tally(meetings: ir.Table, incoming: ir.Table, engine: DuckEngine) -> Merged:
    same, newer = meetings.same, meetings.newer
    counts = meetings.aggregate(
        updated=(~same & newer).sum().fill_null(0),
        unchanged=same.sum().fill_null(0),
        outdated=(~same & ~newer).sum().fill_null(0),
    )
    tally = engine.arrow(counts.cross_join(incoming.aggregate(incoming=incoming.count()))).to_pylist()[0]
    added = tally.pop("incoming") - sum(tally.values())
    return Merged(added, **tally)


def _write(table: PendingTable, incoming: ir.Table, meetings: ir.Table, engine: DuckEngine, *, replaces: bool) -> None:
    """Append new rows; rewrite only the files with replaced rows."""
    key, wins = table.spec.key, ~meetings.same & meetings.newer
    written = incoming.anti_join(meetings.filter(~wins), key)
    if not replaces:
        table.replace((), written, engine)
        return
    replaced = meetings.filter(wins)
    affected = table.row_counts_by_file(engine, lambda rows: rows.semi_join(replaced, key))
    remaining = table.read(engine, affected).anti_join(replaced, key)
    table.replace(affected, remaining.union(written), engine)
