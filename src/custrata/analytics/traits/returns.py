"""Return traits, and spend: what was sold less what came back."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.traits.pace import share_of, total
from custrata.engine.days import as_date
from custrata.engine.functions import divide
from custrata.schema import MONEY, SUM

WINDOW = ("", "_all")
SPANS = ("_30d", "_90d", "_365d", "_before_90d", "_before_365d")


def return_sums(orders: ir.Table, as_of: AsOf, window: int | None = 365, *, spans: bool = True) -> ir.Table:
    """Sums over the counted orders that are no sale: returns that name no order, and orders wholly given back.

    One row per customer that has any. `returned…` are negative, as the amounts of returns are.
    """
    returns = orders.filter(orders.counted, ~orders.sold)
    wholly = (returns.back > 0) & (returns.net <= 0)
    # An order given back counts for no amount, not even a negative one where more came back than was paid.
    returns = returns.mutate(wholly=wholly, net=wholly.ifelse(ibis.literal(0).cast(MONEY), returns.net))
    now, wholly = as_of.within(returns.at, window), returns.wholly
    return returns.group_by("customer_id").aggregate(
        **_returned(returns, as_of, window, spans=spans),
        unnamed_returns=returns.count(where=now & (returns.net < 0)),
        unnamed_value=total(-returns.net, now & (returns.net < 0)),
        refunded_orders=returns.count(where=now & wholly),
        refunded_gross=total(returns.gross, now & wholly),
        refunded_back=total(returns.back, now & wholly),
        last_return_on=as_date(cast(ir.IntegerValue, returns.day.max(where=returns.net < 0))),
    )


def _returned(returns: ir.Table, as_of: AsOf, window: int | None, *, spans: bool) -> dict[str, ir.Value]:
    sums = {"returned": total(returns.net, as_of.within(returns.at, window)), "returned_all": total(returns.net)}
    if not spans:
        return sums
    return sums | {
        "returned_30d": total(returns.net, as_of.within(returns.at, 30)),
        "returned_90d": total(returns.net, as_of.within(returns.at, 90)),
        "returned_365d": total(returns.net, as_of.within(returns.at, 365)),
        "returned_before_90d": total(returns.net, as_of.between(returns.at, older=180, newer=90)),
        "returned_before_365d": total(returns.net, as_of.between(returns.at, older=730, newer=365)),
    }


def spend_traits(sold: ir.Table, returned: ir.Table, *, spans: bool = True) -> ir.Table:
    """Both sides put together: spend by window, and the return traits. One row per customer of either side."""
    back = returned.rename(returning_customer="customer_id")
    both = sold.outer_join(back, sold.customer_id == back.returning_customer)
    spans_read = WINDOW + SPANS if spans else WINDOW
    spend = {f"spend{span}": _money(both, f"sales{span}") + _money(both, f"returned{span}") for span in spans_read}
    spent = both.mutate(
        customer_id=ibis.coalesce(both.customer_id, both.returning_customer),
        **{name: value.cast(SUM) for name, value in spend.items()},
    )
    changed = _changes(spent) if spans else {}
    given_back = _money(spent, "sold_back") + _money(spent, "refunded_back") + _money(spent, "unnamed_value")
    sold_value = _money(spent, "sold_gross") + _money(spent, "refunded_gross")
    back_share = share_of(given_back.cast(SUM), sold_value.cast(SUM))
    rate = (sold_value > 0).ifelse(back_share, ibis.null(back_share.type()))
    return spent.mutate(
        **changed,
        average_order_value=divide(spent.spend, spent.orders),
        average_order_value_all=divide(spent.spend_all, spent.orders_all),
        returns=sum(_count(spent, name) for name in ("unnamed_returns", "refunded_orders", "given_back_in_part")),
        returned_value=given_back.cast(SUM),
        return_rate=rate,
    ).drop("returning_customer")


def _changes(spent: ir.Table) -> dict[str, ir.Value]:
    return {
        "spend_change_90d": (spent.spend_90d - spent.spend_before_90d).cast(SUM),
        "spend_change_365d": (spent.spend_365d - spent.spend_before_365d).cast(SUM),
    }


def _money(table: ir.Table, name: str) -> ir.DecimalValue:
    return cast(ir.DecimalValue, table[name].fill_null(ibis.literal(0).cast(SUM)))


def _count(table: ir.Table, name: str) -> ir.IntegerValue:
    return cast(ir.IntegerValue, table[name].fill_null(0))
