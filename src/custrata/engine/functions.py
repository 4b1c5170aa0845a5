"""Functions that Ibis lacks and every method may use: discrete quantiles and exact decimal division.

What an engine calls them is its own matter: `custrata.engine.duck` and `custrata.engine.spark` hold the list of
differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, cast

import ibis
import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
from ibis.expr.operations.reductions import Filterable

Number = int | Decimal
Share = Fraction | Decimal


class DiscreteQuantile(Filterable, ops.Reduction):
    """The smallest value whose cumulative share is at least `quantile`: an operation every engine compiles itself."""

    arg: ops.Value
    quantile: ops.Value[dt.Numeric]

    dtype = rlz.dtype_like("arg")


class Unscaled(ops.Value):
    """A whole number times 10^-places, as a decimal: Ibis finds no common type for the two factors."""

    arg: ops.Value[dt.Integer]
    places: int

    shape = rlz.shape_like("arg")

    @property
    def dtype(self) -> dt.DataType:
        return dt.Decimal(18, self.places)


class WholeUnits(ops.Value):
    """A number of at most `places` decimal places times 10^places, as a whole number of 38 digits."""

    arg: ops.Value[dt.Numeric]
    places: int

    shape = rlz.shape_like("arg")
    dtype = dt.Decimal(38, 0)


class Quotient(ops.Value):
    """`numerator ÷ denominator` of decimals, rounded half away from zero to `places`; empty where the divisor is 0.

    Worked out in whole numbers of 38 digits, in units of 10^-scale; `whole` leaves the result in units of 10^-places.
    """

    numerator: ops.Value[dt.Numeric]
    denominator: ops.Value[dt.Numeric]
    scale: int
    places: int
    whole: bool = False

    @property
    def shape(self) -> ds.DataShape:
        return rlz.highest_precedence_shape((self.numerator, self.denominator))

    @property
    def dtype(self) -> dt.DataType:
        return dt.Decimal(38, 0 if self.whole else self.places)


class EpochMicros(ops.Unary):
    """Microseconds since 1970-01-01 UTC."""

    dtype = dt.int64


class DateFromDay(ops.Unary):
    """The date so many days after 1970-01-01: added as an interval, DuckDB would make it a timestamp."""

    arg: ops.Value[dt.Integer]
    dtype = dt.date


class InstantFromMicros(ops.Unary):
    """The UTC instant that many microseconds after 1970-01-01."""

    dtype = dt.Timestamp(timezone="UTC", scale=6)


def discrete_quantile(column: ir.Column, share: float, where: ir.BooleanValue | None = None) -> ir.Scalar:
    """The exact discrete quantile, a value that occurs: rank ⌈share·n⌉ of the n values from below, nulls left out.

    >>> import ibis
    >>> days = ibis.memtable({"gap": [1, 2, 2, 9]})
    >>> int(discrete_quantile(days.gap, 0.5).execute())
    2
    """
    return cast(ir.Scalar, DiscreteQuantile(column, quantile=share, where=where).to_expr())


def values_at_shares(
    table: ir.Table, columns: Sequence[str], shares: Sequence[Share]
) -> dict[str, list[Number | None]]:
    """For each column the values at rank ⌈s·n⌉ from below of its n values; `None` where it has none.

    >>> import ibis
    >>> t = ibis.memtable({"v": [1, 2, 2, 4, 5]})
    >>> values_at_shares(t, ["v"], [Fraction(k, 5) for k in (1, 2, 3, 4)])
    {'v': [1, 2, 2, 4]}
    """
    requests = {(name, number): (name, share) for name in columns for number, share in enumerate(shares)}
    values = values_at_share(table, {f"{name}_{number}": value for (name, number), value in requests.items()})
    return {name: [values[f"{name}_{number}"] for number in range(len(shares))] for name in columns}


def values_at_share(table: ir.Table, requests: Mapping[str, tuple[str, Share]]) -> dict[str, Number | None]:
    """The same, each value asked for by a name of its own: the column, and its share. In one aggregate after a count.

    The rank is worked out in whole numbers and the engine asked for the middle of its step: a float share times n
    can land on the wrong side of a whole number.

    >>> import ibis
    >>> values_at_share(ibis.memtable({"v": [1, 2, 2, 4, 5]}), {"line": ("v", Fraction(4, 5))})
    {'line': 4}
    """
    columns = dict.fromkeys(column for column, _ in requests.values())
    if not columns:
        return {}
    counts = only_row(table.aggregate(**{column: table[column].count() for column in columns}))
    quantiles = {
        name: discrete_quantile(table[column], _middle(Fraction(share), counts[column]))
        for name, (column, share) in requests.items()
        if counts[column]
    }
    values = only_row(table.aggregate(**quantiles)) if quantiles else {}
    for name, (column, share) in requests.items():
        if values.get(name) is not None and _beyond_double(values[name]):
            values[name] = _among_near(table[column], values[name], _rank(Fraction(share), counts[column]))
    return {name: values.get(name) for name in requests}


def _beyond_double(value: Number) -> bool:
    """Whether a double cannot tell a value from its neighbours: some engines look for a quantile among doubles."""
    places = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 0
    return bool(abs(value) * 10**places >= 2**53)


def _among_near(column: ir.Column, value: Number, rank: int) -> Number:
    """Of the few values that are one double, the one at the rank from below."""
    values = column.as_table()
    own = values[values.columns[0]]
    double, mark = own.cast("float64"), ibis.literal(float(value), "float64")
    before = int(only_row(values.aggregate(before=own.count(where=double < mark)))["before"])
    near = values.filter(double == mark).group_by(value=own).aggregate(many=own.count()).order_by("value")
    for row in near.to_pyarrow().to_pylist():
        before += row["many"]
        if before >= rank:
            return cast(Number, row["value"])
    return value


def only_row(table: ir.Table) -> dict[str, Any]:
    """The one row of an aggregate, as Python values."""
    return cast(dict[str, Any], table.to_pyarrow().to_pylist()[0])


def _rank(share: Fraction, count: int) -> int:
    return max(1, ceil(share * count))


def _middle(share: Fraction, count: int) -> float:
    return float((_rank(share, count) - Fraction(1, 2)) / count)


def divide(numerator: ir.NumericValue, denominator: ir.NumericValue, places: int = 2) -> ir.DecimalValue:
    """`numerator ÷ denominator` to so many places, rounded half away from zero; empty where the divisor is 0.

    Both are whole numbers or decimals. Two whole numbers give DECIMAL(18, places), exactly while the numerator times
    2·10^places stays below 9·10¹⁸ and the result has no more digits; decimals give DECIMAL(38, places), exactly up to
    10²⁴ with two places and six in the result.

    >>> import ibis
    >>> t = ibis.memtable({"net": [5, -5], "orders": [8, 8]})
    >>> divide(t.net, t.orders, 2).execute().tolist()
    [Decimal('0.63'), Decimal('-0.63')]
    """
    if not (numerator.type().is_integer() and denominator.type().is_integer()):
        return quotient(numerator, denominator, places)
    top = whole_number(numerator) * ibis.literal(2 * 10**places, "int64")
    bottom = whole_number(denominator)
    divisor = bottom.abs().nullif(0)
    magnitude = (top.abs() + divisor) // (divisor * ibis.literal(2, "int64"))
    sign = (top.sign() * bottom.sign()).cast("int64")
    return unscaled(cast(ir.IntegerValue, sign * magnitude.cast("int64")), places)


def quotient(
    numerator: ir.NumericValue, denominator: ir.NumericValue, places: int, *, whole: bool = False
) -> ir.DecimalValue:
    """The same as DECIMAL(38, places), of whole numbers too: for many places, and for numerators of any size.

    `whole` gives it times 10^places, a whole number as DECIMAL(38, 0).

    >>> import ibis
    >>> t = ibis.memtable({"part": [2], "whole": [3]})
    >>> quotient(t.part, t.whole, 17).execute().tolist()
    [Decimal('0.66666666666666667')]
    """
    scale = max(_places(numerator), _places(denominator))
    return cast(ir.DecimalValue, Quotient(numerator, denominator, scale=scale, places=places, whole=whole).to_expr())


def whole_units(value: ir.NumericValue, places: int) -> ir.DecimalValue:
    """A whole number or a decimal of at most so many `places` in units of 10^-places, as DECIMAL(38, 0).

    >>> import ibis
    >>> share = ibis.literal("0.25").cast("decimal(18, 17)")
    >>> whole_units(share, 18).execute()
    Decimal('250000000000000000')
    """
    if _places(value) > places:
        raise ValueError(f"a value of {_places(value)} places is no whole number of units of {places}")
    return cast(ir.DecimalValue, WholeUnits(value, places=places).to_expr())


def whole_number(value: ir.NumericValue) -> ir.IntegerValue:
    """A whole number in 64 bits, whatever the engine made of it: Ibis often knows a wider type than the engine has."""
    return cast(ir.IntegerValue, ops.Cast(value, to=dt.int64).to_expr())


def unscaled(whole: ir.IntegerValue, places: int) -> ir.DecimalValue:
    """A whole number of tenths, hundredths … as DECIMAL(18, places).

    >>> import ibis
    >>> unscaled(ibis.literal(1234, "int64"), 2).execute()
    Decimal('12.34')
    """
    return cast(ir.DecimalValue, Unscaled(whole, places=places).to_expr())


def epoch_micros(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970-01-01 UTC; a timestamp without a zone is read as UTC."""
    return cast(ir.IntegerValue, EpochMicros(instant).to_expr())


def instant_from_micros(micros: ir.IntegerValue) -> ir.TimestampValue:
    """The UTC instant that many microseconds after 1970-01-01."""
    return cast(ir.TimestampValue, InstantFromMicros(micros).to_expr())


def date_from_day(day: ir.IntegerValue) -> ir.DateValue:
    """The date so many days after 1970-01-01."""
    return cast(ir.DateValue, DateFromDay(day.cast("int32")).to_expr())


def _places(value: ir.NumericValue) -> int:
    dtype = value.type()
    return (dtype.scale or 0) if isinstance(dtype, dt.Decimal) else 0
