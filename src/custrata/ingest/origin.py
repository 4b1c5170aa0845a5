"""Add the origin of rows to each row, and complete rows for a canonical table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from custrata.schema import INSTANT
from custrata.schema.tables import TableSpec


@dataclass(frozen=True)
class Origin:
    """The import that rows came by."""

    source: str
    import_id: str
    at: datetime

    def ready(self, rows: ir.Table, spec: TableSpec, source: str | None = None) -> ir.Table:
        """The rows with exactly the table's columns, empty where they have none, and their origin."""
        columns: dict[str, ir.Value] = {
            "source": ibis.literal(source or self.source),
            "imported_at": ibis.literal(self.at, INSTANT),
            "import_id": ibis.literal(self.import_id),
        }
        for column in spec:
            if column.name not in columns or (column.name == "source" and "source" in rows.columns and not source):
                present = column.name in rows.columns
                columns[column.name] = rows[column.name] if present else ibis.null(column.type)
        return rows.select(**{name: columns[name].cast(spec[name].type) for name in spec.names})
