"""The schemes that draw lines through one trait: frequency, value, high ticket, price sensitivity, usage cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast

import ibis.expr.types as ir

from custrata.analytics.averages import unrounded
from custrata.analytics.grading import Grading
from custrata.analytics.sources import TableLike
from custrata.analytics.threshold import Share, grade_pareto, grade_quantile, where
from custrata.analytics.traits import profile_of
from custrata.engine.guard import guarded
from custrata.errors import Refused
from custrata.schema.counting import FreeOrders

When = datetime | date | str

THIRDS = (Fraction(1, 3), Fraction(2, 3))
HIGH_MID_LOW = ("high", "mid", "low")
REPEATED = 2
CENT = Decimal("0.01")
LEAST_DISCOUNTED = 30


class TooFewDiscounted(Refused):
    template = (
        "Price sensitivity is compared among customers with at least two orders, one of them discounted. There are "
        "{found}, and at least {least} are required. Wait for more orders, or lower least_customers."
    )


def grade_frequency(profile: ir.Table, shares: Sequence[Share] = (Decimal("0.2"), Decimal("0.5"))) -> Grading:
    """`high`, `mid`, `low` by counted orders in the window, among customers with one; one is never above `low`."""
    ordered = where(profile.orders > 0, profile.orders)
    return grade_quantile(profile, ordered, HIGH_MID_LOW, shares, at_least=REPEATED)


def grade_value(profile: ir.Table, shares: Sequence[Share] = (Decimal("0.8"), Decimal("0.95"))) -> Grading:
    """`high`, `mid`, `low` by an ABC analysis of spend in the window."""
    return grade_pareto(profile, profile.spend, HIGH_MID_LOW, shares)


def grade_high_ticket(profile: ir.Table, share: Share = Decimal("0.1"), least_orders: int = REPEATED) -> Grading:
    """`high` or `standard` by average order value, among customers with at least `least_orders` orders.

    An average of nought is never high: whoever gave everything back has none.
    """
    average = where(profile.orders >= least_orders, unrounded(profile, "average_order_value"))
    return grade_quantile(profile, average, ("high", "standard"), (share,), at_least=CENT)


def grade_price_sensitivity(
    profile: ir.Table, shares: Sequence[Share] = THIRDS, least_customers: int = LEAST_DISCOUNTED
) -> Grading:
    """`high`, `mid`, `low` by discount ÷ (net + discount) in the window, among discounted repeat buyers.

    Those have at least two orders, one of them discounted; all others are `low`. With fewer than `least_customers` of
    them it waits.
    """
    among = (profile.orders >= REPEATED) & (profile.discounted_orders >= 1)
    graded = grade_quantile(profile, where(among, profile.discount_rate), HIGH_MID_LOW, shares)
    return waiting_for_customers(graded, least_customers)


def waiting_for_customers(graded: Grading, least: int) -> Grading:
    """The same, waiting where a cut parts fewer customers than that."""
    if cast(int, graded.facts["customers"]) >= least:
        return graded
    return replace(graded, facts={**graded.facts, "least": least}, notes=(*graded.notes, "waiting_least"))


def grade_usage_cycle(profile: ir.Table, shares: Sequence[Share] = THIRDS, least_days: int = 3) -> Grading:
    """`short`, `mid`, `long` by the median gap of all time; with fewer than `least_days` order days `unknown`."""
    tiers = ("short", "mid", "long", "unknown")
    gap = where(profile.order_days >= least_days, profile.median_gap_days)
    return grade_quantile(profile, gap, tiers, shares, less_is_better=True, rest="unknown")


@guarded
def frequency(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = (Decimal("0.2"), Decimal("0.5")),
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Purchase frequency: the top 20 % by counted orders are `high`, the next 30 % `mid`, the rest `low`.

    Parameters: `orders`, `as_of`, `window` (days), `zone`, `columns`, `free_orders` as for `traits`; `shares` the
    cumulated shares of the first two tiers. Returns `customer_id`, `tier`, `value` (orders in the window). Equal values
    stay together, and one order is never above `low`. Raises `LacksColumns`, `NotAMoment`.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "a", "b", "b", "c"], "order_id": list("123456"), "amount": [5] * 6,
    ...     "ordered_at": ["2025-01-01"] * 6,
    ... })
    >>> frequency(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'mid', 'low']
    """
    profile = profile_of(
        orders, as_of=as_of, window=window, zone=zone, columns=columns, free_orders=free_orders, families=frozenset()
    )
    return grade_frequency(profile, shares).table()


@guarded
def value(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = (Decimal("0.8"), Decimal("0.95")),
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
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
    profile = profile_of(
        orders, as_of=as_of, window=window, zone=zone, columns=columns, free_orders=free_orders, families=frozenset()
    )
    return grade_value(profile, shares).table()


@guarded
def high_ticket(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    share: Share = Decimal("0.1"),
    least_orders: int = 2,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """High ticket: the top 10 % by average order value among customers with at least 2 orders; all others `standard`.

    Parameters as for `frequency`. Returns `customer_id`, `tier`, `value` (average order value, eight places;
    empty below `least_orders`).

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "b", "b", "c"], "order_id": list("12345"), "amount": [90, 10, 5, 6, 500],
    ...     "ordered_at": ["2025-01-01"] * 5,
    ... })
    >>> high_ticket(orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'standard', 'standard']
    """
    profile = profile_of(
        orders, as_of=as_of, window=window, zone=zone, columns=columns, free_orders=free_orders, families=frozenset()
    )
    return grade_high_ticket(profile, share, least_orders).table()


@guarded
def price_sensitivity(
    orders: TableLike,
    *,
    as_of: When,
    window: int | None = 365,
    shares: Sequence[Share] = THIRDS,
    least_customers: int = LEAST_DISCOUNTED,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Price sensitivity: thirds of the discounted repeat buyers by the share of the list price given as discount.

    Parameters as for `frequency`; `orders` needs `discount`; `least_customers` with at least two orders, one of them
    discounted, are needed to part them. Everybody else is `low`. Returns `customer_id`, `tier`, `value` (discount ÷
    (net + discount), of discounted repeat buyers).

    Raises `TooFewDiscounted`.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "b", "b", "c", "c", "d"], "order_id": list("1234567"), "amount": [50] * 7,
    ...     "discount": [50, 0, 10, 0, 5, 0, 90], "ordered_at": ["2025-01-01"] * 7,
    ... })
    >>> table = price_sensitivity(orders, as_of="2025-01-31", least_customers=3)
    >>> table.order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'mid', 'low', 'low']
    """
    profile = profile_of(
        orders,
        as_of=as_of,
        window=window,
        zone=zone,
        columns=columns,
        free_orders=free_orders,
        families=frozenset({"price"}),
    )
    graded = grade_price_sensitivity(profile, shares, least_customers)
    if graded.waiting:
        raise TooFewDiscounted(found=graded.facts["customers"], least=least_customers)
    return graded.table()


@guarded
def usage_cycle(
    orders: TableLike,
    *,
    as_of: When,
    shares: Sequence[Share] = THIRDS,
    least_days: int = 3,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
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
    profile = profile_of(
        orders,
        as_of=as_of,
        zone=zone,
        columns=columns,
        free_orders=free_orders,
        families=frozenset({"rhythm"}),
    )
    return grade_usage_cycle(profile, shares, least_days).table()
