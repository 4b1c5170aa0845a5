"""Forward filling: blank cells that repeat the value above, as merged cells leave them.

They are filled, with a notice, where no other reading makes sense; where the row may lack the value, the import asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.canonical import Problem
from custrata.ingest.cleaning import NOTES
from custrata.ingest.notes import NOTES as CODES
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.ingest.totals import only_problem

LEAST_SHARE = 0.25  # of rows without a time: fewer may be without one by mistake
DAY_SHARE = 0.1
LEAST_BLANKS = 2  # a single blank is taken as an omission
ABOVE, NOBODY = "above", "anonymous"


def forward_filled(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """The staged rows with blank cells filled from above where a blank repeats the value."""
    if plan.kind.name not in ("orders", "lines"):
        return staged
    lines, customers = plan.kind.name == "lines", plan.has("customer_id")
    if lines and customers:
        _report_customers_of_orders(views, staged, dialog)
    staged = _order_numbers(views, staged, plan, dialog) if lines else _times(views, staged, dialog)
    return _customers(views, staged, plan, dialog) if customers else staged


def _last_above(rows: ir.Table, filled: ir.BooleanValue) -> ir.Value:
    """For every row the index of the last row, itself or above, that a condition holds for."""
    window = ibis.cumulative_window(order_by=INDEX)
    return filled.ifelse(rows[INDEX], ibis.null("int64")).max().over(window)


def _with_head(rows: ir.Table, filled: ir.BooleanValue, *names: str) -> ir.Table:
    """The rows with these columns of the last row above that a condition holds for, as `<name>__above`."""
    numbered = rows.mutate(head__at=_last_above(rows, filled))
    heads = rows.select(head__index=rows[INDEX], **{f"{name}__above": rows[name] for name in names})
    return numbered.left_join(heads, numbered.head__at == heads.head__index).drop("head__index")


def _order_numbers(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Lines below the first of their order: without its number, and without another customer or time."""
    alone = only_problem(staged, Problem("order_id", "missing"))
    count = staged.tally.get(alone, 0) if alone else 0
    if not count:
        return staged
    rows = staged.rows
    usable = (rows[PROBLEMS] == alone) | ((rows[PROBLEMS] & 3) == 0)
    joined = _with_head(rows, rows.order_id.notnull() & usable, "order_id", "customer_id", "ordered_at")
    follows = (joined[PROBLEMS] == alone) & joined.order_id__above.notnull()
    for name in ("customer_id", "ordered_at"):
        follows = follows & (joined[name].isnull() | (joined[name] == joined[f"{name}__above"]).fill_null(False))
    if goods := [joined[name].notnull() for name in ("product_id", "product_name") if plan.has(name)]:
        follows = follows & ibis.or_(*goods)
    marked = views.materialize(joined.mutate(follows=follows.fill_null(False)))
    return _filled(views, staged, marked, ("order_id", "order_numbers_above"), dialog)


def _times(views: Views, staged: Staged, dialog: Dialog) -> Staged:
    """Orders below the first of their day, where the file writes every time once."""
    alone = only_problem(staged, Problem("ordered_at", "missing"))
    count = staged.tally.get(alone, 0) if alone else 0
    if count < LEAST_BLANKS:
        return staged
    rows = staged.rows
    dated = rows.filter(rows.ordered_at.notnull() & (rows[PROBLEMS] == 0))
    before = dated.ordered_at.lag(1).over(ibis.window(order_by=INDEX))
    times = views.engine.arrow(dated.mutate(again=(before == dated.ordered_at).fill_null(False)).aggregate(
        rows=ibis._.count(), again=ibis._.again.sum().fill_null(0), first=ibis._[INDEX].min(),
        clocks=(ibis._.ordered_at.minute() != 0).sum().fill_null(0),
    )).to_pylist()[0]  # fmt: skip
    least = LEAST_SHARE if times["clocks"] else DAY_SHARE
    if times["again"] or not times["rows"] or count < least * (times["rows"] + count):
        return staged
    joined = _with_head(rows, rows.ordered_at.notnull() & ((rows[PROBLEMS] & 3) == 0), "ordered_at")
    unknown = (joined[NOTES] & (1 << CODES.index("zero_dates"))) != 0  # 0000-00-00 is no blank cell
    follows = (joined[PROBLEMS] == alone) & joined.ordered_at__above.notnull() & ~unknown
    marked = views.materialize(joined.mutate(follows=follows.fill_null(False)))
    return _filled(views, staged, marked, ("ordered_at", "times_above"), dialog)


