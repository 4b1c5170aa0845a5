"""Moves between tiers: of each customer at a run, counts between any two runs, and the movers with most spend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal, quoted

# Timelines do not show a change of status within a tier, and customers who left have no timeline.
MOVED = "direction NOT IN ('stayed', 'left')"
FACT_COLUMNS = {
    "scheme": "scheme",
    "direction": "direction",
    "source": "from_tier",
    "target": "tier",
    "value": "value::VARCHAR",
}
# Columns that runs of earlier versions do not have.
NEWER = {"status": "status", "late": "late"}


def moves_in(run: Run) -> int:
    """The number of moves between tiers at a run."""
    with Serving().connect() as connection:
        return int(connection.table(f"SELECT count(*) AS many FROM {_source(run)} WHERE {MOVED}")["many"][0].as_py())


def moves(run: Run, *, start: int, rows: int) -> Iterator[pa.RecordBatch]:
    """The moves from offset `start` on, in a fixed order, in batches.

    Columns `customer_id`, `at`, and `facts`: JSON of scheme, direction (entered, up, down), source, target, value, and
    `status` and `late` (a correction caused by late facts), where the run has them.
    """
    columns = set(pq.read_schema(run.folder / "changes.parquet").names)
    fact_columns = FACT_COLUMNS | {name: column for name, column in NEWER.items() if column in columns}
    facts = "to_json({" + ", ".join(f"{name}: {column}" for name, column in fact_columns.items()) + "})"
    with Serving().connect() as connection:
        sql = f'SELECT customer_id, "at", {facts}::VARCHAR AS facts FROM {_source(run)} WHERE {MOVED}'
        yield from connection.batches(f"{sql} OFFSET {int(start)}", (), rows)


@dataclass(frozen=True)
class Moves:
    """The customers that moved from one tier to another between two runs, and their spend at the later run.

    `source` is empty for customers missing in the earlier run, `target` for those missing in the later one.
    """

    source: str | None
    target: str | None
    customers: int
    revenue: Decimal


def moved_between(before: Run, after: Run, scheme: str) -> list[Moves]:
    """The migration matrix of a scheme between any two runs that graded by it."""
    tier = quoted(f"{scheme}_tier")
    sql = f"""
        SELECT old.{tier} AS source, new.{tier} AS target, count(*) AS customers,
            coalesce(sum(new.spend), 0)::DECIMAL(38, 2) AS revenue
        FROM {_profile(before)} AS old FULL JOIN {_profile(after)} AS new USING (customer_id)
        GROUP BY ALL ORDER BY ALL"""
    with Serving().connect() as connection:
        return [Moves(**row) for row in connection.table(sql).to_pylist()]


@dataclass(frozen=True)
class Mover:
    """A customer who moved up or down at a run, with their spend."""

    customer_id: str
    name: str | None
    source: str
    target: str
    direction: str
    spend: Decimal | None
    late: bool


def biggest_movers(run: Run, scheme: str, most: int = 5) -> list[Mover]:
    """The biggest spenders among those who moved up at a run, then among those who moved down."""
    columns = set(pq.read_schema(run.folder / "changes.parquet").names)
    named = "profile.name" if "name" in pq.read_schema(run.folder / "profile.parquet").names else "NULL::VARCHAR"
    sql = f"""
        SELECT customer_id, {named} AS name, from_tier AS source, moved.tier AS target, direction, profile.spend,
            {"moved.late" if "late" in columns else "false"} AS late
        FROM {_source(run)} AS moved JOIN {_profile(run)} AS profile USING (customer_id)
        WHERE moved.scheme = ? AND direction IN ('up', 'down')
        QUALIFY row_number() OVER (PARTITION BY direction ORDER BY profile.spend DESC NULLS LAST, customer_id) <= ?
        ORDER BY direction DESC, profile.spend DESC NULLS LAST, customer_id"""
    with Serving().connect() as connection:
        return [Mover(**row) for row in connection.table(sql, (scheme, most)).to_pylist()]


@dataclass(frozen=True)
class LateMoves:
    """The number of customers who moved in a scheme at a run, and of those whose move is due to late facts."""

    moved: int
    late: int


def late_moves(run: Run, scheme: str) -> LateMoves:
    """The number of moves in a scheme at a run, and how many are corrections."""
    columns = set(pq.read_schema(run.folder / "changes.parquet").names)
    late = "count(*) FILTER (WHERE late)" if "late" in columns else "0"
    sql = f"SELECT count(*) AS moved, {late} AS late FROM {_source(run)} WHERE scheme = ? AND {MOVED}"
    with Serving().connect() as connection:
        return LateMoves(**connection.table(sql, (scheme,)).to_pylist()[0])


def _profile(run: Run) -> str:
    return f"read_parquet({literal(str(run.folder / 'profile.parquet'))})"


def _source(run: Run) -> str:
    return f"read_parquet({literal(str(run.folder / 'changes.parquet'))})"
