"""From the tables people have to the canonical orders a method computes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, cast, runtime_checkable

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine import prepare
from custrata.engine.days import instant_of_wall
from custrata.engine.functions import epoch_micros, only_row
from custrata.errors import BadInput
from custrata.schema import FEEDBACK, INSTANT, MONEY, ORDER_LINES, ORDERS, PRODUCTS, TableSpec
from custrata.schema.tables import ORIGIN


@runtime_checkable
class ArrowStream(Protocol):
    """What pandas, Polars and Arrow tables have in common."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


TableLike: TypeAlias = ir.Table | ArrowStream | str | Path

# A time that says how far its clock is from UTC: 12:00Z, 12:00:00.5 +08:00.
OFFSET = r":\d\d(\.\d+)? ?([Zz]|[+-]\d\d(:?\d\d)?)$"


class LacksColumns(BadInput):
    template = (
        "The table lacks {missing}. It has {present}. Rename yours, or for orders columns={{'{first}': 'yours'}}."
    )


class UnknownColumns(BadInput):
    template = "There is no column {strange} to give a name to. The columns are {known}."


class UnknownTable(BadInput):
    template = "{given} is not a table: hand in an Ibis, Polars, pandas or Arrow table, or a path to CSV or Parquet."


class UnreadableValues(BadInput):
    template = "{many} values of “{column}” cannot be read as {kind}, {value} among them. Mend or leave out those rows."


class NoSuchFile(BadInput):
    template = "There is no file {path}."


def as_table(source: TableLike) -> ir.Table:
    """Any table as an Ibis table: Ibis as it is, Polars, pandas and Arrow in memory, a path to CSV or Parquet.

    >>> import polars
    >>> int(as_table(polars.DataFrame({"n": [1, 2]})).n.sum().execute())
    3
    """
    if isinstance(source, ir.Table):
        return prepare(source)
    if isinstance(source, str | Path):
        if not Path(source).exists():
            raise NoSuchFile(path=source)
        reader = ibis.read_parquet if Path(source).suffix.lower() == ".parquet" else ibis.read_csv
        return reader(str(source))
    if not isinstance(source, ArrowStream):
        raise UnknownTable(given=type(source).__name__)
    return ibis.memtable(source)


def canonical_orders(source: TableLike, zone: str, columns: Mapping[str, str] | None = None) -> ir.Table:
    """Orders with the canonical columns a method reads.

    Needed: `customer_id`, `order_id` (each once), `ordered_at`, `amount`. Taken where present: `kind` (default: a
    sale, or a return where the amount is negative), `status` (completed), `discount`, `refund` (0),
    `returns_order_id`, `channel`, `store`. Times without a zone are on the clock of `zone`. `columns` says what a
    canonical column is called in the table. A row without customer, time or amount counts for nothing.

    Raises `LacksColumns`, `UnknownColumns`.
    """
    needed = ("customer_id", "order_id", "ordered_at", "amount")
    table = canonical(source, ORDERS, needed, zone, columns)
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
    table, columns = as_table(source), columns or {}
    called = {column.name: columns.get(column.name, column.name) for column in spec if column not in ORIGIN}
    strange = [name for name in columns if name not in called]
    if strange:
        raise UnknownColumns(strange=", ".join(strange), known=", ".join(called))
    missing = [name for name in called if (name in needed or name in columns) and called[name] not in table.columns]
    if missing:
        present = ", ".join(table.columns)
        raise LacksColumns(missing=", ".join(missing), present=present, first=missing[0])
    _refuse_unreadable(table, spec, {name: own for name, own in called.items() if own in table.columns})
    return table.select(
        **{
            name: _typed(table[own], spec[name].type, zone) if own in table.columns else ibis.null(spec[name].type)
            for name, own in called.items()
        }
    )


def _refuse_unreadable(table: ir.Table, spec: TableSpec, called: Mapping[str, str]) -> None:
    """Look through the columns of text that must be times or numbers; other tables are not looked at.

    Raises `UnreadableValues`, since a row dropped in silence, or an engine's own error, would help nobody.
    """
    asked: dict[str, ir.Value] = {}
    for name, own in called.items():
        kind, text = dt.dtype(spec[name].type), table[own]
        if not text.type().is_string() or not (kind.is_timestamp() or kind.is_numeric()):
            continue
        bad = text.notnull() & text.try_cast("timestamp" if kind.is_timestamp() else "float64").isnull()
        if kind.is_timestamp():
            bad &= text.try_cast(INSTANT).isnull()
        asked |= {f"{name} many": bad.sum(), f"{name} value": text.min(where=bad)}
    found = only_row(table.aggregate(**asked)) if asked else {}
    for name, own in called.items():
        if found.get(f"{name} many"):
            value, many = repr(found[f"{name} value"]), found[f"{name} many"]
            raise UnreadableValues(many=many, column=own, kind=spec[name].type, value=value)


def _typed(value: ir.Value, kind: str, zone: str) -> ir.Value:
    dtype = dt.dtype(kind)
    if value.type().is_null():  # a column of nothing has no type
        return ibis.null(dtype)
    if isinstance(dtype, dt.Timestamp):
        return _instant(value, zone)
    if isinstance(dtype, dt.Decimal):
        return number(cast(ir.NumericValue, value), dtype.scale or 0)
    return value.cast(dtype)


def number(value: ir.NumericValue, places: int) -> ir.DecimalValue:
    """Any number, or a text of one, as DECIMAL(18, places), rounded half away from zero; not-a-number is nothing.

    A float goes through two places more first, so that the 2.675 somebody wrote is not the 2.67499… it is stored as.
    """
    dtype, wanted = value.type(), dt.Decimal(18, places)
    if isinstance(dtype, dt.Decimal) and (dtype.precision, dtype.scale) == (wanted.precision, wanted.scale):
        return cast(ir.DecimalValue, value)
    if isinstance(dtype, dt.Floating):
        real = cast(ir.FloatingValue, value)
        value = (real.isnan() | real.isinf()).ifelse(ibis.null(dtype), value).cast(dt.Decimal(18, places + 2))
    elif isinstance(dtype, dt.String):
        value = value.cast(dt.Decimal(38, 18))
    return cast(ir.DecimalValue, value.round(places).cast(wanted))


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
