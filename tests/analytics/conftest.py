"""Small tables of orders on any engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from custrata.analytics.traits import CATALOGUE
from custrata.engine import Engine

Row = tuple[Any, ...]
MakeOrders = Callable[..., ir.Table]
MakeProfile = Callable[..., ir.Table]

FIELDS = {
    "customer_id": pa.string(),
    "order_id": pa.string(),
    "ordered_at": pa.string(),
    "amount": pa.decimal128(18, 2),
    "kind": pa.string(),
    "status": pa.string(),
    "discount": pa.decimal128(18, 2),
    "refund": pa.decimal128(18, 2),
    "returns_order_id": pa.string(),
    "channel": pa.string(),
    "store": pa.string(),
}
DEFAULTS: dict[str, Any] = {"kind": "sale", "status": "completed", "refund": Decimal(0)}


def orders_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of orders as an Arrow table; what a row leaves out is a plain sale."""
    filled = []
    for number, row in enumerate(rows):
        whole: dict[str, Any] = {"order_id": str(number), **DEFAULTS, **row}
        for name in ("amount", "discount", "refund"):
            whole[name] = None if whole.get(name) is None else Decimal(str(whole[name])).quantize(Decimal("0.01"))
        filled.append(whole)
    return pa.table({name: pa.array([row.get(name) for row in filled], kind) for name, kind in FIELDS.items()})


@pytest.fixture
def make_orders(engine: Engine) -> MakeOrders:
    """`make_orders(("a", "2025-01-01", 10), …)`: customer, day or time, amount, and a mapping of anything else."""

    def make(*rows: Row) -> ir.Table:
        named = [
            {"customer_id": row[0], "ordered_at": row[1], "amount": row[2], **(row[3] if len(row) > 3 else {})}
            for row in rows
        ]
        return engine.from_arrow(orders_table(named))

    return make


@pytest.fixture
def make_profile(engine: Engine) -> MakeProfile:
    """`make_profile({"a": {"orders": 2}, …})`: traits by customer; what is not said is empty, or 0 where it counts."""

    def make(customers: Mapping[str, Mapping[str, Any]], **more: pa.DataType) -> ir.Table:
        return engine.from_arrow(profile_table(customers, **more))

    return make


def profile_table(customers: Mapping[str, Mapping[str, Any]], **more: pa.DataType) -> pa.Table:
    """A profile with the traits that any of the customers has, and columns of `more` types besides."""
    named = {name for traits in customers.values() for name in traits}
    columns: dict[str, Any] = {"customer_id": pa.array(list(customers), pa.string())}
    for name in sorted(named):
        trait = CATALOGUE.get(name)
        kind = more[name] if trait is None else dt.dtype(trait.type).to_pyarrow()
        absent = 0 if trait is not None and trait.zero else None
        columns[name] = pa.array([_exact(traits.get(name, absent), kind) for traits in customers.values()], kind)
    return pa.table(columns)


def _exact(value: Any, kind: pa.DataType) -> Any:
    return (
        Decimal(str(value)).quantize(Decimal(1).scaleb(-kind.scale)) if pa.types.is_decimal(kind) and value else value
    )


def by_customer(table: ir.Table, *columns: str) -> dict[str, Any]:
    """A result as `customer → value`, or tuple of values."""
    rows = table.select("customer_id", *columns).to_pyarrow().to_pylist()
    return {
        row["customer_id"]: row[columns[0]] if len(columns) == 1 else tuple(row[name] for name in columns)
        for row in rows
    }
