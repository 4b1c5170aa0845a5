"""Whether a column passes a test, as an expression that is true or false and never empty."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.criteria.moment import Moment
from custrata.criteria.nodes import Test
from custrata.criteria.operators import kind_of
from custrata.criteria.texts import caseless, caseless_column, filled_column
from custrata.criteria.values import dates, decimals
from custrata.engine.days import as_date, local_day

EXACT = Context(prec=60)
WIDEST = 38
YEAR = 365


def passes(value: ir.Value, test: Test, moment: Moment, line: Decimal | float | None = None) -> ir.BooleanValue:
    """Whether each value passes; an empty one passes `unknown` alone. `line` is that of a test of the population."""
    value = null_if_blank(value)
    if test.operator == "unknown":
        return cast(ir.BooleanValue, value.isnull())
    if test.operator == "known":
        return cast(ir.BooleanValue, value.notnull())
    return cast(ir.BooleanValue, _passes_known(value, test, moment, line) & value.notnull())


def null_if_blank(value: ir.Value) -> ir.Value:
    """The value; null where a float is NaN or a text is blank."""
    if value.type().is_string():
        return filled_column(cast(ir.StringValue, value))
    if not value.type().is_floating():
        return value
    wide = value.cast("float64")
    return cast(ir.Value, wide.isnan().ifelse(ibis.null("float64"), wide))


def _passes_known(value: ir.Value, test: Test, moment: Moment, line: Decimal | float | None) -> ir.Value:
    match kind_of(value.type()):
        case "number":
            return _number(cast(ir.NumericValue, value), test, line)
        case "text":
            return _text(cast(ir.StringValue, value), test)
        case "truth":
            return value if test.truth else ~cast(ir.BooleanValue, value)
        case _:
            return _day(_as_day(value, moment), test, moment)


def _number(value: ir.NumericValue, test: Test, line: Decimal | float | None) -> ir.Value:
    if test.share is not None:
        if line is None:
            return value.isnull()
        mark = _mark(line, value.type())
        return value >= mark if test.operator == "top" else value <= mark
    low, high = (*decimals(test.value, *test.values),) * 2 if test.value is not None else decimals(*test.values)
    match test.operator:
        case "=" | "between":
            return (value >= _up(low, value)) & (value <= _down(high, value))
        case "!=":
            return (value < _up(low, value)) | (value > _down(high, value))
        case ">":
            return value > _down(low, value)
        case ">=":
            return value >= _up(low, value)
        case "<":
            return value < _up(low, value)
        case _:
            return value <= _down(low, value)


def _up(line: Decimal, value: ir.NumericValue) -> ir.Scalar:
    return _mark(_rounded(line, value.type(), ROUND_CEILING), value.type())


def _down(line: Decimal, value: ir.NumericValue) -> ir.Scalar:
    return _mark(_rounded(line, value.type(), ROUND_FLOOR), value.type())


def _rounded(line: Decimal, dtype: dt.DataType, way: str) -> Decimal:
    """The next line that the column's type can hold, so that no engine has to round one of the two."""
    if dtype.is_floating():
        return line
    return line.quantize(Decimal(1).scaleb(-_places(dtype)), way, EXACT)


def _mark(line: Decimal | float, dtype: dt.DataType) -> ir.Scalar:
    if dtype.is_floating():
        return ibis.literal(float(line), "float64")
    if not isinstance(dtype, dt.Decimal):
        return ibis.literal(int(line), "int64")
    line = Decimal(line)
    fits = line.is_zero() or line.adjusted() < (dtype.precision or WIDEST) - _places(dtype)
    return ibis.literal(line, dtype if fits else dt.Decimal(WIDEST, _places(dtype)))


def _places(dtype: dt.DataType) -> int:
    return (dtype.scale or 0) if isinstance(dtype, dt.Decimal) else 0


def _text(value: ir.StringValue, test: Test) -> ir.Value:
    match test.operator:
        case "=":
            return value == test.value
        case "!=":
            return value != test.value
        case "in":
            return value.isin(test.values)
        case "not_in":
            return ~value.isin(test.values)
        case "contains":
            return caseless_column(value).contains(caseless(str(test.value)))
        case _:
            return caseless_column(value).startswith(caseless(str(test.value)))


def _as_day(value: ir.Value, moment: Moment) -> ir.DateValue:
    if value.type().is_date():
        return cast(ir.DateValue, value)
    return as_date(local_day(cast(ir.TimestampValue, value), moment.zone))


def _day(day: ir.DateValue, test: Test, moment: Moment) -> ir.Value:
    if test.days is not None:
        first, last = moment.span(test.operator, test.days)
        if test.operator == "anniversary_within_next":
            return day.notnull() if test.days >= YEAR else _anniversary(day, first, last)
        inside = day.between(_literal(first), _literal(last))
        return ~inside if test.operator.startswith("not") else inside
    marks = [_literal(day) for day in dates(test.value, *test.values)]
    match test.operator:
        case "before":
            return day < marks[0]
        case "after":
            return day > marks[0]
        case "on":
            return day == marks[0]
        case _:
            return day.between(*marks)


def _anniversary(day: ir.DateValue, first: date, last: date) -> ir.Value:
    """Whether month and day come by between two days less than a year apart; 29 February does on the 28th as well,
    in a year that has no 29th."""
    key = day.month().cast("int32") * 100 + day.day().cast("int32")
    low, high = first.month * 100 + first.day, last.month * 100 + last.day
    if (last.month, last.day) == (2, 28) and not isleap(last.year):
        high += 1
    return (key >= low) & (key <= high) if first.year == last.year else (key >= low) | (key <= high)


def _literal(day: date) -> ir.Scalar:
    return ibis.literal(day, "date")


def has_tag(tags: ir.StringValue, tag: str, between: str) -> ir.BooleanValue:
    """Whether a tag is among those that a text holds."""
    joined = ibis.literal(between) + tags + ibis.literal(between)
    return cast(ir.BooleanValue, joined.contains(between + tag + between) & tags.notnull())


def every(parts: Sequence[ir.BooleanValue], empty: ir.BooleanValue) -> ir.BooleanValue:
    """All of them; `empty` where there are none."""
    return cast(ir.BooleanValue, ibis.and_(*parts)) if parts else empty


def some(parts: Sequence[ir.BooleanValue], empty: ir.BooleanValue) -> ir.BooleanValue:
    """One of them at least; `empty` where there are none."""
    return cast(ir.BooleanValue, ibis.or_(*parts)) if parts else empty
