"""Functions that Ibis lacks and every method may use: discrete quantiles and exact decimal division.

What an engine calls them is its own matter: `custrata.engine.duck` and `custrata.engine.spark` hold the list of
differences.
"""

from __future__ import annotations

from typing import cast

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz
import ibis.expr.types as ir
from ibis.expr.operations.reductions import Filterable


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


def divide(numerator: ir.NumericValue, denominator: ir.NumericValue, places: int = 2) -> ir.DecimalValue:
    """`numerator ÷ denominator` as DECIMAL(18, places), rounded half away from zero; empty where the divisor is 0.

    Both are whole numbers or decimals. The result is exact on every engine as long as the numerator, in units of its
    last place times 2·10^places, and the denominator, in units of its last place, stay below 4.5·10¹⁵ (for money by a
    count to two places: sums up to 225 billion).

    >>> import ibis
    >>> t = ibis.memtable({"net": [5, -5], "orders": [8, 8]})
    >>> divide(t.net, t.orders, 2).execute().tolist()
    [Decimal('0.63'), Decimal('-0.63')]
    """
    scale = max(_places(numerator), _places(denominator))
    top = _whole(numerator, scale) * (2 * 10**places)
    bottom = _whole(denominator, scale)
    divisor = bottom.abs().nullif(0)
    magnitude = (top.abs() + divisor) // (divisor * 2)
    sign = (top.sign() * bottom.sign()).cast("int64")
    whole = cast(ir.IntegerValue, sign * magnitude.cast("int64"))
    return unscaled(whole, places)


def part_of(part: ir.NumericValue, whole: ir.NumericValue) -> ir.DecimalValue:
    """`part ÷ whole` for 0 ≤ part ≤ whole as DECIMAL(18, 6), rounded half up; empty where the whole is 0.

    As `divide` with six places, but divided in two steps, so that wholes up to 10¹² units of the last place are exact
    (of money ten billion).

    >>> import ibis
    >>> t = ibis.memtable({"part": [2_000_000_000], "whole": [3_000_000_000]})
    >>> part_of(t.part, t.whole).execute().tolist()
    [Decimal('0.666667')]
    """
    scale = max(_places(part), _places(whole))
    top, bottom = _whole(part, scale) * 1000, _whole(whole, scale).nullif(0)
    thousandths, rest = top // bottom, top % bottom
    millionths = (rest * 2000 + bottom) // (bottom * 2)
    return unscaled(cast(ir.IntegerValue, (thousandths * 1000 + millionths).cast("int64")), 6)


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


def _whole(value: ir.NumericValue, scale: int) -> ir.IntegerValue:
    """The value in units of 10^-scale: through a double, exact below 2^52, since wide decimals are slow everywhere."""
    if _places(value) == 0 and scale == 0:
        return value.cast("int64")
    return cast(ir.IntegerValue, (value.cast("float64") * 10**scale).round().cast("int64"))
