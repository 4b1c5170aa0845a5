"""Lines that part a population into tiers, exactly and with ties decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine.functions import Number, only_row, values_at_shares


@dataclass(frozen=True)
class Step:
    """One rung: the tier, and the line at which it begins."""

    tier: str
    line: Number


@dataclass(frozen=True)
class Ladder:
    """Steps from the best tier down; a value at or beyond a line is in, whoever meets none is in `lowest`.

    `less_is_better` turns the ladder round: a value at or below a line is in.

    >>> ladder = Ladder((Step("gold", 100), Step("silver", 50)), "basic")
    >>> spend = ibis.memtable({"spend": [100, 99, 50, 49, None]}).spend
    >>> ladder.tier(spend).execute().tolist()
    ['gold', 'silver', 'silver', 'basic', 'basic']
    >>> ladder.next_step("silver")
    Step(tier='gold', line=100)
    """

    steps: tuple[Step, ...]
    lowest: str
    less_is_better: bool = False

    def tier(self, value: ir.NumericValue) -> ir.StringValue:
        """The tier of each value, as an expression."""
        lowest = ibis.literal(self.lowest)
        if not self.steps:
            return cast(ir.StringValue, ibis.ifelse(value.isnull(), lowest, lowest))
        branches = [
            (meets(value, step.line, less_is_better=self.less_is_better), ibis.literal(step.tier))
            for step in self.steps
        ]
        return cast(ir.StringValue, ibis.cases(*branches, else_=lowest))

    def next_step(self, tier: str) -> Step | None:
        """The step above a tier, if there is one; of steps at one line the best, since whoever meets it is there."""
        tiers = [step.tier for step in self.steps]
        above = self.steps[: tiers.index(tier)] if tier in tiers else self.steps
        return next((step for step in above if step.line == above[-1].line), None)

    def own_step(self, tier: str) -> Step | None:
        """The step of a tier; the lowest has none."""
        return next((step for step in self.steps if step.tier == tier), None)


def meets(value: ir.NumericValue, line: Number, *, less_is_better: bool = False) -> ir.BooleanValue:
    """Whether each value is at or beyond a line; empty where there is none."""
    mark = mark_of(line, value.type())
    return cast(ir.BooleanValue, value <= mark if less_is_better else value >= mark)


def mark_of(line: Number, kind: dt.DataType) -> ir.Scalar:
    """The line as a literal that no column type rounds, to compare with values of the type `kind`."""
    if not isinstance(line, Decimal):
        return ibis.literal(line)
    places = max(0, -int(line.normalize().as_tuple().exponent))
    if not isinstance(kind, dt.Decimal):
        return ibis.literal(line, type=dt.Decimal(38, places)) if places else ibis.literal(int(line))
    return ibis.literal(line, type=kind if places <= (kind.scale or 0) else dt.Decimal(38, places))


def quantile_ladder(
    table: ir.Table,
    column: str,
    tiers: Sequence[str],
    shares: Sequence[Fraction | Decimal],
    *,
    less_is_better: bool = False,
) -> Ladder:
    """The ladder whose first tiers hold the given cumulated shares of the values, from the best; nulls stand outside.

    The line of cumulated share s is the value at rank ⌈s·n⌉ from the best, so equal values share the better tier.

    >>> customers = ibis.memtable({"orders": [9, 5, 5, 2, 1]})
    >>> quantile_ladder(customers, "orders", ("high", "mid", "low"), (Fraction(1, 5), Fraction(1, 2))).steps
    (Step(tier='high', line=9), Step(tier='mid', line=5))
    """
    value = table[column]
    worth = table.select(worth=value if less_is_better else -value)
    lines = values_at_shares(worth, ["worth"], shares)["worth"]
    steps = [
        Step(tier, line if less_is_better else -line)
        for tier, line in zip(tiers, lines, strict=False)
        if line is not None
    ]
    return Ladder(tuple(steps), tiers[-1], less_is_better)


def pareto_ladder(table: ir.Table, column: str, tiers: Sequence[str], shares: Sequence[Fraction | Decimal]) -> Ladder:
    """The ladder of an ABC analysis: from the best down, the smallest set that holds each share of all positive value.

    Equal values share the better tier; values of nought or less are in the last.

    >>> customers = ibis.memtable({"spend": [70, 10, 10, 5, 5, 0]})
    >>> pareto_ladder(customers, "spend", ("A", "B", "C"), (Decimal("0.8"), Decimal("0.95"))).steps
    (Step(tier='A', line=10), Step(tier='B', line=5))
    """
    values = table.select(value=table[column])
    positive = values.filter(values.value > 0)
    by_value = positive.group_by("value").aggregate(held=positive.value.sum())
    down = ibis.window(order_by=by_value.value.desc(), rows=(None, 0))
    running = by_value.mutate(cumulated=by_value.held.sum().over(down), total=by_value.held.sum().over(ibis.window()))
    exact = [Fraction(share) for share in shares]
    reached = {
        f"line{number}": running.value.max(
            where=running.cumulated * share.denominator >= running.total * share.numerator
        )
        for number, share in enumerate(exact)
    }
    found = only_row(running.aggregate(**reached))
    held = [(tier, found[f"line{number}"]) for number, tier in enumerate(tiers[:-1])]
    return Ladder(tuple(Step(tier, line) for tier, line in held if line is not None), tiers[-1])
