"""Potential: high value now, or growing fast enough to become it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.ladder_schemes import grade_value
from custrata.analytics.ladders import mark_of, quantile_ladder
from custrata.analytics.rules import grade_rules
from custrata.analytics.sources import TableLike
from custrata.analytics.threshold import Share, where
from custrata.analytics.traits import profile_of

TIERS = ("high", "potential", "standard")


def grade_potential(profile: ir.Table, share: Share = Decimal("0.3")) -> Grading:
    """`high`, `potential`, `standard`; `profile` has `value_tier`, the tier of the value scheme.

    `high` is whoever is high there. Of the others those are `potential` whose change of spend (the last 90 days less
    the 90 before) is above 0 and among the top `share` of all customers with a counted order; equal changes share the
    better tier. `value` is the change. `facts` hold the `line`: the change at rank ⌈share·n⌉ from the best, empty
    where nobody has an order.
    """
    change = where(profile.orders > 0, profile.spend_change_90d)
    steps = quantile_ladder(profile.select(change=change), "change", TIERS[1:], (share,)).steps
    line = steps[0].line if steps else None
    grows = change > 0 if line is None else (change > 0) & (change >= mark_of(line, change.type()))
    rules = [("high", profile.value_tier == "high"), ("potential", grows)]
    graded = grade_rules(profile, rules, "standard", TIERS, value=change)
    return replace(graded, facts={**graded.facts, "share": share, "line": line})


def potential(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    window: int | None = 365,
    share: Share = Decimal("0.3"),
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Potential of every customer: of high value, or spending more than before and among the top 30 % in that.

    Parameters: `orders`, `as_of`, `window`, `zone`, `columns` as for `traits`; `share` of the customers with a counted
    order that can be `potential`. Returns `customer_id`, `tier`, `value` (spend of the last 90 days less that of the
    90 before), `rule` (0 high value, 1 growing, empty else).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "c"], "order_id": ["1", "2", "3"], "amount": [900, 40, 20],
    ...     "ordered_at": ["2024-06-01", "2025-01-10", "2024-09-01"],
    ... })
    >>> potential(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'potential', 'standard']
    """
    families = frozenset({"spans"})
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=families)
    return grade_potential(grade_value(profile).onto("value"), share).table()
