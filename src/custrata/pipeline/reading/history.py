"""The history of tiers as intervals, derived from the runs of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.lake import Run, Workspace
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.reading.connection import Connection, Serving, literal, quoted

# Columns of a run's changes, with defaults for those that runs of earlier versions lack.
CHANGED = {
    "customer_id": "customer_id",
    "scheme": "scheme",
    "version": "1",
    "tier": "tier",
    "status": "NULL::VARCHAR",
    "at": '"at"',
    "value": "value",
    "reason": "NULL::VARCHAR",
    "until": "NULL::TIMESTAMPTZ",
    "late": "false",
}
# The status of a tier without a life; `kept` is the end of an override with the same tier.
BY_MOVE = """CASE direction WHEN 'up' THEN 'upgraded' WHEN 'down' THEN 'downgraded' WHEN 'stayed' THEN 'kept'
    WHEN 'left' THEN 'left' ELSE 'entered' END"""
# A customer who left has an interval without a tier, which ends the previous one and is filtered out.
HISTORY = """
SELECT * FROM (
    SELECT customer_id, scheme, version, tier, status, opened.at AS valid_from,
        least(lead(opened.at) OVER later, segments.ended) AS valid_until,
        value, reason, until, late, runs.run,
        CASE WHEN lead(status) OVER later = 'left' THEN lead(reason) OVER later
            WHEN lead(opened.at) OVER later IS NULL AND segments.ended IS NOT NULL THEN 'not_graded' END AS ended_by
    FROM ({opened}) AS opened
    JOIN {runs} AS runs ON runs.at = opened.at
    JOIN {segments} AS segments USING (scheme)
    WHERE opened.at >= segments.begin AND (segments.ended IS NULL OR opened.at < segments.ended)
    WINDOW later AS (PARTITION BY customer_id, scheme, segments.begin ORDER BY opened.at)
)
WHERE tier IS NOT NULL
"""
INSTANT = pa.timestamp("us", tz="UTC")
PORTION = 50_000


@dataclass(frozen=True)
class Interval:
    """An interval of a customer in a scheme: in a tier, with a status, from one instant until another.

    `valid_until` is empty while it goes on; `until` is the end of validity, grace or override at its start; `late` says
    that late facts caused it. `ended_by` says why it ended where no other tier followed: `no_facts`, the customer is no
    longer in the run; `not_graded`, the scheme is no longer graded.
    """

    scheme: str
    version: int
    tier: str
    status: str
    valid_from: datetime
    valid_until: datetime | None
    value: Decimal | None
    reason: str | None
    until: datetime | None
    late: bool
    run: str
    ended_by: str | None = None


def history_of(workspace: Workspace, customer_id: str, schemes: Sequence[str] | None = None) -> list[Interval]:
    """The history of one customer in these schemes, in every one where none are named; by scheme, the newest first."""
    rows = [row for batch in history(workspace, customer_id=customer_id, schemes=schemes) for row in batch.to_pylist()]
    stretches = [Interval(**{name: value for name, value in row.items() if name != "customer_id"}) for row in rows]
    return sorted(stretches, key=lambda interval: (interval.scheme, interval.valid_from), reverse=True)


def history(
    workspace: Workspace, *, customer_id: str | None = None, schemes: Sequence[str] | None = None, rows: int = 50_000
) -> Iterator[pa.RecordBatch]:
    """The intervals of one customer, or of all, so many at a time; nothing without a run.

    Columns `customer_id`, `scheme`, `version`, `tier`, `status`, `valid_from`, `valid_until`, `value`, `reason`,
    `until`, `late`, `run`, `ended_by`; ordered by customer, scheme and instant.
    """
    with workspace.runs.reading(), Serving().connect() as connection:
        runs = workspace.runs.history()
        for some in (
            [Some("customer_id = ?", (customer_id,))] if customer_id is not None else _portions(connection, runs)
        ):
            sql, values = intervals(connection, runs, schemes, some)
            if sql:
                yield from connection.batches(f"{sql} ORDER BY customer_id, scheme, valid_from", values, rows)


@dataclass(frozen=True)
class Some:
    """Some customers: a condition in SQL and its values."""

    sql: str = "true"
    values: tuple[object, ...] = ()


def _portions(connection: Connection, runs: Sequence[Run]) -> Iterator[Some]:
    """All customers in portions, so that sorting their intervals takes little memory."""
    if not runs:
        return
    profile = f"read_parquet({literal(str(runs[-1].folder / 'profile.parquet'))})"
    numbered = f"SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS place FROM {profile}"
    marks = connection.table(f"SELECT customer_id FROM ({numbered}) WHERE place % {PORTION} = 0 ORDER BY customer_id")
    ends = marks["customer_id"].to_pylist()
    for start, end in pairwise([None, *ends, None]):
        limits = [
            (sql, bound) for sql, bound in (("customer_id >= ?", start), ("customer_id < ?", end)) if bound is not None
        ]
        yield Some(" AND ".join(sql for sql, _ in limits) or "true", tuple(bound for _, bound in limits))


def intervals(
    connection: Connection,
    runs: Sequence[Run],
    schemes: Sequence[str] | None = None,
    some: Some = Some(),
    *,
    moves_only: bool = False,
) -> tuple[str, list[object]]:
    """The intervals as SQL with its values; empty where no scheme was graded.

    With `moves_only` an interval lasts until the tier changes, whatever the status.
    """
    graded = [segment for segment in segments(runs) if schemes is None or segment[0] in schemes]
    if not graded:
        return "", []
    keys = list(dict.fromkeys(key for key, _, _ in graded))
    changes = f"scheme IN ({', '.join(map(literal, keys))})" + (" AND direction <> 'stayed'" if moves_only else "")
    # The changes of the first run are contained in its profile.
    parts = [*_openings(runs, keys), *(f"{_changes(run)} WHERE {changes}" for run in runs[1:])]
    opened = " UNION ALL ".join(f"SELECT * FROM ({part}) WHERE {some.sql}" for part in parts)
    runs_table = connection.register(
        pa.table({"run": [run.id for run in runs], "at": pa.array([run.as_of for run in runs], INSTANT)})
    )
    named = zip(("scheme", "begin", "ended"), zip(*graded, strict=True), (pa.string(), INSTANT, INSTANT), strict=True)
    segments_table = connection.register(pa.table({name: pa.array(values, kind) for name, values, kind in named}))
    return HISTORY.format(opened=opened, runs=runs_table, segments=segments_table), list(some.values) * len(parts)


def segments(runs: Sequence[Run]) -> list[tuple[str, datetime, datetime | None]]:
    """From when until when each scheme was graded without a break."""
    ended: list[tuple[str, datetime, datetime | None]] = []
    started: dict[str, datetime] = {}
    for run in runs:
        graded = {key for key, scheme in GradedRun.of(run).schemes.items() if not scheme.waiting}
        for key in [key for key in started if key not in graded]:
            ended.append((key, started.pop(key), run.as_of))
        for key in graded - started.keys():
            started[key] = run.as_of
    return [*ended, *((key, since, None) for key, since in started.items())]


def _openings(runs: Sequence[Run], schemes: Sequence[str]) -> Iterator[str]:
    """The intervals that the profile of the first run opens, in one query for all schemes."""
    for run in runs[:1]:
        columns = set(pq.read_schema(run.folder / "profile.parquet").names)
        parts = [_opening(key, columns, run) for key in schemes if f"{key}_tier" in columns]
        if parts:
            source = f"read_parquet({literal(str(run.folder / 'profile.parquet'))})"
            opened = f"SELECT customer_id, unnest([{', '.join(parts)}]) AS held FROM {source}"
            named = ", ".join(f'held."{name}" AS "{name}"' for name in CHANGED if name != "customer_id")
            yield f"SELECT customer_id, {named} FROM ({opened})"


def _opening(key: str, columns: set[str], run: Run) -> str:
    """The profile columns of one scheme, mapped to the columns of changes."""

    def column(part: str, kind: str) -> str:
        return quoted(f"{key}_{part}") if f"{key}_{part}" in columns else f"NULL::{kind}"

    parts = {
        "scheme": literal(key),
        "version": str(GradedRun.of(run).schemes[key].version),
        "tier": column("tier", "VARCHAR"),
        "status": f"coalesce(nullif({column('status', 'VARCHAR')}, 'computed'), 'entered')",
        "at": f"{literal(run.as_of.isoformat())}::TIMESTAMPTZ",
        "value": f"{quoted(f'{key}_value')}::DECIMAL(18, 4)",
        "reason": column("reason", "VARCHAR"),
        "until": f"{column('until', 'TIMESTAMPTZ')}::TIMESTAMPTZ",
        "late": "false",
    }
    return "{" + ", ".join(f"'{name}': {parts[name]}" for name in CHANGED if name != "customer_id") + "}"


def _changes(run: Run) -> str:
    path = run.table("changes")
    named = ", ".join(map(quoted, CHANGED))
    changed = changes_sql(set(pq.read_schema(path).names), f"read_parquet({literal(str(path))})")
    return f"SELECT {named} FROM ({changed})"


def changes_sql(file_columns: set[str], source: str) -> str:
    """The changes of a run in the current columns, with defaults for missing ones; also `from_tier` and `direction`.

    Parameters: `file_columns` are the columns of the file, `source` is the file as SQL.
    """
    columns = {name: quoted(name) if name in file_columns else other for name, other in CHANGED.items()}
    columns["status"] = f"coalesce(nullif({columns['status']}, 'computed'), {BY_MOVE})"
    named = ", ".join(f"{column} AS {quoted(name)}" for name, column in columns.items())
    return f"SELECT {named}, from_tier, direction FROM {source}"
