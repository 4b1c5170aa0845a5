"""Small profiles and facts on any engine, and the answers to conditions about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from custrata.criteria import Criteria, Scope, parse
from custrata.engine import Engine
from custrata.schema.zones import micros_of

ZONE = "Asia/Shanghai"
AS_OF = datetime(2025, 1, 30, 16, tzinfo=UTC)  # the start of 31 January in Shanghai
MONEY = pa.decimal128(18, 2)
INSTANT = pa.timestamp("us", "UTC")

Columns = Mapping[str, tuple[pa.DataType, Sequence[Any]]]


def cents(*texts: str | None) -> list[Decimal | None]:
    return [None if text is None else Decimal(text) for text in texts]


def days(*texts: str | None) -> list[date | None]:
    return [None if text is None else date.fromisoformat(text) for text in texts]


def instants(*texts: str | None) -> list[datetime | None]:
    return [None if text is None else datetime.fromisoformat(text) for text in texts]


def people(columns: Columns) -> pa.Table:
    """A profile: customers a, b, c … and the columns given."""
    rows = len(next(iter(columns.values()))[1])
    ids = pa.array([f"{number:03}" for number in range(rows)], pa.string())
    return pa.table({"customer_id": ids, **{name: pa.array(v, kind) for name, (kind, v) in columns.items()}})


def facts(rows: Sequence[tuple[Any, ...]], **columns: pa.DataType) -> pa.Table:
    """Facts: the customer, the instant as text, and the further columns given."""
    fields = {"customer_id": pa.string(), "at": pa.int64(), **columns}
    records = [(who, None if at is None else micros_of(datetime.fromisoformat(at)), *rest) for who, at, *rest in rows]
    return pa.table(
        {name: pa.array([row[n] for row in records], kind) for n, (name, kind) in enumerate(fields.items())}
    )


def scope_of(engine: Engine, profile: pa.Table, **facts: pa.Table) -> Scope:
    tables = {name: engine.from_arrow(table) for name, table in facts.items()}
    return Scope(engine.from_arrow(profile), AS_OF, ZONE, tables)


def answers(engine: Engine, scope: Scope, criteria: Sequence[Criteria]) -> list[dict[str, Any]]:
    """The prepared rows by customer, each condition's answer as `answer_0`, `answer_1` …"""
    table, conditions = scope.apply(criteria)
    answered = table.mutate(**{f"answer_{number}": holds for number, holds in enumerate(conditions)})
    return list(engine.arrow(answered.order_by("customer_id")).to_pylist())


def matches(engine: Engine, scope: Scope, condition: object) -> str:
    """The last digits of the customers of whom a condition holds, by the engine and row by row alike."""
    criteria = parse(condition)
    rows = answers(engine, scope, [criteria])
    by_row = [criteria.holds(row, as_of=scope.as_of, zone=scope.zone) for row in rows]
    assert [row["answer_0"] for row in rows] == by_row
    return "".join(row["customer_id"][-1] for row in rows if row["answer_0"])
