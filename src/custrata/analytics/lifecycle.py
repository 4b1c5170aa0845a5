"""Lifecycle: prospect, new, growing, mature, at risk, churned, won back, by lines learned from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import HORIZON, SilenceCurve, learn_silence
from custrata.analytics.sources import TableLike, canonical_orders
from custrata.analytics.traits import known_facts, order_traits
from custrata.engine.guard import guarded
from custrata.schema.counting import FreeOrders

# From the best to the worst a customer can be; the order in which the conditions are tried is in `_stage`.
TIERS = ("mature", "growing", "won_back", "new", "at_risk", "churned", "prospect")


@dataclass(frozen=True)
class LifecycleLines:
    """The numbers of the lifecycle besides the two learned silences. Days and orders."""

    new_days: int = 60
    new_orders: int = 3
    won_back_days: int = 90
    mature_orders: int = 6
    mature_days: int = 180


def grade_lifecycle(profile: ir.Table, curve: SilenceCurve, lines: LifecycleLines | None = None) -> Grading:
    """The stage of each customer; `value` is the silence, in usual gaps."""
    lines = lines or LifecycleLines()
    never = [f"never_{tier}" for tier, line in (("at_risk", curve.at_risk), ("churned", curve.churned)) if line is None]
    return Grading(
        TIERS,
        profile,
        _stage(profile, curve, lines),
        profile.silence,
        facts={**asdict(lines), "curve": asdict(curve)},
        notes=tuple(never) if curve.learned else ("not_learned",),
    )


def _stage(profile: ir.Table, curve: SilenceCurve, lines: LifecycleLines) -> ir.StringValue:
    """The first that holds, in the order prospect, new, won back, churned, at risk, mature, growing."""
    branches: list[tuple[ir.BooleanValue, ir.Value]] = [
        (profile.orders_all == 0, ibis.literal("prospect")),
        (
            (profile.tenure_days <= lines.new_days) & (profile.orders_all < lines.new_orders),
            ibis.literal("new"),
        ),
    ]
    if curve.churned is not None:
        churned = ibis.literal(curve.churned, "decimal(18, 2)")
        back = (profile.last_gap_silence >= churned) & (profile.recency_days <= lines.won_back_days)
        branches += [(back, ibis.literal("won_back")), (profile.silence >= churned, ibis.literal("churned"))]
    if curve.at_risk is not None:
        at_risk = ibis.literal(curve.at_risk, "decimal(18, 2)")
        branches.append((profile.silence >= at_risk, ibis.literal("at_risk")))
    grown = (profile.orders_all >= lines.mature_orders) & (profile.tenure_days >= lines.mature_days)
    branches.append((grown, ibis.literal("mature")))
    return cast(ir.StringValue, ibis.cases(*branches, else_=ibis.literal("growing")))


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
    customer must have ordered again. Returns the fitted curve and the two lines of the lifecycle (silences in usual
    gaps). With under 180 days of history before the horizon or under 500 customers it is not learned, and the lines are
    fixed.

    >>> import polars
    >>> orders = polars.DataFrame(
    ...     {"customer_id": ["a"], "order_id": ["1"], "amount": [5], "ordered_at": ["2025-01-20"]}
    ... )
    >>> curve = silence_curve(orders, as_of="2025-01-31")
    >>> curve.learned, curve.at_risk, curve.churned
    (False, Decimal('3.01'), Decimal('6.01'))
    """
    moment = AsOf.of(as_of, zone)
    known = known_facts(canonical_orders(orders, zone, columns), moment, rhythm=False, free_orders=free_orders)
    return learn_silence(known.paced, moment, horizon=horizon)


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
    gaps, DECIMAL(18,2)).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "b", "b"], "order_id": list("1234"), "amount": [5] * 4,
    ...     "ordered_at": ["2025-01-20", "2024-01-01", "2024-01-11", "2024-01-21"],
    ... })
    >>> lifecycle(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['new', 'churned']
    """
    moment = AsOf.of(as_of, zone)
    known = known_facts(canonical_orders(orders, zone, columns), moment, free_orders=free_orders)
    profile = order_traits(known, moment, places=(), families=frozenset({"rhythm"})).cache()
    return grade_lifecycle(profile, curve or learn_silence(known.paced, moment), lines).table()
