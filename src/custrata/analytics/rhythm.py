"""A customer's rhythm, and silence measured in it: exact on every engine, so that no line is decided by rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import unscaled

PRIOR_GAPS = 5
# Two silences that differ at all differ by more than the twelfth place: their divisors stay below 10⁶, since the gaps
# of one customer fill no more than the days from the first order to the last.
PLACES = 12
SILENCE = f"decimal(18, {PLACES})"
STEP = 10**6


def gap_days(gaps: ir.Value, median: ir.Value, population: ir.Value | int) -> ir.IntegerValue:
    """n · own median + 5 · population median: the rhythm times n + 5, a whole number.

    `median` may be empty where there are no `gaps`.
    """
    own = gaps.cast("int64") * median.fill_null(0).cast("int64")
    common = ibis.literal(population, "int64") if isinstance(population, int) else population.cast("int64")
    return cast(ir.IntegerValue, own + common * PRIOR_GAPS)


def silence(days: ir.Value, gaps: ir.Value, usual: ir.IntegerValue) -> ir.DecimalValue:
    """`days` ÷ rhythm as DECIMAL(18, 12), cut off after the last place; `usual` as `gap_days` makes it.

    >>> gaps, median = ibis.literal(2), ibis.literal(20)
    >>> silence(ibis.literal(51), gaps, gap_days(gaps, median, 23)).execute()
    Decimal('2.303225806451')
    """
    weighted = cast(ir.IntegerValue, days.cast("int64") * (gaps.cast("int64") + PRIOR_GAPS))
    divisor = usual.nullif(0)
    # In two steps of six places: one of twelve would run over.
    whole, rest = weighted // divisor, (weighted % divisor) * STEP
    first, second = rest // divisor, (rest % divisor) * STEP // divisor
    return unscaled(cast(ir.IntegerValue, ((whole * STEP + first) * STEP + second).cast("int64")), PLACES)


def silence_line(line: Fraction) -> ir.DecimalValue:
    """A line cut off like the silences, so that `silence >= line` says the same as of the exact numbers.

    >>> silence_line(Fraction(43, 8)).execute()
    Decimal('5.375000000000')
    """
    return unscaled(ibis.literal(int(line * STEP**2), "int64"), PLACES)
