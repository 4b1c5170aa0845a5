"""Checks that a method can read the values of a table, so that bad ones raise an error before the engine fails."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine.functions import only_row
from custrata.errors import BadInput
from custrata.schema import FEEDBACK, FEEDBACK_KINDS, INSTANT, ORDER_KINDS, ORDER_STATUSES, ORDERS, TableSpec

WORDS = {
    (ORDERS.name, "kind"): ORDER_KINDS,
    (ORDERS.name, "status"): ORDER_STATUSES,
    (FEEDBACK.name, "kind"): FEEDBACK_KINDS,
}
LARGEST = 10**15
EXACT = 2**53  # up to here a floating-point number has every whole number
MOST_WORDS = 5


class UnreadableValues(BadInput):
    template = (
        "{many} values of “{column}” cannot be read as {kind}, for example {value}. Correct or leave out those rows."
    )


class UnreliableIds(BadInput):
    template = (
        "The column “{column}” stores IDs as floating-point numbers, and {many} of them, such as {value}, have lost "
        "digits. Read the column as text."
    )


class TooLargeValues(BadInput):
    template = (
        "{many} values of “{column}” are larger than {limit}, for example {value}. Correct or leave out those rows."
    )


class UnknownWords(BadInput):
    template = "The column “{column}” has unknown values: {words}. The known values are {known}."


class RepeatedOrders(BadInput):
    template = (
        "{many} order numbers appear on several rows that differ, for example {example}: these may be order lines. "
        "Sum them up to one row per order, or pass them as lines."
    )


def check_values(table: ir.Table, spec: TableSpec, called: Mapping[str, str]) -> None:
    """Check the columns that a cast could fail on or silently change; `called` are their names in the table.

    Raises `UnreadableValues`, `TooLargeValues`, `UnreliableIds`, `UnknownWords`.
    """
    checks: dict[str, ir.Value] = {}
    for name, own in called.items():
        for fault, bad in _faults(table[own], spec, name).items():
            text = table[own].cast("string")
            checks |= {f"{name} {fault}": bad.fill_null(False).sum(), f"{name} {fault} value": text.min(where=bad)}
    counts = only_row(table.aggregate(**checks)) if checks else {}
    for name, own in called.items():
        for fault in ("unreadable", "large", "unreliable", "unknown"):
            if many := counts.get(f"{name} {fault}"):
                raise _refusal(fault, table[own], spec, name, many=many, value=counts[f"{name} {fault} value"])


def _faults(value: ir.Column, spec: TableSpec, name: str) -> dict[str, ir.BooleanValue]:
    """What may be wrong with the values of a column, by name of the fault."""
    kind, dtype = dt.dtype(spec[name].type), value.type()
    faults: dict[str, ir.BooleanValue] = {}
    if dtype.is_null() or dtype.copy(nullable=True) == kind.copy(nullable=True):
        words = WORDS.get((spec.name, name))
        return {"unknown": _unknown(value, words)} if words and dtype.is_string() else {}
    if dtype.is_string() and (kind.is_timestamp() or kind.is_numeric()):
        bad = value.notnull() & value.try_cast("timestamp" if kind.is_timestamp() else "float64").isnull()
        faults["unreadable"] = bad & value.try_cast(INSTANT).isnull() if kind.is_timestamp() else bad
    if isinstance(kind, dt.Decimal) and (dtype.is_string() or dtype.is_numeric()):
        real = cast(ir.FloatingValue, value.try_cast("float64"))
        limit = min(LARGEST, 10 ** ((kind.precision or 38) - (kind.scale or 0)) - 1)
        faults["large"] = (real.abs() > float(limit)) & ~real.isnan() & ~real.isinf()
    if kind.is_string() and name.endswith("_id") and (dtype.is_floating() or dtype.is_decimal()):
        real = cast(ir.FloatingValue, value.cast("float64"))
        most = EXACT if dtype.is_floating() else float("inf")
        faults["unreliable"] = (((real % 1) != 0) | (real.abs() > most)) & ~real.isnan()
    return faults


def _unknown(value: ir.Column, words: tuple[str, ...]) -> ir.BooleanValue:
    return value.notnull() & (value != "") & value.notin(words)


def _refusal(fault: str, column: ir.Column, spec: TableSpec, name: str, *, many: int, value: str) -> BadInput:
    own = column.get_name()
    if fault == "unreadable":
        return UnreadableValues(many=many, column=own, kind=spec[name].type, value=repr(value))
    if fault == "large":
        kind = dt.dtype(spec[name].type)
        limit = min(LARGEST, 10 ** ((kind.precision or 38) - (kind.scale or 0)) - 1)
        return TooLargeValues(many=many, column=own, limit=f"{limit:,}", value=value)
    if fault == "unreliable":
        return UnreliableIds(many=many, column=own, value=value)
    known_words = WORDS[spec.name, name]
    table = column.name("word").as_table().filter(lambda rows: _unknown(rows.word, known_words))
    counts = table.group_by("word").agg(rows=ibis._.count()).order_by(ibis.desc("rows"), "word").limit(MOST_WORDS)
    words = ", ".join(f"“{row['word']}” ({row['rows']})" for row in counts.to_pyarrow().to_pylist())
    return UnknownWords(column=own, words=words, known=", ".join(known_words))


def without_duplicates(orders: ir.Table) -> ir.Table:
    """The orders, each on one row, or on two where one of them gives it back: rows that say the very same count once,
    with a warning.

    Raises `RepeatedOrders` where rows of one number differ.
    """
    back = (orders.kind == "return").fill_null(False) | (orders.amount < 0).fill_null(False)
    numbered = orders.filter(orders.order_id.notnull()).mutate(back=back)
    place = numbered.order_id.hash() + numbered.back.cast("int64")
    counts = only_row(numbered.aggregate(rows=numbered.count(), hashes=place.nunique()))
    if counts["rows"] == counts["hashes"]:
        return orders
    key = ["order_id", "back"]
    several = numbered.group_by(key).agg(rows=numbered.count()).filter(ibis._.rows > 1)
    columns = [name for name in orders.columns if not orders[name].type().is_nested()]
    contents = numbered.semi_join(several, key).select(*columns, "back").distinct()
    differing = contents.group_by(key).agg(contents=ibis._.count()).filter(ibis._.contents > 1)
    duplicates = only_row(differing.aggregate(many=differing.count(), example=differing.order_id.min()))
    if duplicates["many"]:
        raise RepeatedOrders(**duplicates)
    again = only_row(several.aggregate(rows=(several.rows - 1).sum()))["rows"]
    if not again:  # two numbers with one hash
        return orders
    warnings.warn(f"{again} rows of orders say the very same as another row, and count once.", stacklevel=4)
    return orders.select(columns).distinct()
