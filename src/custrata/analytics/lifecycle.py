"""Lifecycle: prospect, new, growing, mature, at risk, churned, won back, by lines learned from the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import reduce
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.rhythm import silence_line
from custrata.analytics.silence import HORIZON, LINED, STRATA, SilenceCurve, SilenceRules
from custrata.analytics.silence_learning import learn_silence
from custrata.analytics.sources import TableLike, canonical_orders
from custrata.analytics.traits import COMEBACK_DAYS, COMEBACKS, comebacks, joined_by_customer, known_facts, order_traits
from custrata.engine.guard import guarded
from custrata.schema.counting import FreeOrders

# From the best to the worst a customer can be; the order in which the conditions are tried is in `_stage`.
TIERS = ("mature", "growing", "won_back", "new", "at_risk", "churned", "prospect")


@dataclass(frozen=True)
class LifecycleLines:
    """The numbers of the lifecycle besides the learned silences. Days and orders.

    Where nobody has ordered on two days no rhythm is known: then a customer is at risk after `unpaced_at_risk_days`
    without an order, and churned after `unpaced_churned_days`.
    """

    new_days: int = 60
    new_orders: int = 3
    won_back_days: int = COMEBACK_DAYS
    mature_orders: int = 6
    mature_days: int = 180
    unpaced_at_risk_days: int = 180
    unpaced_churned_days: int = 365


def grade_lifecycle(profile: ir.Table, curve: SilenceCurve, lines: LifecycleLines | None = None) -> Grading:
    """The stage of each customer; `value` is the silence, in usual gaps.

    The profile holds `orders_all`, `order_days`, `tenure_days`, `recency_days`, `silence`, and for each stratum
    `comeback_<n>` as `comebacks` makes them, of as many days as `lines` say.
    """
    lines = lines or LifecycleLines()
    never = [f"never_{tier}" for tier in LINED if all(stratum.line(tier) is None for stratum in curve.strata)]
    return Grading(
        TIERS,
        profile,
        _stage(profile, curve, lines),
        profile.silence,
        facts={**asdict(lines), "curve": curve.record()},
        notes=tuple(never) if curve.learned else ("not_learned",),
    )


def _stage(profile: ir.Table, curve: SilenceCurve, lines: LifecycleLines) -> ir.StringValue:
    """The first that holds, in the order prospect, new, won back, churned, at risk, mature, growing."""
    new = (profile.tenure_days <= lines.new_days) & (profile.orders_all < lines.new_orders)
    grown = (profile.orders_all >= lines.mature_orders) & (profile.tenure_days >= lines.mature_days)
    churned = _silent(profile, curve, "churned") | _unpaced(profile, lines.unpaced_churned_days)
    at_risk = _silent(profile, curve, "at_risk") | _unpaced(profile, lines.unpaced_at_risk_days)
    branches = [
        (profile.orders_all == 0, "prospect"),
        (new, "new"),
        (_won_back(profile, curve), "won_back"),
        (churned, "churned"),
        (at_risk, "at_risk"),
        (grown, "mature"),
    ]
    named = [(condition, ibis.literal(tier)) for condition, tier in branches]
    return cast(ir.StringValue, ibis.cases(*named, else_=ibis.literal("growing")))


def _silent(profile: ir.Table, curve: SilenceCurve, tier: str) -> ir.BooleanValue:
    """Whether a customer's silence is at or beyond the line of the stratum they are in."""
    return _any(
        _between(profile.order_days, stratum.least, stratum.most) & _beyond(profile.silence, line, curve)
        for stratum in curve.strata
        if (line := stratum.line(tier)) is not None
    )


def _won_back(profile: ir.Table, curve: SilenceCurve) -> ir.BooleanValue:
    """Whether one of the recent orders ended a silence beyond the churned line of the order days known before it."""
    starts = [int(name.removeprefix("comeback_")) for name in profile.columns if name.startswith("comeback_")]
    return _any(
        _beyond(profile[f"comeback_{start}"], line, curve)
        for start in starts
        if (line := curve.stratum(start).churned) is not None
    )


