"""All traits of all customers, from orders and, where there are any, their lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir

from custrata.analytics.counted import Keep, known_orders, paced, unmaterialized
from custrata.analytics.moments import EPOCH, AsOf
from custrata.analytics.sources import TableLike, canonical_lines, canonical_orders, canonical_products
from custrata.analytics.traits.catalogue import EARLIER, conformed, uncovered
from custrata.analytics.traits.comebacks import comebacks
from custrata.analytics.traits.composition import joined_by_customer, line_traits, place_traits, sold_lines
from custrata.analytics.traits.pace import FAMILIES, Population, paced_traits, population
from custrata.analytics.traits.returns import return_sums, spend_traits
from custrata.engine.functions import epoch_micros, only_row
from custrata.engine.guard import guarded
from custrata.schema.counting import FreeOrders


@dataclass(frozen=True)
class KnownFacts:
    """What is known at an instant, computed once: the valued orders, the paced sales, and the common figures.

    `since` is the local day of the oldest order of all, as a day number: what lies before it is unknown.
    """

    orders: ir.Table
    paced: ir.Table
    everyone: Population
    since: int | None = None


def known_facts(
    orders: ir.Table,
    as_of: AsOf,
    *,
    keep: Keep = unmaterialized,
    named_returns: bool = True,
    rhythm: bool = True,
    free_orders: FreeOrders = "count",
) -> KnownFacts:
    """Value the orders known at `as_of` and walk through each customer's in order.

    `keep` computes an intermediate table once, such as `Engine.materialize`; `rhythm=False` spares the population's
    median gap, for callers who read no rhythm, loyalty or silence. `named_returns` and `free_orders` as in
    `known_orders`.
    """
    valued = known_orders(orders, as_of, named_returns=named_returns, free_orders=free_orders, keep=keep)
    walked = keep(paced(valued))
    return KnownFacts(valued, walked, population(walked) if rhythm else Population(None), first_day(orders, as_of))


def first_day(orders: ir.Table, as_of: AsOf) -> int | None:
    """The local day of the oldest order, as a day number; none where there is no order."""
    first = only_row(orders.aggregate(first=epoch_micros(orders.ordered_at).min()))["first"]
    return None if first is None else AsOf(EPOCH + timedelta(microseconds=first), as_of.zone).day


def order_traits(
    facts: KnownFacts,
    as_of: AsOf,
    *,
    lines: ir.Table | None = None,
    products: ir.Table | None = None,
    places: tuple[str, ...] = ("channel", "store"),
    window: int | None = 365,
    families: frozenset[str] = FAMILIES,
    keep: Keep = unmaterialized,
) -> ir.Table:
    """One row per customer with a counted order or return: `customer_id` and every trait of the catalogue.

    Fewer `families` leave traits out, for those who read few of them: planning them costs more than computing. `keep`
    computes an intermediate table once, as in `known_facts`.
    """
    spans = "spans" in families
    sold = keep(paced_traits(facts.paced, as_of, facts.everyone, window, families))
    spent = spend_traits(sold, return_sums(facts.orders, as_of, window, spans=spans), spans=spans)
    parts = [keep(place_traits(facts.orders, as_of, place, window)) for place in places]
    if "rhythm" in families:
        parts.append(keep(comebacks(facts.paced, as_of, facts.everyone)))
    if lines is not None:
        parts.append(keep(line_traits(keep(sold_lines(lines, facts.orders, products)), as_of, window)))
    wide = joined_by_customer(spent, *parts)
    if spans:
        wide = _with_earlier_windows(wide, uncovered(facts.since, as_of))
    return conformed(wide, whole=families == FAMILIES)


def _with_earlier_windows(wide: ir.Table, unknown: Collection[str]) -> ir.Table:
    """The traits of an earlier window: nothing where the facts do not reach back to it, else counted from nought."""
    return wide.mutate(
        **{
            name: ibis.null(wide[name].type())
            if name in unknown
            else wide[name].fill_null(ibis.literal(0).cast(wide[name].type()))
            for name in EARLIER
        }
    )


@guarded
def traits(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    lines: TableLike | None = None,
    products: TableLike | None = None,
    window: int | None = 365,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """The traits of every customer with a counted order or return.

    Parameters: `orders` as in `canonical_orders`; `lines` with `order_id` and, where known, `product_id`, `category`,
    `quantity`, `amount`; `products` with `product_id`, `category`; `window` in days (`None` is all of time); `zone`
    whose days count; `columns` says what canonical columns are called in `orders`; `free_orders` whether orders for
    which nothing was paid count for recency and frequency (`count`, or `ignore`).

    Returns an Ibis table: `customer_id` and the columns of `custrata.analytics.traits.CATALOGUE`.

    Raises `LacksColumns`, `NotAMoment`, `UnknownTimeZone`, `UnknownFreeOrders`.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "a", "b"], "order_id": ["1", "2", "3"], "amount": [10.0, 30.0, 5.0],
    ...     "ordered_at": ["2025-01-01", "2025-01-11", "2025-01-30"],
    ... })
    >>> table = traits(orders, as_of="2025-01-31").order_by("customer_id")
    >>> table.select("recency_days", "orders", "spend", "median_gap_days").to_pandas().values.tolist()
    [[20, 2, Decimal('40.00'), 10.0], [1, 1, Decimal('5.00'), nan]]
    """
    return profile_of(
        orders,
        as_of=as_of,
        lines=lines,
        products=products,
        window=window,
        zone=zone,
        columns=columns,
        free_orders=free_orders,
    )


def profile_of(
    orders: TableLike,
    *,
    as_of: AsOf | datetime | date | str,
    lines: TableLike | None = None,
    products: TableLike | None = None,
    window: int | None = 365,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
    families: frozenset[str] = FAMILIES,
) -> ir.Table:
    """As `traits`, computed once; fewer `families` (of `FAMILIES`) leave out what a method does not read."""
    moment = AsOf.of(as_of, zone)
    facts = known_facts(
        canonical_orders(orders, zone, columns), moment, rhythm="rhythm" in families, free_orders=free_orders
    )
    profile = order_traits(
        facts,
        moment,
        lines=None if lines is None else canonical_lines(lines, zone),
        products=None if products is None else canonical_products(products, zone),
        places=("channel", "store") if families == FAMILIES else (),
        window=window,
        families=families,
    )
    return profile.cache()
