"""Decisions of people that a refresh applies: edits, tags, owners, and tier overrides.

The tables are stored with the run. A refresh without decisions takes those of the previous run, so that a refresh from
the command line keeps what was decided on the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias, cast

import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.lake import Run

Table: TypeAlias = "pa.Table | ir.Table"
UTC_INSTANT = pa.timestamp("us", tz="UTC")
SCHEMAS = {
    "edits": pa.schema({"customer_id": pa.string(), "attribute": pa.string(), "value": pa.string(), "at": UTC_INSTANT}),
    "tags": pa.schema({"customer_id": pa.string(), "tag": pa.string()}),
    "owners": pa.schema({"customer_id": pa.string(), "owner": pa.string()}),
    "overrides": pa.schema(
        {
            "customer_id": pa.string(),
            "scheme": pa.string(),
            "tier": pa.string(),
            "reason": pa.string(),
            "until": UTC_INSTANT,
            "approver": pa.string(),
            "mode": pa.string(),
        }
    ),
}
AT_LEAST, EXACTLY = "at_least", "exactly"
OF_PEOPLE = ("tags", "owner")
BETWEEN_TAGS = ", "


@dataclass(frozen=True)
class Decisions:
    """Tables of decisions, Arrow or Ibis; None where there are none of a kind.

    - `edits`: `customer_id`, `attribute` (a column of the golden record), `value` as text (empty: the attribute is
      cleared), `at`. An edit takes precedence over every source; of several for one attribute, the newest counts.
    - `tags`: `customer_id`, `tag`.
    - `owners`: `customer_id`, `owner`.
    - `overrides`: `customer_id`, `scheme`, `tier`, `reason`, `until` (empty: for good), `approver`, and `mode`:
      `at_least` (where the column is missing or empty, too), the better of it and the customer's own tier counts; or
      `exactly`. Where the tiers of a kind have no order both are the same. An override is valid while `until` is after
      the instant of the run; of several for one scheme, the one with the latest end counts.
    """

    edits: Table | None = None
    tags: Table | None = None
    owners: Table | None = None
    overrides: Table | None = None


@dataclass(frozen=True)
class AppliedDecisions:
    """Decisions as a refresh applies them: Arrow tables in a fixed order of rows."""

    tables: Mapping[str, pa.Table]

    @classmethod
    def of(cls, decisions: Decisions | None, before: Run | None) -> AppliedDecisions:
        """The given decisions, else those of the previous run. Raises Arrow's error on a missing column."""
        if decisions is None:
            return cls({} if before is None else _read_decisions(before))
        tables = {field.name: getattr(decisions, field.name) for field in fields(decisions)}
        return cls({name: _ordered(name, table) for name, table in tables.items() if table is not None})

    @property
    def fingerprint(self) -> str:
        """A short hash of the decisions; empty where there are none."""
        nonempty = [(name, table) for name, table in sorted(self.tables.items()) if table.num_rows]
        digests = "".join(f"{name}={sha256(_bytes(table)).hexdigest()};" for name, table in nonempty)
        return sha256(digests.encode()).hexdigest()[:16] if digests else ""

    def write(self, folder: Path) -> None:
        """Write the tables into a run's folder."""
        for name, table in self.tables.items():
            if table.num_rows:
                pq.write_table(table, folder / f"{name}.parquet", compression="zstd")

    def edits(self, engine: Engine) -> ir.Table | None:
        """The newest edit of each attribute, for the golden record; None without edits."""
        edits = self._frame("edits")
        if edits is None:
            return None
        return engine.from_arrow(_arrow(edits.unique(["customer_id", "attribute"], keep="last", maintain_order=True)))

    def tags_and_owners(self, engine: Engine) -> list[ir.Table]:
        """The tables of `tags` and `owner` by customer, those that have rows."""
        frames = []
        if (tags := self._frame("tags")) is not None:
            joined = pl.col("tag").unique().sort().str.join(BETWEEN_TAGS)
            frames.append(tags.group_by("customer_id").agg(joined.alias("tags")).sort("customer_id"))
        if (owners := self._frame("owners")) is not None:
            frames.append(owners.unique("customer_id", keep="last", maintain_order=True))
        return [engine.from_arrow(_arrow(table)) for table in frames]

    def overrides(self, key: str, tiers: Sequence[str], moment: AsOf, engine: Engine) -> ir.Table | None:
        """The overrides of a scheme that are valid at an instant; None where there are none.

        Columns `customer_id`, `put_tier`, `put_mode`, `put_reason`, `put_until`, `put_approver`.
        """
        overrides = self._frame("overrides")
        if overrides is None:
            return None
        valid = overrides.filter(
            pl.col("scheme") == key,
            pl.col("tier").is_in(list(tiers)),
            pl.col("until").is_null() | (pl.col("until") > moment.instant),
        )
        if valid.is_empty():
            return None
        longest = valid.sort("until", nulls_last=True, maintain_order=True)
        chosen = longest.unique("customer_id", keep="last", maintain_order=True).drop("scheme")
        named = chosen.rename({name: f"put_{name}" for name in ("tier", "mode", "reason", "until", "approver")})
        return engine.from_arrow(_arrow(named))

    def _frame(self, name: str) -> pl.DataFrame | None:
        table = self.tables.get(name)
        return cast(pl.DataFrame, pl.from_arrow(table)) if table is not None and table.num_rows else None


def decisions_of(run: Run) -> Decisions:
    """The decisions that a run was made with."""
    return Decisions(**_read_decisions(run))


def _read_decisions(run: Run) -> dict[str, pa.Table]:
    paths = {name: run.folder / f"{name}.parquet" for name in SCHEMAS}
    # Runs of earlier versions have no mode: their overrides were exact.
    return {name: _ordered(name, pq.read_table(path), mode=EXACTLY) for name, path in paths.items() if path.exists()}


def _ordered(name: str, table: Table, *, mode: str = AT_LEAST) -> pa.Table:
    """The columns of the schema, rows sorted, edits with the newest last; overrides without a mode get `mode`."""
    schema = SCHEMAS[name]
    arrow_table = table.to_pyarrow() if isinstance(table, ir.Table) else table
    if name == "overrides" and "mode" not in arrow_table.column_names:
        arrow_table = arrow_table.append_column("mode", pa.array([mode] * arrow_table.num_rows, pa.string()))
    typed = arrow_table.select(schema.names).cast(schema)
    first = [("customer_id", "ascending"), ("at", "ascending")] if name == "edits" else []
    rest = [(column, "ascending") for column in schema.names if (column, "ascending") not in first]
    return typed.sort_by([*first, *rest])


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """An Arrow table with plain strings instead of string views, which the engines do not take."""
    table = frame.to_arrow()
    plain = {pa.large_string(): pa.string(), pa.string_view(): pa.string()}
    return table.cast(pa.schema([field.with_type(plain.get(field.type, field.type)) for field in table.schema]))


def _bytes(table: pa.Table) -> memoryview:
    """The rows in a canonical serialization, independent of their layout in memory."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return memoryview(sink.getvalue())
