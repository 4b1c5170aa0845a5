"""Which orders a calculation counts, and what each is worth.

Only what is known at `as_of` counts; only `completed` and `refunded` orders; a sale is worth its amount less its
refund and less the returns that name it; a sale wholly given back counts for neither frequency nor amount; a free one
(nothing was paid and nothing given back) counts for recency and frequency, unless it is left out by choice; a return
that names no known order stands for itself, in the window of its own date.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine.days import DAY, SECOND, wall_micros
from custrata.engine.functions import epoch_micros
from custrata.schema import MONEY
from custrata.schema.counting import FreeOrders, free_orders_named

COUNTED = ("completed", "refunded")


Keep = Callable[[ir.Table], ir.Table]


def unmaterialized(table: ir.Table) -> ir.Table:
    """Leave an expression as it is: for callers who need no intermediate table computed once."""
    return table


def known_orders(
    orders: ir.Table,
    as_of: AsOf,
    *,
    named_returns: bool = True,
    free_orders: FreeOrders = "count",
    keep: Keep = unmaterialized,
) -> ir.Table:
    """Every order and return of a customer known at `as_of`, valued.

    Columns: `customer_id`, `order_id`, `at` (microseconds since 1970 UTC), `day` (local, days since 1970), `hour`
    (local, 0–23), `net` DECIMAL(18,2), `gross` (before refunds), `back` (refunds and named returns), `discount`,
    `channel`, `store`, `counted` (completed or refunded), `sold` (a counted sale that was not wholly given back).

    `named_returns=False` spares the look for returns that name an order, where there are none. `free_orders` says
    whether a completed sale for which nothing was paid is sold. `keep` computes the few returns that name an order
    once, such as `Engine.materialize`.

    Raises `UnknownFreeOrders`.
    """
    free_orders = free_orders_named(free_orders)
    at = epoch_micros(orders.ordered_at)
    visible = orders.mutate(at=at).filter(as_of.is_known(at), orders.customer_id.notnull())
    nought = ibis.literal(0).cast(MONEY)
    back: ir.Value = (visible.kind == "sale").ifelse(visible.refund.fill_null(nought), nought)
    if named_returns:
        visible, back = _with_named_returns(visible, keep)
    wall = wall_micros(visible.ordered_at, as_of.zone)
    net = (visible.amount - back).cast(MONEY)
    counted = visible.status.isin(COUNTED)
    worth = net > 0
    if free_orders == "count":
        worth = worth | ((visible.amount == 0) & (back == 0) & (visible.status == "completed"))
    return visible.select(
        "customer_id",
        "order_id",
        "at",
        day=(wall // DAY).cast("int32"),
        hour=((wall // (3600 * SECOND)) % 24).cast("int8"),
        net=net,
        gross=visible.amount,
        back=back.cast(MONEY),
        discount=visible.discount,
        channel=visible.channel,
        store=visible.store,
        counted=counted,
        sold=counted & (visible.kind == "sale") & worth,
    )


def _with_named_returns(visible: ir.Table, keep: Keep) -> tuple[ir.Table, ir.Value]:
    """The orders without the returns that name a known sale, and what each gave back, those returns included."""
    counted = visible.filter(visible.status.isin(COUNTED))
    # Of an order that does not count, cancelled say, neither does what came back.
    sales = visible.filter(visible.kind == "sale").select(named=visible.order_id).view()
    returns = counted.filter(counted.kind == "return", counted.returns_order_id.notnull())
    named = keep(
        returns.semi_join(sales, returns.returns_order_id == sales.named).select(
            "order_id", "kind", "returns_order_id", "amount"
        )
    )
    by_sale = named.group_by(sale=named.returns_order_id).aggregate(returned=(-named.amount).sum().cast(MONEY)).view()
    gone = named.select(gone=named.order_id, gone_kind=named.kind).view()
    # A return may bear the number of the order it names.
    rest = visible.anti_join(gone, [visible.order_id == gone.gone, visible.kind == gone.gone_kind])
    joined = rest.left_join(by_sale, rest.order_id == by_sale.sale).drop("sale")
    zero = ibis.literal(0).cast(MONEY)
    back = joined.refund.fill_null(zero) + joined.returned.fill_null(zero)
    return joined, cast(ir.Value, (joined.kind == "sale").ifelse(back.cast(MONEY), zero))


def paced(orders: ir.Table) -> ir.Table:
    """The sold orders with what came before: the table that rhythm and sums are read from.

    Columns `customer_id`, `at`, `day`, `hour`, `net`, `back` and `discount` of `known_orders`; `gap` (days since the
    previous order day; empty on a first order and on a later order of one day), `previous_at`, `previous_day`, and
    `last` (true on each customer's newest order; of orders at one instant the largest).
    """
    sold = orders.filter(orders.sold).select("customer_id", "at", "day", "hour", "net", "back", "discount")
    # By day first: where clocks go back over midnight a later instant can lie on an earlier day.
    pace = ibis.window(group_by=sold.customer_id, order_by=[sold.day, sold.at, sold.net])
    walked = sold.mutate(
        previous_at=sold.at.lag().over(pace),
        previous_day=sold.day.lag().over(pace),
        last=sold.at.lead().over(pace).isnull(),
    )
    gap = (walked.day - walked.previous_day).cast("int32")
    return walked.mutate(gap=gap.nullif(0))
