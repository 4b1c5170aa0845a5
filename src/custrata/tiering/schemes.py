"""The built-in schemes, in the order in which they are graded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir

from custrata.analytics import combined, ladder_schemes, lifecycle, loyalty, need, potential, rfm, standing
from custrata.analytics.grading import Grading
from custrata.analytics.silence import SilenceCurve


@dataclass(frozen=True)
class Context:
    """What a scheme needs besides the profile: the silence curve and the length of a loyalty period in days."""

    curve: SilenceCurve
    period: int


@dataclass(frozen=True)
class Scheme:
    """A ladder of tiers: its key, kind, the unit of its value, tiers from the best down, and how it grades a profile.

    `inputs` are the traits an explanation shows, `reads` all columns of the profile it is graded from, `needs` the
    schemes whose tier and value it takes (`<key>_tier`, `<key>_value`).
    """

    key: str
    kind: str
    unit: str
    tiers: tuple[str, ...]
    inputs: tuple[str, ...]
    reads: tuple[str, ...]
    grade: Callable[[ir.Table, Context], Grading]
    needs: tuple[str, ...] = ()


_HIGH_MID_LOW = ladder_schemes.HIGH_MID_LOW

BUILT_IN: dict[str, Scheme] = {
    scheme.key: scheme
    for scheme in (
        Scheme("frequency", "quantile", "orders", _HIGH_MID_LOW, ("orders",), ("orders",),
               lambda profile, _: ladder_schemes.grade_frequency(profile)),
        Scheme("value", "pareto", "money", _HIGH_MID_LOW, ("spend",), ("spend",),
               lambda profile, _: ladder_schemes.grade_value(profile)),
        Scheme("loyalty", "score", "score", loyalty.TIERS, ("regularity", "orders", "tenure_days", "categories"),
               ("orders", "regularity", "tenure_days", "categories", "advocacy"),
               lambda profile, context: loyalty.grade_loyalty(profile, period=context.period)),
        Scheme("lifecycle", "lifecycle", "ratio", lifecycle.TIERS,
               ("recency_days", "rhythm_days", "silence", "orders_all", "tenure_days"),
               ("orders_all", "tenure_days", "recency_days", "silence", "last_gap_silence"),
               lambda profile, context: lifecycle.grade_lifecycle(profile, context.curve)),
        Scheme("rfm", "rfm", "money", rfm.GROUPS, ("recency_days", "orders", "sales"),
               ("orders", "recency_days", "sales"),
               lambda profile, _: rfm.grade_rfm(profile)),
        Scheme("combined", "score", "score", combined.TIERS, ("loyalty_value", "spend", "return_rate"),
               ("orders", "spend", "return_rate", "returned_value"),
               lambda profile, _: combined.grade_combined(profile), needs=("loyalty",)),
        Scheme("high_ticket", "quantile", "money", ("high", "standard"), ("average_order_value", "orders"),
               ("orders", "average_order_value"),
               lambda profile, _: ladder_schemes.grade_high_ticket(profile)),
        Scheme("price_sensitivity", "quantile", "share", _HIGH_MID_LOW, ("discount_rate", "discount", "sales"),
               ("discount_rate", "discount"),
               lambda profile, _: ladder_schemes.grade_price_sensitivity(profile)),
        Scheme("usage_cycle", "quantile", "days", ("short", "mid", "long", "unknown"),
               ("median_gap_days", "order_days"), ("median_gap_days", "order_days"),
               lambda profile, _: ladder_schemes.grade_usage_cycle(profile)),
        Scheme("potential", "rules", "money", potential.TIERS, ("spend_90d", "spend_before_90d", "spend_change_90d"),
               ("orders", "spend_change_90d"),
               lambda profile, _: potential.grade_potential(profile), needs=("value",)),
        Scheme("need", "rules", "count", need.TIERS, (), tuple(need.COUNTS),
               lambda profile, _: need.grade_need(profile)),
        Scheme("standing", "rules", "", standing.TIERS, (), ("tags", *standing.PAYMENT),
               lambda profile, _: standing.grade_standing(profile)),
    )
}  # fmt: skip
