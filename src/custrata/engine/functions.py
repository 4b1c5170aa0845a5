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
    asked = {(name, number): (name, share) for name in columns for number, share in enumerate(shares)}
    found = values_at_share(table, {f"{name}_{number}": value for (name, number), value in asked.items()})
    return {name: [found[f"{name}_{number}"] for number in range(len(shares))] for name in columns}


def values_at_share(table: ir.Table, asked: Mapping[str, tuple[str, Share]]) -> dict[str, Number | None]:
    """The same, each value asked for by a name of its own: the column, and its share. In one aggregate after a count.

    The rank is worked out in whole numbers and the engine asked for the middle of its step: a float share times n
    can land on the wrong side of a whole number.

    >>> import ibis
    >>> values_at_share(ibis.memtable({"v": [1, 2, 2, 4, 5]}), {"line": ("v", Fraction(4, 5))})
    {'line': 4}
    """
    columns = dict.fromkeys(column for column, _ in asked.values())
    if not columns:
        return {}
    counts = only_row(table.aggregate(**{column: table[column].count() for column in columns}))
    quantiles = {
        name: discrete_quantile(table[column], _middle(Fraction(share), counts[column]))
        for name, (column, share) in asked.items()
        if counts[column]
    }
    found = only_row(table.aggregate(**quantiles)) if quantiles else {}
    return {name: found.get(name) for name in asked}


def only_row(table: ir.Table) -> dict[str, Any]:
    """The one row of an aggregate, as Python values."""
    return cast(dict[str, Any], table.to_pyarrow().to_pylist()[0])


def _middle(share: Fraction, count: int) -> float:
    rank = max(1, ceil(share * count))
    return float((rank - Fraction(1, 2)) / count)


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
