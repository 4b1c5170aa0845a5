"""Composition: where the orders were placed, and what was in them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.traits.catalogue import SHARE
from custrata.analytics.traits.pace import share_of
from custrata.engine.functions import divide
from custrata.schema import SUM


def place_traits(orders: ir.Table, as_of: AsOf, place: str, window: int | None = 365) -> ir.Table:
    """The `place` (channel or store) of a customer's orders in the window: how many, the top one and its share.

    Columns `customer_id`, `channels`, `top_channel`, `top_channel_share`, named after `place`.
    """
    placed = orders.filter(orders.sold, as_of.within(orders.at, window), orders[place].notnull())
    counts = placed.group_by("customer_id", name=placed[place]).aggregate(
        orders=placed.count(), sales=placed.net.sum().cast(SUM)
    )
    ranked = counts.mutate(
        rank=ibis.row_number().over(
            group_by=counts.customer_id, order_by=[counts.orders.desc(), counts.sales.desc(), counts.name]
        ),
    )
    every = ranked.group_by("customer_id").aggregate(
        many=ranked.count(),
        top=ranked.name.max(where=ranked["rank"] == 0),
        most=ranked.orders.max(where=ranked["rank"] == 0),
        orders=ranked.orders.sum(),
    )
    return every.select(
        "customer_id",
        **{
            f"{place}s": every.many,
            f"top_{place}": every.top,
            f"top_{place}_share": share_of(every.most, every.orders),
        },
    )


def sold_lines(lines: ir.Table, orders: ir.Table, products: ir.Table | None) -> ir.Table:
    """The lines of sold orders with customer, instant and category (the product's own, else the line's).

    Columns `customer_id`, `order_id`, `at`, `product_id`, `category`, `quantity`, `amount`.
    """
    heads = orders.filter(orders.sold).select("order_id", "customer_id", "at")
    columns = lines.select("order_id", "product_id", "category", "quantity", "amount")
    joined = columns.inner_join(heads, "order_id")
    if products is None:
        return joined
    names = products.filter(products.category.notnull()).select(of_product="product_id", of_category="category")
    categorised = joined.left_join(names, joined.product_id == names.of_product)
    return categorised.mutate(category=ibis.coalesce(categorised.of_category, categorised.category)).drop(
        "of_product", "of_category"
    )


def line_traits(sold: ir.Table, as_of: AsOf, window: int | None = 365) -> ir.Table:
    """Breadth and basket traits from the table that `sold_lines` makes. One row per customer with lines."""
    now = as_of.within(sold.at, window)
    baskets = sold.group_by("customer_id").aggregate(
        products=sold.product_id.nunique(where=now),
        items=sold.quantity.sum(where=now).cast("decimal(38, 3)"),
        lines=sold.count(where=now),
        orders_with_lines=sold.order_id.nunique(where=now),
    )
    sized = baskets.mutate(
        items_per_order=divide(baskets["items"], baskets.orders_with_lines),
        lines_per_order=divide(baskets.lines, baskets.orders_with_lines),
    ).drop("lines", "orders_with_lines")
    shares = _category_traits(sold, as_of, window).rename(category_customer="customer_id")
    joined = sized.left_join(shares, sized.customer_id == shares.category_customer)
    return joined.drop("category_customer")


def _category_traits(sold: ir.Table, as_of: AsOf, window: int | None) -> ir.Table:
    named = sold.filter(sold.category.notnull())
    now = as_of.within(named.at, window)
    by_category = named.group_by("customer_id", "category").aggregate(
        spent=named.amount.sum(where=now).cast(SUM), lines=named.count(where=now), first_at=named.at.min()
    )
    nought = ibis.literal(0).cast(SUM)
    mine = ibis.window(group_by=by_category.customer_id)
    fresh = as_of.within(by_category.first_at, 90)
    parts = by_category.mutate(
        fresh=fresh,
        inside=by_category.lines > 0,
        worth=ibis.greatest(by_category.spent.fill_null(nought), nought),
    )
    parts = parts.mutate(
        rank=ibis.row_number().over(
            group_by=parts.customer_id, order_by=[parts.inside.desc(), parts.worth.desc(), parts.category]
        ),
        total=parts.worth.sum(where=parts.inside).over(mine).cast(SUM),
    )
    parts = parts.mutate(share=share_of(parts.worth, parts.total))
    top, second = parts.inside & (parts["rank"] == 0), parts.inside & (parts["rank"] == 1)
    return parts.group_by("customer_id").aggregate(
        categories=parts.count(where=parts.inside),
        new_categories_90d=parts.count(where=parts.fresh),
        top_category=parts.category.max(where=top),
        top_category_share=parts["share"].max(where=top),
        second_category=parts.category.max(where=second),
        category_concentration=(parts["share"] * parts["share"]).sum(where=parts.inside).cast(SHARE),
    )


def joined_by_customer(first: ir.Table, *tables: ir.Table) -> ir.Table:
    """Tables with a row per customer, side by side; every customer of the first is kept."""
    if not tables:
        return first
    # One chain of joins with one choice of columns at its end: a choice after each would be planned again and again.
    named = [other.rename({f"customer_beside_{n}": "customer_id"}) for n, other in enumerate(tables)]
    chain = first
    for n, other in enumerate(named):
        chain = chain.left_join(other, first.customer_id == other[f"customer_beside_{n}"])
    return chain.drop(*[f"customer_beside_{n}" for n in range(len(named))])
