"""From the tables people have to the canonical orders a method computes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine import prepare
from custrata.engine.days import instant_of_wall
from custrata.engine.functions import epoch_micros
from custrata.errors import BadInput
from custrata.schema import INSTANT, MONEY, ORDERS, PRICE


@runtime_checkable
class ArrowStream(Protocol):
    """What pandas, Polars and Arrow tables have in common."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


TableLike = ir.Table | ArrowStream | str | Path


class MissingColumns(BadInput):
    template = "The orders lack {missing}. They have {present}. Name yours with columns={{'{first}': 'your column'}}."


class UnknownTable(BadInput):
    template = "{given} is not a table: hand in an Ibis, Polars, pandas or Arrow table, or a path to CSV or Parquet."


class NoSuchFile(BadInput):
    template = "There is no file {path}."


def as_table(source: TableLike) -> ir.Table:
    """Any table as an Ibis table: Ibis as it is, Polars, pandas and Arrow in memory, a path to CSV or Parquet.

    >>> import polars
    >>> int(as_table(polars.DataFrame({"n": [1, 2]})).n.sum().execute())
    3
    """
    if isinstance(source, ir.Table):
        prepare(source)
        return source
    if isinstance(source, str | Path):
        if not Path(source).exists():
            raise NoSuchFile(path=source)
        reader = ibis.read_parquet if str(source).endswith(".parquet") else ibis.read_csv
        return reader(str(source))
    if not isinstance(source, ArrowStream):
        raise UnknownTable(given=type(source).__name__)
    return ibis.memtable(source)


def canonical_orders(source: TableLike, zone: str, columns: Mapping[str, str] | None = None) -> ir.Table:
    """Orders with the canonical columns a method reads.

    Needed: `customer_id`, `order_id`, `ordered_at`, `amount`. Taken where present: `kind` (default: a sale, or a
    return where the amount is negative), `status` (completed), `discount`, `refund` (0), `returns_order_id`,
    `channel`, `store`. Times without a zone are on the clock of `zone`. `columns` says what a canonical column is
    called in the table.

    Raises `MissingColumns`.
    """
    table = as_table(source)
    if columns:
        table = table.rename(dict(columns))
    needed = ("customer_id", "order_id", "ordered_at", "amount")
    missing = [name for name in needed if name not in table.columns]
    if missing:
        present = ", ".join(table.columns)
        raise MissingColumns(missing=", ".join(missing), present=present, first=missing[0])
    amount = money(table.amount)
    given: dict[str, ir.Value] = {
        "customer_id": table.customer_id.cast("string"),
        "order_id": table.order_id.cast("string"),
        "ordered_at": _instant(table.ordered_at, zone),
        "amount": amount,
        "kind": ibis.ifelse(amount < 0, "return", "sale"),
        "status": ibis.literal("completed"),
        "refund": ibis.literal(0).cast(MONEY),
    }
    for name in ("kind", "status", "returns_order_id", "channel", "store"):
        if name in table.columns:
            given[name] = table[name].cast("string")
    for name in ("discount", "refund"):
        if name in table.columns:
            given[name] = money(table[name])
    read = [column for column in ORDERS if column.name not in ("properties", "source", "import_id")]
    return table.select(
        **{
            column.name: given.get(column.name, ibis.null(column.type))
            for column in read
            if not column.name.endswith("_at") or column.name in given
        }
    )


def money(value: ir.NumericValue) -> ir.DecimalValue:
    """Any number as DECIMAL(18, 2), rounded half away from zero.

    A float goes through four places first, so that the 2.675 somebody wrote is not the 2.67499… it is stored as.
    """
    if value.type() == dt.dtype(MONEY):
        return cast(ir.DecimalValue, value)
    return cast(ir.DecimalValue, value.cast(PRICE).round(2).cast(MONEY))


def _instant(value: ir.Value, zone: str) -> ir.Value:
    dtype = value.type()
    if isinstance(dtype, dt.Timestamp) and dtype.timezone is not None:
        return value
    if isinstance(dtype, dt.String):
        value = value.cast("timestamp")
    return instant_of_wall(epoch_micros(cast(ir.TimestampValue, value.cast("timestamp"))), zone).cast(INSTANT)
