"""The schemes that draw lines through one trait: frequency, value, high ticket, price sensitivity, usage cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.sources import TableLike
from custrata.analytics.threshold import Share, grade_pareto, grade_quantile, where
from custrata.analytics.traits import profile_of
from custrata.engine.functions import only_row

When = datetime | date | str

THIRDS = (Fraction(1, 3), Fraction(2, 3))
HIGH_MID_LOW = ("high", "mid", "low")


def grade_frequency(profile: ir.Table, shares: Sequence[Share] = (Decimal("0.2"), Decimal("0.5"))) -> Grading:
    """`high`, `mid`, `low` by counted orders in the window, among customers with at least one."""
    return grade_quantile(profile, where(profile.orders > 0, profile.orders), HIGH_MID_LOW, shares)


def grade_value(profile: ir.Table, shares: Sequence[Share] = (Decimal("0.8"), Decimal("0.95"))) -> Grading:
    """`high`, `mid`, `low` by an ABC analysis of spend in the window."""
    return grade_pareto(profile, profile.spend, HIGH_MID_LOW, shares)


def grade_high_ticket(profile: ir.Table, share: Share = Decimal("0.1"), least_orders: int = 2) -> Grading:
    """`high` or `standard` by average order value, among customers with at least `least_orders` orders."""
    average = where(profile.orders >= least_orders, profile.average_order_value)
    return grade_quantile(profile, average, ("high", "standard"), (share,))


def grade_price_sensitivity(profile: ir.Table, shares: Sequence[Share] = THIRDS) -> Grading:
    """`high`, `mid`, `low` by discount ÷ (net + discount) in the window; waits where nobody ever had a discount."""
    graded = grade_quantile(profile, profile.discount_rate, HIGH_MID_LOW, shares)
    if only_row(profile.aggregate(any=(profile.discount > 0).any()))["any"]:
        return graded
    return replace(graded, notes=("waiting_discounts",))


def grade_usage_cycle(profile: ir.Table, shares: Sequence[Share] = THIRDS, least_days: int = 3) -> Grading:
    """`short`, `mid`, `long` by the median gap of all time; with fewer than `least_days` order days `unknown`."""
    tiers = ("short", "mid", "long", "unknown")
    gap = where(profile.order_days >= least_days, profile.median_gap_days)
    return grade_quantile(profile, gap, tiers, shares, less_is_better=True, rest="unknown")


def frequency(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = (Decimal("0.2"), Decimal("0.5")),
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Purchase frequency: the top 20 % by counted orders are `high`, the next 30 % `mid`, the rest `low`.

    Parameters: `orders`, `as_of`, `window` (days), `zone`, `columns` as for `traits`; `shares` the cumulated shares
    of the first two tiers. Returns `customer_id`, `tier`, `value` (orders in the window). Equal values share the
    better tier. Raises `LacksColumns`, `NotAMoment`.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "a", "b", "b", "c"], "order_id": list("123456"), "amount": [5] * 6,
    ...     "ordered_at": ["2025-01-01"] * 6,
    ... })
    >>> frequency(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'mid', 'low']
    """
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=frozenset())
    return grade_frequency(profile, shares).table()


def value(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = (Decimal("0.8"), Decimal("0.95")),
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Purchase amount as an ABC analysis: the fewest customers that hold 80 % of spend are `high`, up to 95 % `mid`.

    Parameters as for `frequency`; `shares` of the sum of positive spend. Returns `customer_id`, `tier`, `value`
    (spend in the window, DECIMAL(18,2)). Source: Pareto's 80/20 rule as Juran's "vital few" (Juran, Quality Control
    Handbook, 1951).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "c"], "order_id": ["1", "2", "3"], "amount": [80, 15, 5],
    ...     "ordered_at": ["2025-01-01"] * 3,
    ... })
    >>> value(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'mid', 'low']
    """
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=frozenset())
    return grade_value(profile, shares).table()


def high_ticket(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    share: Share = Decimal("0.1"),
    least_orders: int = 2,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """High ticket: the top 10 % by average order value among customers with at least 2 orders; all others `standard`.

    Parameters as for `frequency`. Returns `customer_id`, `tier`, `value` (average order value, rounded half up;
    empty below `least_orders`).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "b", "b", "c"], "order_id": list("12345"), "amount": [90, 10, 5, 6, 500],
    ...     "ordered_at": ["2025-01-01"] * 5,
    ... })
    >>> high_ticket(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'standard', 'standard']
    """
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=frozenset())
    return grade_high_ticket(profile, share, least_orders).table()


def price_sensitivity(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = THIRDS,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Price sensitivity: thirds by the share of the list price that was given as discount.

    Parameters as for `frequency`; `orders` needs `discount`. Returns `customer_id`, `tier`, `value` (discount ÷
    (net + discount), four places).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "c"], "order_id": ["1", "2", "3"], "amount": [50, 90, 100],
    ...     "discount": [50, 10, 0], "ordered_at": ["2025-01-01"] * 3,
    ... })
    >>> price_sensitivity(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'mid', 'low']
    """
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=frozenset({"price"}))
    return grade_price_sensitivity(profile, shares).table()


def usage_cycle(
    orders: TableLike,
    *,
    as_of: When,
    shares: Sequence[Share] = THIRDS,
    least_days: int = 3,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Usage cycle: thirds by the median gap between order days of all time, `short` first; else `unknown`.

    Parameters as for `frequency`; `least_days` order days are needed to know a cycle. Returns `customer_id`, `tier`,
    `value` (days).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "a", "b"], "order_id": list("1234"), "amount": [5] * 4,
    ...     "ordered_at": ["2025-01-01", "2025-01-08", "2025-01-15", "2025-01-01"],
    ... })
    >>> usage_cycle(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['short', 'unknown']
    """
    profile = profile_of(orders, as_of=as_of, zone=zone, columns=columns, families=frozenset({"rhythm"}))
    return grade_usage_cycle(profile, shares, least_days).table()
