"""One change of the lake: everything in it becomes visible together, or nothing does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir

from custrata.engine import DuckEngine
from custrata.lake.customer_rows import rows_of_customers, rows_without
from custrata.lake.manifest import ImportRecord, Manifest
from custrata.lake.pending import SMALL, PendingTable
from custrata.lake.upsert import Merged, upsert
from custrata.schema import TABLES


class LakeChange:
    """The change that `Lake.change` yields; it ends with the block."""

    def __init__(self, folder: Path, manifest: Manifest, *, at: datetime, token: str) -> None:
        self._folder = folder
        self._manifest = manifest
        self._at = at
        self._token = token
        self._tables: dict[str, PendingTable] = {}
        self._imports: list[ImportRecord] = []

    def upsert(self, table_name: str, rows: ir.Table, engine: DuckEngine) -> Merged:
        """Upsert rows into a table by its natural key; the last `updated_at` wins (null is oldest), then this import.

        Parameters: `rows` has every column of the table, and no key twice. It is computed once where the table is
        empty and up to three times where it is not, so give what is cheap to read.

        Rows that equal the existing ones in all columns but `updated_at`, `imported_at` and `import_id` are
        counted as unchanged and not written.
        """
        return upsert(self._table(table_name), rows, engine)

    def record(self, record: ImportRecord) -> None:
        """Enter an import in the ledger."""
        self._imports.append(record)

    def delete_customers(self, customer_ids: Collection[str]) -> dict[str, int]:
        """Delete every row of the customers; how many, by table."""
        with DuckEngine() as engine:
            return {
                name: self._delete_customers(self._table(name), customer_ids, engine)
                for name, spec in TABLES.items()
                if "customer_id" in spec.names
            }

    def compact(self) -> dict[str, int]:
        """Merge the small files of every table; how many files fewer, by table."""
        with DuckEngine() as engine:
            return {name: self._compact(self._table(name), engine) for name in self._manifest.tables}

    def commit(self) -> Manifest:
        """Give every changed table its next Delta version; the manifest that would make them visible is returned."""
        changed = {name: table.commit(self._at) for name, table in self._tables.items() if table.changed}
        return replace(
            self._manifest,
            tables={**self._manifest.tables, **changed},
            imports=(*self._manifest.imports, *self._imports),
        )

    def _table(self, name: str) -> PendingTable:
        if name not in self._tables:
            state = self._manifest.tables.get(name)
            self._tables[name] = PendingTable(TABLES[name], self._folder / name, state, self._token)
        return self._tables[name]

    @staticmethod
    def _delete_customers(table: PendingTable, customer_ids: Collection[str], engine: DuckEngine) -> int:
        if not table.files:
            return 0
        affected = table.row_counts_by_file(engine, lambda rows: rows_of_customers(rows, customer_ids, engine))
        if affected:
            table.replace(affected, rows_without(table.read(engine, affected), customer_ids, engine), engine)
        return sum(affected.values())

    @staticmethod
    def _compact(table: PendingTable, engine: DuckEngine) -> int:
        before = len(table.files)
        small = [file.name for file in table.files if file.size < SMALL]
        if len(small) > 1:
            table.replace(small, table.read(engine, small), engine, rearranged=True)
        return before - len(table.files)
