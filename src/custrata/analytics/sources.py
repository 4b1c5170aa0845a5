"""From the tables people have to the canonical orders a method computes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol, TypeAlias, cast, runtime_checkable

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from custrata.analytics.fit import check_values, without_duplicates
from custrata.engine import prepare
from custrata.engine.days import instant_of_wall
from custrata.engine.functions import epoch_micros
from custrata.errors import BadInput
from custrata.schema import CUSTOMER_RECORDS, FEEDBACK, INSTANT, MONEY, ORDER_LINES, ORDERS, PRODUCTS, TableSpec
from custrata.schema.tables import ORIGIN


@runtime_checkable
class ArrowStream(Protocol):
    """What pandas, Polars and Arrow tables have in common."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


TableLike: TypeAlias = ir.Table | ArrowStream | str | Path


class FileReader(Protocol):
    """Reads a file of a kind of facts into a table with canonical columns."""

    def __call__(self, path: Path, spec: TableSpec, zone: str, columns: Mapping[str, str] | None) -> ir.Table: ...


READER = "custrata.ingest.read_file:read_for_method"  # a `FileReader` above this package: named, not imported

# A time that says how far its clock is from UTC: 12:00Z, 12:00:00.5 +08:00.
OFFSET = r":\d\d(\.\d+)? ?([Zz]|[+-]\d\d(:?\d\d)?)$"


class LacksColumns(BadInput):
    template = (
        "The table lacks {missing}. It has {present}. Rename your columns, or for orders use columns={{'{first}': "
        "'yours'}}."
    )


class UnknownColumns(BadInput):
    template = "There is no column {strange}. The columns are {known}."


class UnknownTable(BadInput):
    template = "{given} is not a table: pass an Ibis, Polars, pandas or Arrow table, or the path of a file."


class UnusableTable(BadInput):
    template = "The table cannot be used: {reason}. Give every column a single type."


