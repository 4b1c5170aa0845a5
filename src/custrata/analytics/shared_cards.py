"""Customers with so many orders that the number is likely shared: a till's own card, a guest account, a reseller."""

from __future__ import annotations

from fractions import Fraction

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import divide, only_row, values_at_shares

LEAST_ORDERS = 50
SHARE = Fraction(1, 100)  # of all orders
TIMES_MEAN = 20  # where few customers there are, one in a hundred orders is nothing
TIMES_QUANTILE, QUANTILE = 50, Fraction(999, 1000)
MOST = 20


def likely_shared(table: ir.Table, orders: str = "orders_all") -> ir.Table:
    """Customers whose number many people are likely to use, the busiest first, at most 20.

    Parameters: `table` with a row per customer, `customer_id` and the column `orders` (whole numbers). A customer
    counts as such with at least 50 orders that are more than 1 % of all orders and than 20 times the mean, or more
    than 50 times the 99.9 % quantile.

    Returns `customer_id`, `orders` and `share` (of all orders, DECIMAL(18,4)); no rows where there is none.

    >>> table = ibis.memtable({"customer_id": ["till", *map(str, range(99))], "orders_all": [500, *[2] * 99]})
    >>> likely_shared(table).to_pandas()[["customer_id", "orders"]].values.tolist()
    [['till', 500]]
    """
    per = table.select("customer_id", orders=table[orders].cast("int64"))
    per = per.filter(per.orders > 0)
    whole = only_row(per.aggregate(orders=per.orders.sum(), customers=per.count()))
    total, customers = int(whole["orders"] or 0), int(whole["customers"])
    if not customers:
        return per.mutate(share=ibis.null("decimal(18, 4)")).limit(0)
    high = int(values_at_shares(per, ["orders"], [QUANTILE])["orders"][0] or 0)
    of_all = max(SHARE * total, Fraction(TIMES_MEAN * total, customers))
    line = max(LEAST_ORDERS, min(of_all.__floor__() + 1, TIMES_QUANTILE * high + 1))
    busy = per.filter(per.orders >= line).order_by(per.orders.desc(), per.customer_id).limit(MOST)
    return busy.mutate(share=divide(busy.orders, ibis.literal(total, "int64"), 4))
