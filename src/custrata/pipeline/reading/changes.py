"""The changes of a run, a row per customer and scheme, by keyset: for programs that consume the feed of changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.history import changes_sql

Place = tuple[str, str]


def changes_of(
    run: Run, *, after: Place | None = None, schemes: Sequence[str] | None = None, limit: int = 1000
) -> list[dict[str, Any]]:
    """Up to so many changes of a run, by customer and scheme, after the place (customer, scheme) of one of them.

    Columns `customer_id`, `scheme`, `version`, `from_tier`, `tier`, `direction`, `status`, `reason`, `value`, `at`,
    `until`, `late`. The first run of a workspace has no changes: the history starts with its profile.
    """
    conditions, values = ["true"], list[object]()
    if after is not None:
        conditions.append("(customer_id > ? OR (customer_id = ? AND scheme > ?))")
        values += [after[0], after[0], after[1]]
    if schemes is not None:
        conditions.append(f"scheme IN ({', '.join('?' for _ in schemes)})" if schemes else "false")
        values += schemes
    path = run.folder / "changes.parquet"
    source = changes_sql(set(pq.read_schema(path).names), f"read_parquet({literal(str(path))})")
    where = " AND ".join(conditions)
    sql = f"SELECT * FROM ({source}) WHERE {where} ORDER BY customer_id, scheme LIMIT {int(limit)}"
    with Serving().connect() as connection:
        return list(connection.table(sql, values).to_pylist())
