"""Lines that part a population into tiers, exactly and with ties decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, ulp
from typing import Any, cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine.functions import Number, only_row, values_at_shares


@dataclass(frozen=True)
class LadderStep:
    """One rung: the tier, and the line at which it begins."""

    tier: str
    line: Number


@dataclass(frozen=True)
class Ladder:
    """Steps from the best tier down; a value at or beyond a line is in, whoever meets none is in `lowest`.

    `less_is_better` turns the ladder round: a value at or below a line is in.

    >>> ladder = Ladder((LadderStep("gold", 100), LadderStep("silver", 50)), "basic")
    >>> spend = ibis.memtable({"spend": [100, 99, 50, 49, None]}).spend
    >>> ladder.tier(spend).execute().tolist()
    ['gold', 'silver', 'silver', 'basic', 'basic']
    >>> ladder.next_step("silver")
    LadderStep(tier='gold', line=100)
    """

    steps: tuple[LadderStep, ...]
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

    def next_step(self, tier: str) -> LadderStep | None:
        """The step above a tier, if there is one; of steps at one line the best, since whoever meets it is there."""
        tiers = [step.tier for step in self.steps]
        above = self.steps[: tiers.index(tier)] if tier in tiers else self.steps
        return next((step for step in above if step.line == above[-1].line), None)

    def own_step(self, tier: str) -> LadderStep | None:
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


@dataclass(frozen=True)
class TierShare:
    """The share of the customers a tier was meant to hold, and how many it holds."""

    tier: str
    share: Fraction
    customers: int

    def missed(self, of: int) -> bool:
        """Whether the tier is empty, or holds over twice its share of so many customers."""
        return self.customers == 0 or self.customers > 2 * self.share * of


@dataclass(frozen=True)
class QuantileCut:
    """A ladder drawn by shares of `customers`; `tied` says that equal values straddled a share, `tiers` the sizes."""

    ladder: Ladder
    customers: int
    tied: bool
    tiers: tuple[TierShare, ...]

    @property
    def missed(self) -> tuple[TierShare, ...]:
        """The tiers that equal values left empty, or made over twice as large as their share."""
        return tuple(tier for tier in self.tiers if tier.missed(self.customers)) if self.tied else ()


def quantile_ladder(
    table: ir.Table,
    column: str,
    tiers: Sequence[str],
    shares: Sequence[Fraction | Decimal],
    *,
    less_is_better: bool = False,
) -> Ladder:
    """The ladder of `quantile_cut`.

    >>> customers = ibis.memtable({"orders": [9, 5, 5, 2, 1]})
    >>> quantile_ladder(customers, "orders", ("high", "mid", "low"), (Fraction(1, 5), Fraction(1, 2))).steps
    (LadderStep(tier='high', line=9), LadderStep(tier='mid', line=5))
    """
    return quantile_cut(table, column, tiers, shares, less_is_better=less_is_better).ladder


def quantile_cut(
    table: ir.Table,
    column: str,
    tiers: Sequence[str],
    shares: Sequence[Fraction | Decimal],
    *,
    less_is_better: bool = False,
    at_least: Number | None = None,
) -> QuantileCut:
    """The ladder whose first tiers hold the given cumulated shares of the values, from the best; nulls stand outside.

    The line of cumulated share s is the value at rank ⌈s·n⌉ from the best. Equal values stay together: where they
    straddle the share, the line is that value or the next better one, whichever holds a number of customers nearer to
    s·n, of equally near ones the better; where no value is better, the line is one step beyond the best value and
    nobody meets it. No line of a share below 1 is easier than `at_least`.

    >>> alike = ibis.memtable({"orders": [2] * 20})
    >>> cut = quantile_cut(alike, "orders", ("high", "low"), (Fraction(1, 5),))
    >>> cut.ladder.steps, [tier.customers for tier in cut.missed]
    ((LadderStep(tier='high', line=3),), [0])
    """
    exact = [Fraction(share) for share in shares]
    value = table[column]
    wide = value.cast("int64") if value.type().is_integer() else value
    worth = table.select(worth=wide if less_is_better else -wide)
    ranked = [line for line in values_at_shares(worth, ["worth"], exact)["worth"] if line is not None]
    if not ranked:
        return QuantileCut(Ladder((), tiers[-1], less_is_better), 0, False, ())
    limit = at_least if at_least is None or less_is_better else -at_least
    sides = only_row(worth.aggregate(**_sides(worth.worth, ranked, limit)))
    many, step = int(sides["many"]), _step_of(value.type(), ranked[0])
    drawn = [
        _drawn(sides, number, line, share * many, step)
        for number, (line, share) in enumerate(zip(ranked, exact, strict=True))
    ]
    if limit is not None:
        drawn = [
            (limit, int(sides["limit"])) if line > limit and share < 1 else (line, inside)
            for (line, inside), share in zip(drawn, exact, strict=True)
        ]
    steps = tuple(
        LadderStep(tier, line if less_is_better else -line) for tier, (line, _) in zip(tiers, drawn, strict=False)
    )
    tied = any(sides[f"upto{number}"] > ceil(share * many) for number, share in enumerate(exact))
    return QuantileCut(Ladder(steps, tiers[-1], less_is_better), many, tied, _sizes(tiers, exact, drawn, many))


def _sides(worth: ir.NumericColumn, ranked: Sequence[Number], limit: Number | None) -> dict[str, ir.Value]:
    """For each line how many customers it lets in, how many are better, and the nearest better value."""
    counts: dict[str, ir.Value] = {"many": worth.count()}
    for number, line in enumerate(ranked):
        mark = mark_of(line, worth.type())
        counts |= {
            f"upto{number}": worth.count(where=worth <= mark),
            f"better{number}": worth.count(where=worth < mark),
            f"next{number}": worth.max(where=worth < mark),
        }
    return counts if limit is None else counts | {"limit": worth.count(where=worth <= mark_of(limit, worth.type()))}


def _drawn(sides: Mapping[str, Any], number: int, line: Number, target: Fraction, step: Number) -> tuple[Number, int]:
    """Of the two lines beside a share the one that holds nearer to the `target` number, and how many it holds."""
    upto, better = int(sides[f"upto{number}"]), int(sides[f"better{number}"])
    if upto <= ceil(target) or upto - target < target - better:
        return line, upto
    nearest = sides[f"next{number}"]
    return (line - step if nearest is None else nearest), better


def _step_of(kind: dt.DataType, line: Number) -> Number:
    """The least by which two values of a column differ."""
    if isinstance(kind, dt.Decimal):
        return Decimal(1).scaleb(-(kind.scale or 0))
    return 1 if kind.is_integer() else cast(Number, ulp(float(line)))


def _sizes(
    tiers: Sequence[str], shares: Sequence[Fraction], drawn: Sequence[tuple[Number, int]], many: int
) -> tuple[TierShare, ...]:
    """Each tier's own share and size; the lowest takes what no share asks for, where there is any."""
    cumulated, inside = [Fraction(0), *shares], [0]
    for _, upto in drawn:
        inside.append(max(upto, inside[-1]))
    if cumulated[-1] < 1:
        cumulated, inside = [*cumulated, Fraction(1)], [*inside, many]
    parts = zip(tiers, pairwise(cumulated), pairwise(inside), strict=False)
    return tuple(TierShare(tier, high - low, upto - before) for tier, (low, high), (before, upto) in parts)


def pareto_ladder(table: ir.Table, column: str, tiers: Sequence[str], shares: Sequence[Fraction | Decimal]) -> Ladder:
    """The ladder of an ABC analysis: from the best down, the smallest set that holds each share of all positive value.

    Equal values share the better tier; values of nought or less are in the last.

    >>> customers = ibis.memtable({"spend": [70, 10, 10, 5, 5, 0]})
    >>> pareto_ladder(customers, "spend", ("A", "B", "C"), (Decimal("0.8"), Decimal("0.95"))).steps
    (LadderStep(tier='A', line=10), LadderStep(tier='B', line=5))
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
    lines = only_row(running.aggregate(**reached))
    drawn = [(tier, lines[f"line{number}"]) for number, tier in enumerate(tiers[:-1])]
    return Ladder(tuple(LadderStep(tier, line) for tier, line in drawn if line is not None), tiers[-1])
