"""What the report of an import remarks on facts that are in the lake as they stand: dates to come, shared cards."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from custrata.analytics.shared_cards import likely_shared
from custrata.engine.days import as_date, local_day
from custrata.ingest.plan import Plan, Views
from custrata.ingest.quality import COUNTED
from custrata.ingest.questions import Desk
from custrata.ingest.staging import INDEX

SHOWN = 3


def tell_future(made: Views, rows: ir.Table, plan: Plan, figures: Mapping[str, object], desk: Desk) -> None:
    """Say which rows are dated after the clock; they stay, and no default `as_of` follows them."""
    kind = plan.kind
    count, at = int(str(figures.get("in_future") or 0)), kind.table.at
    if not count or at is None:
        return
    names = [name for name in kind.table.key if name in rows.columns][:1]
    day = as_date(local_day(rows[at], plan.zone)).cast("string")
    last = rows.mutate(at=day).order_by(ibis.desc(rows[at]), INDEX).limit(1).select(*names, "at")
    row = made.engine.arrow(last).to_pylist()[0]
    desk.tell("in_future", count, ", ".join(str(row[name]) for name in (*names, "at")))


def tell_shared(made: Views, orders: ir.Table, desk: Desk) -> None:
    """Name customers with so many orders that their number is likely shared by many people."""
    sold = orders.filter(orders.status.isin(COUNTED) & orders.customer_id.notnull() & (orders.amount > 0))
    people = made.kept(sold.group_by("customer_id").agg(orders=ibis._.count()))
    found = made.engine.arrow(likely_shared(people, "orders")).to_pylist()
    shown = ", ".join(f"{row['customer_id']} ({row['orders']})" for row in found[:SHOWN])
    desk.tell("shared_card", len(found), shown)
