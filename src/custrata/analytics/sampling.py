"""A sample of customers that is the same on every engine, in every run and in any order of rows."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir

from custrata.engine.functions import only_row


def sampled(table: ir.Table, customers: int, most: int) -> ir.Table:
    """The rows of about `most` of so many `customers`: those whose hashed number falls into the right share.

    >>> import ibis
    >>> many = ibis.memtable({"customer_id": [f"c{number}" for number in range(1000)]})
    >>> int(sampled(many, customers=1000, most=100).count().execute())
    106
    """
    if customers <= most:
        return table
    # The first 7 hexadecimal digits of MD5 are the same number on every engine.
    share = format(int(most / customers * 16**7), "07x")
    return table.filter(table.customer_id.hexdigest("md5").left(7) < share)


def span_of(profile: ir.Table) -> tuple[date | None, date | None]:
    """The first and the last order day of a profile's customers; nothing where it has no such columns."""
    if not {"first_order_on", "last_order_on"} <= set(profile.columns):
        return None, None
    days = only_row(profile.aggregate(first=profile.first_order_on.min(), last=profile.last_order_on.max()))
    return days["first"], days["last"]