def _beyond(silence: ir.Value, line: Fraction, curve: SilenceCurve) -> ir.BooleanValue:
    """At or beyond a learned line; beyond a fixed one."""
    beyond = silence >= silence_line(line) if curve.learned else silence > silence_line(line)
    return cast(ir.BooleanValue, beyond.fill_null(False))


def _between(order_days: ir.Value, least: int, most: int | None) -> ir.BooleanValue:
    low = order_days >= least
    return cast(ir.BooleanValue, low if most is None else low & (order_days <= most))


def _unpaced(profile: ir.Table, days: int) -> ir.BooleanValue:
    """Whether the last order is longer ago than that, where no rhythm is known."""
    return cast(ir.BooleanValue, (profile.silence.isnull() & (profile.recency_days > days)).fill_null(False))


def _any(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether any of them holds."""
    return reduce(lambda left, right: cast(ir.BooleanValue, left | right), conditions, ibis.literal(False))


@guarded
def silence_curve(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    horizon: int = HORIZON,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> SilenceCurve:
    """Learn from past dates how likely a customer comes back, by how many usual gaps she has been silent.

    Parameters: `orders`, `as_of`, `zone`, `columns`, `free_orders` as for `traits`; `horizon` the days within which a
    customer must have ordered again. Returns a curve for each stratum of order days, the lines of the lifecycle
    (silences in usual gaps) and their back-test. With under 180 days of history before the horizon, under 3 past dates
    or under 500 customers it is not learned, and the lines are fixed: beyond 3 and beyond 6.

    >>> import polars
    >>> orders = polars.DataFrame(
    ...     {"customer_id": ["a"], "order_id": ["1"], "amount": [5], "ordered_at": ["2025-01-20"]}
    ... )
    >>> curve = silence_curve(orders, as_of="2025-01-31")
    >>> curve.learned, curve.stratum(4).at_risk, curve.stratum(4).churned
    (False, Fraction(3, 1), Fraction(6, 1))
    """
    moment = AsOf.of(as_of, zone)
    facts = known_facts(canonical_orders(orders, zone, columns), moment, rhythm=False, free_orders=free_orders)
    return learn_silence(facts.paced, moment, SilenceRules(horizon=horizon))


@guarded
def lifecycle(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    curve: SilenceCurve | None = None,
    lines: LifecycleLines | None = None,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """The stage of every customer, by all known orders.

    Parameters: `orders`, `as_of`, `zone`, `columns`, `free_orders` as for `traits`; `curve` a silence curve learned
    before (default: learn it now); `lines` the other numbers. Returns `customer_id`, `tier`, `value` (silence in usual
    gaps, DECIMAL(18,12), cut off after the last place).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "b", "b"], "order_id": list("1234"), "amount": [5] * 4,
    ...     "ordered_at": ["2025-01-20", "2024-01-01", "2024-01-11", "2024-01-21"],
    ... })
    >>> lifecycle(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['new', 'churned']
    """
    moment = AsOf.of(as_of, zone)
    facts = known_facts(canonical_orders(orders, zone, columns), moment, free_orders=free_orders)
    curve, lines = curve or learn_silence(facts.paced, moment), lines or LifecycleLines()
    profile = order_traits(facts, moment, places=(), families=frozenset({"rhythm"}))
    starts = [stratum.least for stratum in curve.strata]
    if lines.won_back_days != COMEBACK_DAYS or not set(starts) <= set(STRATA):
        own = comebacks(facts.paced, moment, facts.everyone, days=lines.won_back_days, strata=starts)
        profile = joined_by_customer(profile.drop(*COMEBACKS), own)
    return grade_lifecycle(profile.cache(), curve, lines).table()
