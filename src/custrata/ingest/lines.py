"""Order lines: their ids, the head of their order, and the orders derived from them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine import DuckEngine
from custrata.ingest.accepted import Accepted, sound, unique
from custrata.ingest.canonical import LARGEST, PRODUCT, Problem
from custrata.ingest.plan import Plan, Views
from custrata.ingest.staging import INDEX, Staged
from custrata.ingest.statuses import PARTLY
from custrata.lake import LakeSnapshot
from custrata.schema import MONEY, ORDER_LINES, ORDERS

RETURN_NUMBER = r"^[Cc]\d+$"
LATE = (
    Problem("customer_id", "other_customer"),
    Problem("order_id", "no_such_order"),
    Problem("ordered_at", "missing"),
    Problem("order_id", "too_large"),
)


def with_line_ids(views: Views, staged: Staged) -> Staged:
    """Every line with a `line_id`: the file's own, else the product and its count within the order in file order.

    Rejected lines are counted too, so that the others keep their ids when these are corrected and imported again.
    """
    rows = staged.rows
    window = ibis.window(group_by=[rows.order_id, rows[PRODUCT]], order_by=[rows[INDEX]])
    counted = rows.mutate(count=ibis.row_number().over(window) + 1)
    own = counted[PRODUCT] + "#" + counted["count"].cast("string")
    return replace(
        staged, rows=views.materialize(counted.mutate(line_id=ibis.coalesce(counted.line_id, own)).drop("count"))
    )


def accepted_lines(
    views: Views, staged: Staged, plan: Plan, snapshot: LakeSnapshot, engine: DuckEngine
) -> tuple[Accepted, ir.Table]:
    """The accepted lines, each with the customer and time of its order; and the lake's rows of these orders.

    A line whose customer differs from that of its order is rejected, and so is one without a customer or time whose
    order is not in the lake.
    """
    lines = sound(staged)
    existing = _existing_orders(views, lines, snapshot, engine)
    heads = _heads(lines, existing, plan)
    joined = lines.join(heads, "order_id", rname="{name}__head")
    problem = _late_problem(joined, plan)
    if (large := _large_orders(views, lines)) is not None:
        joined = joined.left_join(large, "order_id", rname="{name}__large")
        problem = joined.large.fill_null(False).ifelse(ibis.literal(3, "int8"), _late_problem(joined, plan))
    whole = views.materialize(joined.mutate(
        problem=problem,
        customer_id=ibis.coalesce(joined.customer_id, joined.customer_id__head),
        ordered_at=ibis.coalesce(joined.ordered_at, joined.ordered_at__head),
    ))  # fmt: skip
    late = whole.filter(whole.problem.notnull()).select(INDEX, "problem")
    counts = {LATE[row["problem"]]: row["rows"] for row in views.engine.arrow(
        late.group_by("problem").agg(rows=ibis._.count())
    ).to_pylist()}  # fmt: skip
    done = unique(views, whole.filter(whole.problem.isnull()), ORDER_LINES.key)
    return replace(done, late=late, reasons=LATE, late_count=counts), existing


def _large_orders(views: Views, lines: ir.Table) -> ir.Table | None:
    """The orders whose lines add up to more than an amount holds; None where all lines together do not."""
    total = views.engine.arrow(lines.aggregate(total=lines.amount.abs().sum())).to_pylist()[0]["total"]
    if total is None or total <= LARGEST:
        return None
    sums = lines.group_by("order_id").agg(total=lines.amount.abs().sum())
    large = views.materialize(sums.filter(sums.total > LARGEST).select("order_id", large=ibis.literal(True)))
    return large if int(views.engine.arrow(large.aggregate(n=large.count())).to_pylist()[0]["n"]) else None


def _existing_orders(views: Views, lines: ir.Table, snapshot: LakeSnapshot, engine: DuckEngine) -> ir.Table:
    """The orders of the lake that the file has lines of."""
    orders = snapshot.read(ORDERS.name, engine)
    if not snapshot.rows(ORDERS.name):
        return orders
    return views.materialize(orders.semi_join(lines, "order_id"))


def _heads(lines: ir.Table, existing: ir.Table, plan: Plan) -> ir.Table:
    """One row per order of the file: `customer_id`, `ordered_at`, and `known`, whether the lake has it."""
    reported = lines.group_by("order_id").agg(
        first_customer=lines.customer_id.argmin(lines[INDEX], where=lines.customer_id.notnull()),
        first_at=lines.ordered_at.min(),
    )
    both = reported.left_join(
        existing.select("order_id", of_lake=existing.customer_id, at_lake=existing.ordered_at), "order_id"
    )
    return both.select(
        "order_id",
        customer_id=ibis.coalesce(both.of_lake, both.first_customer),
        ordered_at=ibis.coalesce(both.first_at, both.at_lake),
        known=both.at_lake.notnull(),
    )


def _late_problem(joined: ir.Table, plan: Plan) -> ir.IntegerValue:
    other = (joined.customer_id != joined.customer_id__head).fill_null(False)
    needs_order = not plan.has("customer_id") or not plan.has("ordered_at")
    unknown = ~joined.known if needs_order else ibis.literal(False)
    timeless = joined.ordered_at.isnull() & joined.ordered_at__head.isnull()
    return ibis.cases((other, 0), (unknown, 1), (timeless, 2)).cast("int8")


def derived_orders(
    lines: ir.Table, existing: ir.Table, snapshot: LakeSnapshot, engine: DuckEngine, own: Collection[str]
) -> ir.Table:
    """The orders derived from lines: aggregates over all lines of an order, of this file and in the lake.

    `own` are the imports of orders files; orders from these are not changed.
    """
    previous = existing.select(
        "order_id", "channel", "store", "status", "refund", from_orders_file=_from_orders_file(existing, own)
    )
    parts = _all_lines(lines, snapshot, engine)
    orders = (
        _summed(parts)
        .left_join(_reported_heads(lines), "order_id")
        .left_join(previous, "order_id", rname="{name}__lake")
    )
    orders = orders.filter(~orders.from_orders_file.fill_null(False))
    back = (orders.amount < 0) | orders.any_return.fill_null(False)
    back = back | (orders.order_id.re_search(RETURN_NUMBER) & orders.any_back & (orders.amount <= 0))
    status = ibis.coalesce(orders.status, orders.status__lake, ibis.literal("completed"))
    # The refund in the lines of this file; without one, the refund already known for the order.
    given_back = ibis.coalesce(orders.refund, (orders.status.isnull()).ifelse(orders.refund__lake, None), 0)
    whole = (orders.status == "refunded").fill_null(False) & (given_back == 0)
    refund = ibis.least(whole.ifelse(orders.amount, given_back), orders.amount)
    return orders.select(
        "order_id",
        "customer_id",
        "ordered_at",
        kind=back.ifelse("return", "sale"),
        status=status,
        amount=orders.amount,
        discount=orders.discount,
        refund=(orders.amount > 0).ifelse(refund, 0).cast(MONEY),
        channel=ibis.coalesce(orders.channel, orders.channel__lake),
        store=ibis.coalesce(orders.store, orders.store__lake),
    )


def _from_orders_file(existing: ir.Table, own: Collection[str]) -> ir.BooleanValue:
    return existing.import_id.isin(sorted(own)) if own else ibis.literal(False)


def _all_lines(lines: ir.Table, snapshot: LakeSnapshot, engine: DuckEngine) -> ir.Table:
    """The lines of these orders as the lake will hold them: of two with one number the one last updated."""
    names = ("order_id", "line_id", "customer_id", "ordered_at", "quantity", "discount", "amount")
    new = lines.select(*names, "updated_at")
    if not snapshot.rows(ORDER_LINES.name):
        return new.select(*names)
    old = snapshot.read(ORDER_LINES.name, engine).select(*names, "updated_at").semi_join(new, "order_id")
    both = new.mutate(late=ibis.literal(True)).union(old.mutate(late=ibis.literal(False)))
    order = [ibis.desc(both.updated_at.notnull()), ibis.desc(both.updated_at), ibis.desc(both.late)]
    rank = ibis.row_number().over(ibis.window(group_by=["order_id", "line_id"], order_by=order))
    return both.mutate(rank=rank).filter(ibis._.rank == 0).select(*names)


def _summed(parts: ir.Table) -> ir.Table:
    return parts.group_by("order_id").agg(
        customer_id=parts.customer_id.max(),  # one customer at most by now
        ordered_at=parts.ordered_at.min(),
        amount=parts.amount.sum().cast(MONEY),
        discount=parts.discount.sum().cast(MONEY),
        any_back=(parts.quantity < 0).any(),
    )


def _reported_heads(lines: ir.Table) -> ir.Table:
    """Order attributes from the lines of the file; of several values for one order the first in the file."""
    first = {name: lines[name].argmin(lines[INDEX], where=lines[name].notnull()) for name in ("channel", "store")}
    back = lines.refund.sum()
    # A line that was given back without a sum, of an order whose other lines were not.
    lost = lines.amount.sum(where=(lines.status == "refunded").fill_null(False))
    return lines.group_by("order_id").agg(
        **first,
        status=order_status(lines),
        refund=ibis.coalesce((back > 0).ifelse(back, None), lost).cast(MONEY),
        any_return=(lines.kind == "return").any(),
    )


def order_status(lines: ir.Table) -> ir.StringScalar:
    """The status of an order from its lines: completed if a line is, refunded if all sold lines are."""
    status = lines.status
    sold, back = status.isin(("completed", PARTLY)).any(), (status == "refunded").any()
    unsold = status.argmin(lines[INDEX], where=status.notnull())
    combined = ibis.cases((sold, "completed"), (back, "refunded"), else_=unsold)
    return cast(ir.StringScalar, combined)