def _customers(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Orders below the first of their customer, where the customer comes first and every one is written once."""
    headers = plan.source.headers
    place = headers.index(plan.mapping.fields["customer_id"]) if "customer_id" in plan.mapping.fields else -1
    order = headers.index(plan.mapping.fields["order_id"]) if "order_id" in plan.mapping.fields else -1
    if not 0 <= place < order:
        return staged
    rows = staged.rows
    sound = rows.filter(rows[PROBLEMS] == 0)
    orders = sound.group_by("order_id").agg(has_customer=sound.customer_id.count() > 0)
    summary = views.engine.arrow(sound.aggregate(
        blank=sound.customer_id.isnull().sum().fill_null(0), filled=sound.customer_id.count(),
        customers=sound.customer_id.nunique(), first=sound.customer_id.first(order_by=INDEX, include_null=True),
    )).to_pylist()[0]  # fmt: skip
    if not summary["blank"] or summary["first"] is None or summary["filled"] != summary["customers"]:
        return staged
    identified = orders.filter(orders.has_customer).select("order_id", own=ibis.literal(True))
    joined = _with_head(rows, rows.customer_id.notnull() & (rows[PROBLEMS] == 0), "customer_id")
    joined = joined.left_join(identified, "order_id")
    follows = (joined[PROBLEMS] == 0) & joined.customer_id.isnull() & joined.own.isnull()
    marked = views.materialize(joined.mutate(follows=(follows & joined.customer_id__above.notnull()).fill_null(False)))
    count = views.engine.arrow(marked.aggregate(n=marked.follows.sum().fill_null(0))).to_pylist()[0]["n"]
    example = views.engine.arrow(marked.aggregate(x=marked.order_id.argmin(marked[INDEX], where=marked.follows)))
    if not count:
        return staged
    facts = {"rows": count, "example": example.to_pylist()[0]["x"], "header": headers[place]}
    if dialog.ask(Question("customer_above", (ABOVE, NOBODY), ABOVE, facts)) == NOBODY:
        dialog.tell("customers_blank", count, str(facts["example"]))
        return staged
    return _filled(views, staged, marked, ("customer_id", "customers_above"), dialog)


def _filled(views: Views, staged: Staged, marked: ir.Table, what: tuple[str, str], dialog: Dialog) -> Staged:
    """The rows with the column filled from above and the problem cleared where `follows` holds; adds a notice."""
    name, code = what
    example = marked["order_id" if name == "ordered_at" else f"{name}__above"].argmin(
        marked[INDEX], where=marked.follows
    )
    summary = views.engine.arrow(marked.aggregate(n=marked.follows.sum().fill_null(0), example=example)).to_pylist()[0]
    dialog.tell(code, int(summary["n"]), summary["example"] or "")
    filled = {
        name: marked.follows.ifelse(marked[f"{name}__above"], marked[name]),
        PROBLEMS: marked.follows.ifelse(ibis.literal(0, "int32"), marked[PROBLEMS]),
    }
    rows = views.create(marked.mutate(**filled).select(*staged.rows.columns))
    groups = views.engine.arrow(rows.group_by(PROBLEMS).agg(rows=rows.count())).to_pylist()
    return replace(staged, rows=rows, tally={group[PROBLEMS]: group["rows"] for group in groups})


def _report_customers_of_orders(views: Views, staged: Staged, dialog: Dialog) -> None:
    """Add a notice for lines without a customer whose order has one: they are assigned to that customer."""
    rows = staged.rows.filter(staged.rows[PROBLEMS] == 0)
    blank = rows.customer_id.isnull()
    if not views.engine.arrow(rows.aggregate(n=blank.any().fill_null(False))).to_pylist()[0]["n"]:
        return
    identified = rows.filter(~blank).select("order_id").distinct()
    follows = rows.filter(blank).semi_join(identified, "order_id")
    summary = views.engine.arrow(follows.aggregate(
        n=follows.count(), example=cast(ir.StringValue, follows.order_id).argmin(follows[INDEX])
    )).to_pylist()[0]  # fmt: skip
    dialog.tell("customer_of_order", int(summary["n"]), summary["example"] or "")
