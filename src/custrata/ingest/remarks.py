"""Notices about rows that are imported unchanged: future dates and shared cards."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from custrata.analytics.shared_cards import likely_shared
from custrata.engine.days import as_date, local_day
from custrata.ingest.plan import Plan, Views
from custrata.ingest.quality import COUNTED
from custrata.ingest.questions import Dialog
from custrata.ingest.staging import INDEX

MAX_EXAMPLES = 3


def report_future_dates(
    views: Views, rows: ir.Table, plan: Plan, figures: Mapping[str, object], dialog: Dialog
) -> None:
    """Report rows dated in the future; they are kept, and do not affect the default `as_of`."""
    kind = plan.kind
    count, at = int(str(figures.get("in_future") or 0)), kind.table.at
    if not count or at is None:
        return
    names = [name for name in kind.table.key if name in rows.columns][:1]
    day = as_date(local_day(rows[at], plan.zone)).cast("string")
    last = rows.mutate(at=day).order_by(ibis.desc(rows[at]), INDEX).limit(1).select(*names, "at")
    row = views.engine.arrow(last).to_pylist()[0]
    dialog.tell("in_future", count, ", ".join(str(row[name]) for name in (*names, "at")))


def report_shared_cards(views: Views, orders: ir.Table, dialog: Dialog) -> None:
    """Report customers with so many orders that many people probably share their id."""
    sold = orders.filter(orders.status.isin(COUNTED) & orders.customer_id.notnull() & (orders.amount > 0))
    people = views.materialize(sold.group_by("customer_id").agg(orders=ibis._.count()))
    shared = views.engine.arrow(likely_shared(people, "orders")).to_pylist()
    examples = ", ".join(f"{row['customer_id']} ({row['orders']})" for row in shared[:MAX_EXAMPLES])
    dialog.tell("shared_card", len(shared), examples)
