"""Histograms: the distribution of values in bins of equal width."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder
from custrata.engine import Engine
from custrata.engine.functions import discrete_quantile, only_row


@dataclass(frozen=True)
class Distribution:
    """Values in bins: `edges` has one more than `counts`; the outer bins include all values beyond them.

    `ladder` are the lines drawn through the values, `customers` how many have one, `unit` that of the values. The edges
    are floats, for a picture; `lowest` and `highest` are exact.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    ladder: Ladder | None
    customers: int
    unit: str
    lowest: Any = None
    highest: Any = None


def histogram(
    value: ir.Value, bins: int, engine: Engine, *, ladder: Ladder | None = None, unit: str = ""
) -> Distribution:
    """The distribution of a column; empty values are left out.

    >>> import ibis
    >>> from custrata.engine import connect
    >>> with connect() as duck:
    ...     table = duck.from_arrow(ibis.memtable({"orders": [1, 1, 2, 7, None]}).to_pyarrow())
    ...     histogram(table.orders.cast("int32"), 40, duck).counts
    (2, 1, 0, 0, 0, 0, 1)
    """
    table = value.as_table()
    column = table[table.columns[0]]
    ends = only_row(
        table.aggregate(
            customers=column.count(),
            lowest=column.min(),
            highest=column.max(),
            first=discrete_quantile(column, 0.01),
            last=discrete_quantile(column, 0.99),
        )
    )
    if not ends["customers"]:
        return Distribution((), (), ladder, 0, unit)
    low = float(ends["lowest"] if ends["lowest"] >= 0 else ends["first"])
    width, many = _bins(low, float(ends["last"]), bins, whole=column.type().is_integer())
    place = ibis.greatest(ibis.least(((column.cast("float64") - low) / width).floor().cast("int64"), many - 1), 0)
    binned = table.filter(column.notnull()).group_by(place=place).aggregate(customers=ibis._.count())
    counts = {row["place"]: row["customers"] for row in engine.arrow(binned).to_pylist()}
    return Distribution(
        tuple(low + width * number for number in range(many + 1)),
        tuple(counts.get(number, 0) for number in range(many)),
        ladder,
        ends["customers"],
        unit,
        ends["lowest"],
        ends["highest"],
    )


def _bins(low: float, high: float, bins: int, *, whole: bool) -> tuple[float, int]:
    """The width of a bin, and how many there are; whole numbers are never parted."""
    if whole:
        width = max(1, ceil((high - low + 1) / bins))
        return float(width), ceil((high - low + 1) / width)
    return ((high - low) / bins, bins) if high > low else (1.0, 1)