def as_table(
    source: TableLike,
    spec: TableSpec = ORDERS,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Any table as an Ibis table: Ibis as it is, Polars, pandas and Arrow in memory; a file as an import reads it.

    Parameters: `spec` is the canonical table that a file holds rows of, on the clock of `zone`; `columns` what
    canonical columns are called in the file.

    Raises `UnknownTable`, `UnusableTable`, and for a file what `custrata.read` raises.

    >>> import polars
    >>> int(as_table(polars.DataFrame({"n": [1, 2]})).n.sum().execute())
    3
    """
    if isinstance(source, ir.Table):
        return prepare(source)
    if isinstance(source, str | Path):
        reader: FileReader = resolve_name(READER)
        return reader(Path(source), spec, zone, columns)
    if not isinstance(source, ArrowStream):
        raise UnknownTable(given=type(source).__name__)
    try:
        return ibis.memtable(pa.table(source))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UnusableTable(reason=str(error).partition("\n")[0][:200]) from error


def canonical_orders(source: TableLike, zone: str, columns: Mapping[str, str] | None = None) -> ir.Table:
    """Orders with the canonical columns a method reads.

    Needed: `customer_id`, `order_id` (each once), `ordered_at`, `amount`. Taken where present: `kind` (default: a
    sale, or a return where the amount is negative), `status` (completed), `discount`, `refund` (0),
    `returns_order_id`, `channel`, `store`. Times without a zone are on the clock of `zone`. `columns` says what a
    canonical column is called in the table. A row without customer, time or amount counts for nothing.

    Raises `LacksColumns`, `UnknownColumns`, `RepeatedOrders`, `UnknownWords`.
    """
    needed = ("customer_id", "order_id", "ordered_at", "amount")
    table = canonical(source, ORDERS, needed, zone, columns)
    if not isinstance(source, str | Path):
        table = without_duplicates(table)
    return table.mutate(
        kind=table.kind.fill_null(ibis.ifelse(table.amount < 0, "return", "sale")),
        status=table.status.fill_null("completed"),
        refund=table.refund.fill_null(ibis.literal(0).cast(MONEY)),
    )


def canonical_lines(source: TableLike, zone: str) -> ir.Table:
    """Order lines: `order_id` needed; `product_id`, `category`, `quantity`, `amount` taken where present.

    Raises `LacksColumns`.
    """
    return canonical(source, ORDER_LINES, ("order_id",), zone)


def canonical_products(source: TableLike, zone: str) -> ir.Table:
    """Products: `product_id` and `category`.

    Raises `LacksColumns`.
    """
    return canonical(source, PRODUCTS, ("product_id", "category"), zone)


def canonical_feedback(source: TableLike, zone: str) -> ir.Table:
    """Feedback: `customer_id`, `given_at`, `kind` and `score`.

    Raises `LacksColumns`.
    """
    return canonical(source, FEEDBACK, ("customer_id", "given_at", "kind", "score"), zone)


def canonical(
    source: TableLike, spec: TableSpec, needed: Sequence[str], zone: str, columns: Mapping[str, str] | None = None
) -> ir.Table:
    """The columns of `spec` out of any table, in their types; empty where the table lacks one that is not needed.

    Raises `LacksColumns`, `UnknownColumns`, `UnreadableValues`.
    """
    _refuse_strange(spec, columns or {})
    table, columns = as_table(source, spec, zone, columns), columns or {}
    if isinstance(source, str | Path):  # its columns have their canonical names and types by now
        return table.select([column.name for column in spec if column not in ORIGIN and column.name in table.columns])
    called = {column.name: columns.get(column.name, column.name) for column in spec if column not in ORIGIN}
    missing = [name for name in called if (name in needed or name in columns) and called[name] not in table.columns]
    if missing:
        present = ", ".join(table.columns)
        raise LacksColumns(missing=", ".join(missing), present=present, first=missing[0])
    there = {name: own for name, own in called.items() if own in table.columns}
    check_values(table, spec, there)
    return table.select(
        **{
            name: _typed(table[own], spec[name].type, zone) if own in table.columns else ibis.null(spec[name].type)
            for name, own in called.items()
        }
    )


def customer_table(source: TableLike, zone: str) -> ir.Table:
    """Customers with `customer_id` and columns of one's own.

    Raises `LacksColumns`, `UnreliableIds`.
    """
    table = as_table(source, CUSTOMER_RECORDS, zone)
    if "customer_id" not in table.columns:
        raise LacksColumns(missing="customer_id", present=", ".join(table.columns), first="customer_id")
    check_values(table, CUSTOMER_RECORDS, {"customer_id": "customer_id"})
    return table.mutate(customer_id=_typed(table.customer_id, "string", zone))


def _refuse_strange(spec: TableSpec, columns: Mapping[str, str]) -> None:
    names = [column.name for column in spec if column not in ORIGIN]
    if strange := [name for name in columns if name not in names]:
        raise UnknownColumns(strange=", ".join(strange), known=", ".join(names))


def _typed(value: ir.Value, kind: str, zone: str) -> ir.Value:
    dtype = dt.dtype(kind)
    if value.type().is_null():  # a column of nothing has no type
        return ibis.null(dtype)
    if isinstance(dtype, dt.Timestamp):
        return _instant(value, zone)
    if isinstance(dtype, dt.Decimal):
        return number(cast(ir.NumericValue, value), dtype.scale or 0)
    if isinstance(dtype, dt.String):
        return _text(value)
    return value.cast(dtype)


def _text(value: ir.Value) -> ir.Value:
    """A text; without the `.0` of a whole number that passed through a frame of floats; nothing where it is blank."""
    kind = value.type()
    if isinstance(kind, dt.Floating):
        real = cast(ir.FloatingValue, value)
        return (real.isnan() | real.isinf()).ifelse(ibis.null("int64"), real.cast("int64")).cast("string")
    if isinstance(kind, dt.Decimal):
        return value.cast(dt.Decimal(38, 0)).cast("string")
    return cast(ir.StringValue, value.cast("string")).nullif("")


def number(value: ir.NumericValue, places: int) -> ir.DecimalValue:
    """Any number, or a text of one, as DECIMAL(18, places), rounded half away from zero; not-a-number is nothing.

    A float goes through two places more first, so that the 2.675 somebody wrote is not the 2.67499… it is stored as.
    """
    dtype, target = value.type(), dt.Decimal(18, places)
    if isinstance(dtype, dt.Decimal) and (dtype.precision, dtype.scale) == (target.precision, target.scale):
        return cast(ir.DecimalValue, value)
    if isinstance(dtype, dt.Floating):
        real = cast(ir.FloatingValue, value)
        value = (real.isnan() | real.isinf()).ifelse(ibis.null(dtype), value).cast(dt.Decimal(18, places + 2))
    elif isinstance(dtype, dt.String):
        value = value.cast(dt.Decimal(38, 18))
    return cast(ir.DecimalValue, value.round(places).cast(target))


def exact(value: ir.Value) -> ir.NumericValue:
    """A value that lines may be drawn on: a float as a decimal of six places, yes and no as 1 and 0, others as is."""
    dtype = value.type()
    if isinstance(dtype, dt.Boolean):
        return cast(ir.NumericValue, value.cast("int32"))
    if not isinstance(dtype, dt.Floating):
        return cast(ir.NumericValue, value)
    real = cast(ir.FloatingValue, value)
    finite = (real.isnan() | real.isinf()).ifelse(ibis.null(dtype), real)
    return cast(ir.NumericValue, finite.cast(dt.Decimal(38, 8)).round(6).cast(dt.Decimal(38, 6)))


def _instant(value: ir.Value, zone: str) -> ir.Value:
    dtype = value.type()
    if isinstance(dtype, dt.Timestamp) and dtype.timezone is not None:
        return value
    on_the_clock = instant_of_wall(epoch_micros(cast(ir.TimestampValue, value.cast("timestamp"))), zone).cast(INSTANT)
    if not isinstance(dtype, dt.String):
        return on_the_clock
    offset = cast(ir.StringValue, value).re_search(OFFSET)
    return cast(ir.Value, offset.ifelse(value.cast(INSTANT), on_the_clock))
