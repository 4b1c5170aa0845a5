"""The corrections at a run: customers whose tier, once published, was changed by late facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal

Place = tuple[datetime | None, str, str]


@dataclass(frozen=True)
class Correction:
    """A customer whose tier at a run was corrected: published first as `was`, now `tier`."""

    customer_id: str
    name: str | None
    scheme: str
    was: str
    tier: str
    at: datetime | None

    @property
    def place(self) -> Place:
        """Its place in the order of corrections."""
        return self.at, self.customer_id, self.scheme


def corrected_by_scheme(run: Run) -> dict[str, int]:
    """The number of customers with a corrected tier at a run, by scheme."""
    if not _has_corrections(run):
        return {}
    sql = f"SELECT scheme, count(*) AS many FROM {_source(run, 'corrections')} GROUP BY ALL ORDER BY ALL"
    with Serving().connect() as connection:
        return {row["scheme"]: row["many"] for row in connection.table(sql).to_pylist()}


def corrections_of(
    run: Run, *, scheme: str = "", after: Place | None = None, backwards: bool = False, most: int = 100
) -> list[Correction]:
    """The corrections at a run, newest first, of one scheme, or of all.

    `after` is the place of the correction they follow; with `backwards` they precede it, the nearest first.
    """
    if not _has_corrections(run):
        return []
    at = 'wrong."at"' if "at" in _columns(run, "corrections") else "NULL::TIMESTAMPTZ"
    name = "named.name" if "name" in _columns(run, "profile") else "NULL"
    older, later, way, reverse = (">", "<", "ASC", "DESC") if backwards else ("<", ">", "DESC", "ASC")
    beyond, values = "", list[object]()
    if after is not None:
        beyond = (
            f"""AND ({at} {older} ? OR {at} IS NOT DISTINCT FROM ? AND (customer_id, wrong.scheme) {later} (?, ?))"""
        )
        values = [after[0], *after]
    sql = f"""
        SELECT customer_id, {name} AS name, wrong.scheme, wrong.was, wrong.tier, {at} AS "at"
        FROM {_source(run, "corrections")} AS wrong LEFT JOIN {_source(run, "profile")} AS named USING (customer_id)
        WHERE ? IN ('', wrong.scheme) {beyond}
        ORDER BY "at" {way}, customer_id {reverse}, wrong.scheme {reverse} LIMIT ?"""
    with Serving().connect() as connection:
        return [Correction(**row) for row in connection.table(sql, (scheme, *values, most)).to_pylist()]


def _has_corrections(run: Run) -> bool:
    return (run.folder / "corrections.parquet").exists()


def _columns(run: Run, table: str) -> set[str]:
    return set(pq.read_schema(run.folder / f"{table}.parquet").names)


def _source(run: Run, table: str) -> str:
    return f"read_parquet({literal(str(run.folder / f'{table}.parquet'))})"
