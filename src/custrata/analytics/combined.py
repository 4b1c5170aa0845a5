"""Combined value: loyalty × spend × credit, 0–100."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import grade_loyalty
from custrata.analytics.score import Factor, grade_score, with_missing_notes
from custrata.analytics.sources import TableLike
from custrata.analytics.traits import profile_of
from custrata.engine.functions import only_row
from custrata.engine.guard import guarded
from custrata.schema.counting import FreeOrders

TIERS = ("high", "mid", "general")
WEIGHTS: dict[str, int] = {"loyalty": 35, "spend": 45, "credit": 20}
LINES = (Decimal(70), Decimal(40))
LATE, OVERDUE, REFUNDED = 40, 20, 40
CREDIT = "decimal(21, 17)"  # −100 to 100


def grade_combined(
    profile: ir.Table, *, weights: Mapping[str, int] = WEIGHTS, lines: tuple[Decimal, Decimal] = LINES
) -> Grading:
    """`high`, `mid`, `general`; `profile` has `loyalty_value`, and may have `late_share` (0–1) and `overdue` (boolean).

    Spend is the percentile rank among customers with a counted order, ties sharing the higher rank. Credit is
    100 − 40 · share of payments late − 20 · overdue now − 40 · share of order value given back, at least 0; where the
    workspace knows neither payments nor returns, its weight goes to the others.
    """
    factors = {
        "loyalty": Factor("loyalty_value", weights["loyalty"], high=100),
        "spend": Factor("spend", weights["spend"], normaliser="rank"),
        "credit": Factor("credit", weights["credit"], high=100),
    }
    wide = with_credit(profile)
    return with_missing_notes(grade_score(wide, factors, TIERS, lines, has=wide.orders > 0), ("credit",))


def with_credit(profile: ir.Table) -> ir.Table:
    """The profile with `credit`, 0–100; left out where neither payments nor returns are known."""
    zero = ibis.literal(0).cast(CREDIT)
    lost = (profile.return_rate.cast(CREDIT).fill_null(zero) * REFUNDED).cast(CREDIT)
    if "late_share" in profile.columns:
        lost = (lost + (profile.late_share.cast(CREDIT).fill_null(zero) * LATE).cast(CREDIT)).cast(CREDIT)
        if "overdue" in profile.columns:
            lost = (lost + profile.overdue.fill_null(False).ifelse(OVERDUE, 0)).cast(CREDIT)
    elif not only_row(profile.aggregate(any=(profile.returned_value > 0).any()))["any"]:
        return profile
    return profile.mutate(credit=ibis.greatest((ibis.literal(100).cast(CREDIT) - lost).cast(CREDIT), zero))


@guarded
def combined(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    lines: TableLike | None = None,
    window: int | None = 365,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Combined value of every customer: 35 loyalty, 45 spend, 20 credit; from 70 `high`, from 40 `mid`, else `general`.

    Parameters as for `loyalty`. Returns `customer_id`, `tier`, `value` (score) and the points of each factor.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "b"], "order_id": ["1", "2", "3"], "amount": [50, 60, 5],
    ...     "ordered_at": ["2025-01-10", "2025-01-20", "2025-01-02"],
    ... })
    >>> combined(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'general']
    """
    profile = profile_of(
        orders,
        as_of=as_of,
        lines=lines,
        window=window,
        zone=zone,
        columns=columns,
        free_orders=free_orders,
        families=frozenset({"rhythm"}),
    )
    graded = grade_loyalty(profile).onto("loyalty")
    return grade_combined(graded).table()
