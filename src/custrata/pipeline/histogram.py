"""Histograms: the distribution of values in bins of equal width."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder
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


@dataclass(frozen=True)
class Bins:
    """Bins of equal width from `low` on; the first and the last include all values beyond them."""

    low: float
    width: float
    number: int

    @property
    def edges(self) -> tuple[float, ...]:
        """The limits of the bins, one more than there are bins."""
        return tuple(self.low + self.width * place for place in range(self.number + 1))


def histogram(value: ir.Value, bins: Bins) -> tuple[int, ...]:
    """The number of values in each bin; empty values are left out.

    >>> import ibis
    >>> orders = ibis.memtable({"orders": [1, 1, 2, 7, None]}).orders
    >>> histogram(orders, Bins(low=1, width=2, number=3))
    (3, 0, 1)
    """
    table = value.name("value").as_table()
    place = ((table["value"].cast("float64") - bins.low) / bins.width).floor().cast("int64")
    rows = table.filter(table["value"].notnull())
    counted = rows.group_by(place=ibis.greatest(ibis.least(place, bins.number - 1), 0)).aggregate(
        customers=rows.count()
    )
    counts = {row["place"]: row["customers"] for row in counted.to_pyarrow().to_pylist()}
    return tuple(counts.get(place, 0) for place in range(bins.number))


def distribution_of(value: ir.Value, number: int, *, ladder: Ladder | None = None, unit: str = "") -> Distribution:
    """The distribution of a column in at most so many bins; empty values are left out.

    >>> import ibis
    >>> from custrata.engine import connect
    >>> with connect() as duck:
    ...     table = duck.from_arrow(ibis.memtable({"orders": [1, 1, 2, 7, None]}).to_pyarrow())
    ...     distribution_of(table.orders.cast("int32"), 40).counts
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
    bins = _bins(low, float(ends["last"]), number, whole=column.type().is_integer())
    counts = histogram(column, bins)
    return Distribution(bins.edges, counts, ladder, ends["customers"], unit, ends["lowest"], ends["highest"])


def _bins(low: float, high: float, number: int, *, whole: bool) -> Bins:
    """The bins between two values; whole numbers are never parted."""
    if whole:
        width = max(1, ceil((high - low + 1) / number))
        return Bins(low, float(width), ceil((high - low + 1) / width))
    return Bins(low, (high - low) / number, number) if high > low else Bins(low, 1.0, 1)
