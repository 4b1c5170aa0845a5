"""Lines through one value: given ones (threshold), shares of the customers (quantile), shares of the sum (Pareto)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias, cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.ladders import Ladder, LadderStep, QuantileCut, pareto_ladder, quantile_cut
from custrata.engine.functions import Number, only_row
from custrata.errors import BadInput

Share: TypeAlias = Decimal | Fraction


class TierTwice(BadInput):
    template = "The tier “{tier}” appears twice. Give every tier a different name."


class LinesDoNotFit(BadInput):
    template = "{tiers} tiers require {needed} lines or shares between them, and there are {given}."


class LinesOutOfOrder(BadInput):
    template = "The lines {lines} are out of order: sort them from the best tier down, without duplicates."


class SharesOutOfOrder(BadInput):
    template = (
        "The shares {shares} are not cumulative: each must be greater than the one before, and all above 0, at most 1."
    )


def grade_threshold(
    profile: ir.Table,
    value: ir.NumericValue,
    tiers: Sequence[str],
    lines: Sequence[Number],
    *,
    less_is_better: bool = False,
) -> Grading:
    """The tier by absolute lines: a value at or beyond a line is in; who meets none, or has no value, is in the last.

    `value` is an expression over `profile`; `tiers` from the best down, `lines` one for each but the last
    (`less_is_better`: at or below a line is in, and lines rise).

    Raises `TierTwice`, `LinesDoNotFit`, `LinesOutOfOrder`.

    >>> members = ibis.memtable({"customer_id": ["a", "b", "c"], "spend": [1000, 999, None]})
    >>> grade_threshold(members, members.spend, ("gold", "basic"), [1000]).table().tier.execute().tolist()
    ['gold', 'basic', 'basic']
    """
    ladder = line_ladder(tiers, lines, less_is_better=less_is_better)
    return laddered(profile, value, ladder, tiers)


def grade_quantile(
    profile: ir.Table,
    value: ir.NumericValue,
    tiers: Sequence[str],
    shares: Sequence[Share],
    *,
    less_is_better: bool = False,
    rest: str | None = None,
    at_least: Number | None = None,
) -> Grading:
    """The tier by cumulated shares of the customers that have the value, from the best; equal values stay together.

    The line of share s is the value at rank ⌈s·n⌉ from the best; where equal values straddle it, that of the two
    neighbouring lines whose tier is nearer to the share. `at_least` is the value that every tier above the last asks
    for, whatever the shares say. `rest` is the tier of those without the value (default: the last); it may be one that
    nobody with a value has, and then `shares` part the others. Where equal values leave a tier empty or make it over
    twice as large as its share, the note `shares_missed` says so, and `facts["missed"]` which.

    Raises `TierTwice`, `LinesDoNotFit`, `SharesOutOfOrder`.

    >>> members = ibis.memtable({"customer_id": ["a", "b", "c"], "orders": [9, 1, None]})
    >>> graded = grade_quantile(members, members.orders, ("many", "few", "none"), [Fraction(1, 2)], rest="none")
    >>> graded.table().tier.execute().tolist()
    ['many', 'few', 'none']
    """
    every = tuple(tiers) if rest is None or rest in tiers else (*tiers, rest)
    apart = rest is not None and len(shares) == len(every) - 2
    valued = tuple(tier for tier in every if tier != rest) if apart else every
    rest = rest or tiers[-1]
    _check_shares(valued, every, shares)
    table = profile.select(value=value)
    if rest != valued[-1]:
        # The line of all customers with a value is the worst of them: who does not meet it has none.
        valued, shares = (*valued, rest), (*shares, Fraction(1))
    cut = quantile_cut(table, "value", valued, shares, less_is_better=less_is_better, at_least=at_least)
    return Grading(
        every, profile, cut.ladder.tier(value), value, ladder=cut.ladder, facts=cut_facts(cut), notes=cut_notes(cut)
    )


def cut_facts(cut: QuantileCut) -> dict[str, object]:
    """What a run keeps of a cut: how many customers it parts, and the tiers that equal values kept from their share."""
    missed = [{"tier": tier.tier, "share": tier.share, "customers": tier.customers} for tier in cut.missed]
    return {"customers": cut.customers, **({"missed": missed} if missed else {})}


def cut_notes(cut: QuantileCut) -> tuple[str, ...]:
    """The note that belongs to them."""
    return ("shares_missed",) if cut.missed else ()


def grade_pareto(profile: ir.Table, value: ir.NumericValue, tiers: Sequence[str], shares: Sequence[Share]) -> Grading:
    """The tier by an ABC analysis: from the best down, the fewest customers that hold each share of all positive value.

    Equal values share the better tier; values of nought or less, and those without, are in the last.

    Raises `TierTwice`, `LinesDoNotFit`, `SharesOutOfOrder`.

    >>> members = ibis.memtable({"customer_id": ["a", "b", "c"], "spend": [80, 15, 5]})
    >>> shares = (Decimal("0.8"), Decimal("0.95"))
    >>> grade_pareto(members, members.spend, ("A", "B", "C"), shares).table().tier.execute().tolist()
    ['A', 'B', 'C']
    """
    _check_shares(tiers, tiers, shares)
    return laddered(profile, value, pareto_ladder(profile.select(value=value), "value", tiers, shares), tiers)


def laddered(profile: ir.Table, value: ir.NumericValue, ladder: Ladder, tiers: Sequence[str]) -> Grading:
    """The grading of a value by a ladder; `facts` say how many customers have the value."""
    of = only_row(profile.aggregate(customers=value.count()))["customers"]
    return Grading(tuple(tiers), profile, ladder.tier(value), value, ladder=ladder, facts={"customers": of})


def line_ladder(tiers: Sequence[str], lines: Sequence[Number], *, less_is_better: bool = False) -> Ladder:
    """The ladder of given lines, one for each tier but the last.

    Raises `TierTwice`, `LinesDoNotFit`, `LinesOutOfOrder`.
    """
    _check_names(tiers, tiers, lines)
    ordered = sorted(set(lines), reverse=not less_is_better)
    if ordered != list(lines):
        raise LinesOutOfOrder(lines=", ".join(str(line) for line in lines))
    steps = tuple(LadderStep(tier, line) for tier, line in zip(tiers, lines, strict=False))
    return Ladder(steps, tiers[-1], less_is_better)


def share_cut(table: ir.Table, column: str, tiers: Sequence[str], shares: Sequence[Share]) -> QuantileCut:
    """The cut by cumulated shares of the customers that have the column, from the best.

    Raises `TierTwice`, `LinesDoNotFit`, `SharesOutOfOrder`.
    """
    _check_shares(tiers, tiers, shares)
    return quantile_cut(table, column, tiers, shares)


def where(condition: ir.BooleanValue, value: ir.Value) -> ir.NumericValue:
    """The value where the condition holds, nothing elsewhere."""
    return cast(ir.NumericValue, condition.ifelse(value, ibis.null(value.type())))


def _check_names(parted: Sequence[str], tiers: Sequence[str], marks: Sequence[object]) -> None:
    twice = [tier for number, tier in enumerate(tiers) if tier in tiers[:number]]
    if twice:
        raise TierTwice(tier=twice[0])
    if len(marks) != len(parted) - 1:
        raise LinesDoNotFit(tiers=len(parted), needed=len(parted) - 1, given=len(marks))


def _check_shares(parted: Sequence[str], tiers: Sequence[str], shares: Sequence[Share]) -> None:
    _check_names(parted, tiers, shares)
    cumulated = [Fraction(0), *(Fraction(share) for share in shares)]
    if cumulated[-1] > 1 or any(high <= low for low, high in pairwise(cumulated)):
        raise SharesOutOfOrder(shares=", ".join(str(share) for share in shares))
