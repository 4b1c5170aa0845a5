"""The corrections at a run: customers whose tier, once published, was changed by late facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal


@dataclass(frozen=True)
class Correction:
    """A customer whose tier at a run was corrected: published first as `was`, now `tier`."""

    customer_id: str
    name: str | None
    scheme: str
    was: str
    tier: str
    at: datetime | None


def corrected_by_scheme(run: Run) -> dict[str, int]:
    """The number of customers with a corrected tier at a run, by scheme."""
    if not _has_corrections(run):
        return {}
    sql = f"SELECT scheme, count(*) AS many FROM {_source(run, 'corrections')} GROUP BY ALL ORDER BY ALL"
    with Serving().connect() as connection:
        return {row["scheme"]: row["many"] for row in connection.table(sql).to_pylist()}


def corrections_of(run: Run, *, scheme: str = "", start: int = 0, most: int = 100) -> list[Correction]:
    """The corrections at a run, newest first, from offset `start` on; of one scheme, or of all."""
    if not _has_corrections(run):
        return []
    at = 'wrong."at"' if "at" in _columns(run, "corrections") else "NULL"
    name = "named.name" if "name" in _columns(run, "profile") else "NULL"
    sql = f"""
        SELECT customer_id, {name} AS name, wrong.scheme, wrong.was, wrong.tier, {at} AS "at"
        FROM {_source(run, "corrections")} AS wrong LEFT JOIN {_source(run, "profile")} AS named USING (customer_id)
        WHERE ? IN ('', wrong.scheme)
        ORDER BY "at" DESC, customer_id, wrong.scheme LIMIT ? OFFSET ?"""
    with Serving().connect() as connection:
        return [Correction(**row) for row in connection.table(sql, (scheme, most, start)).to_pylist()]


def _has_corrections(run: Run) -> bool:
    return (run.folder / "corrections.parquet").exists()


def _columns(run: Run, table: str) -> set[str]:
    return set(pq.read_schema(run.folder / f"{table}.parquet").names)


def _source(run: Run, table: str) -> str:
    return f"read_parquet({literal(str(run.folder / f'{table}.parquet'))})"
