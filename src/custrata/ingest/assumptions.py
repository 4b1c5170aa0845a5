"""Ambiguities in the rows of a file: resolved with a notice where one reading follows, asked where two make sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.canonical import CANCELLED, FOLLOWS, WORD, as_reported
from custrata.ingest.cleaning import GONE
from custrata.ingest.forward_fill import forward_filled
from custrata.ingest.keys import with_order_ids
from custrata.ingest.placeholders import without_placeholders
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.ingest.statuses import LEFT_OUT, PARTLY, SOLD, UNSOLD, ask_statuses, words_of
from custrata.ingest.totals import without_totals
from custrata.lake import LakeSnapshot
from custrata.schema import MONEY

Counted = tuple[int, str]


def unknown_words(views: Views, staged: Staged) -> dict[str, int]:
    """The unknown words of the status column, and how many rows have each."""
    if not staged.has(WORD):
        return {}
    rows = staged.rows
    groups = rows.filter(rows[WORD].notnull()).group_by(WORD).agg(rows=ibis._.count())
    return {row[WORD]: row["rows"] for row in views.engine.arrow(groups).to_pylist()}


def meanings_of(unknown: Mapping[str, int], plan: Plan, dialog: Dialog) -> dict[str, str]:
    """The meaning of status words that the sample did not contain: from the catalogue, else from an answer."""
    meanings = words_of(unknown, plan.platform)
    rest = {word: rows for word, rows in unknown.items() if word not in meanings}
    return meanings | ask_statuses(dialog, rest, plan.header("status"))


def resolve_ambiguities(views: Views, staged: Staged, plan: Plan, dialog: Dialog, snapshot: LakeSnapshot) -> Staged:
    """The staged rows with every ambiguity resolved."""
    staged = forward_filled(views, without_totals(views, staged, plan, dialog), plan, dialog)
    if plan.kind.name in ("orders", "lines"):
        _report_left_out(views, staged, plan, dialog)
        staged = without_placeholders(views, staged, plan, dialog)
        _report_cancelled(views, staged, plan, dialog)
        staged = with_order_ids(views, staged, plan, dialog, snapshot)
    if plan.kind.name == "orders":
        staged = _refunds(views, staged, plan, dialog)
    if plan.kind.name == "lines" and plan.has("status"):
        staged = _line_statuses(views, staged, plan, dialog)
    return staged


def counted(
    views: Views, rows: ir.Table, conditions: Mapping[str, ir.BooleanValue], example: ir.Value
) -> dict[str, Counted]:
    """How many rows each condition holds for, and the first of them by its example."""
    aggregates: dict[str, ir.Scalar] = {}
    for name, condition in conditions.items():
        holds = condition.fill_null(False)
        aggregates[name] = holds.sum().fill_null(0)
        aggregates[f"{name}__example"] = example.cast("string").argmin(rows[INDEX], where=holds)
    row = views.engine.arrow(rows.aggregate(**aggregates)).to_pylist()[0]
    return {name: (int(row[name]), row[f"{name}__example"] or "") for name in conditions}


def _refunds(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Refunds larger than their order, and partial refunds without an amount."""
    if not (plan.has("status") or plan.has("refund")):
        return staged
    rows = staged.rows
    sound, back = rows[PROBLEMS] == 0, cast(ir.DecimalValue, rows[as_reported("refund")])
    partly = sound & (rows[as_reported("status")] == PARTLY) & (back.fill_null(0) == 0) & (rows.amount > 0)
    over = sound & (rows.amount >= 0) & (back > rows.amount)
    example = rows.order_id + ": " + back.cast("string").fill_null("") + " / " + rows.amount.cast("string")
    counts = counted(views, rows, {"over": over, "partly": partly}, example)
    dialog.tell("refund_over_amount", *counts["over"])
    choice = _partial_refund_choice(dialog, *counts["partly"])
    if choice == "whole":
        refund = partly.ifelse(rows.amount, rows.refund).cast(MONEY)
        status = partly.ifelse("refunded", rows.status)
        staged = replace(staged, rows=views.create(rows.mutate(refund=refund, status=status)))
    elif choice == LEFT_OUT:
        staged = without(views, staged, partly, counts["partly"][0])
    return staged


def _report_cancelled(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> None:
    """Orders that are cancelled by their time of cancellation alone."""
    if staged.has(CANCELLED) and plan.has("order_id"):
        rows = staged.rows
        sound = (rows[PROBLEMS] == 0) & rows[CANCELLED]
        dialog.tell("cancelled_at", *counted(views, rows, {"cancelled": sound}, rows.order_id)["cancelled"],
                  column=plan.header("cancelled_at"))  # fmt: skip


def _partial_refund_choice(dialog: Dialog, count: int, example: str) -> str:
    """The answer for orders that were refunded in part without a refund amount."""
    if not count:
        return "keep"
    first = example.partition(":")[0]
    question = Question("partial_refund", ("keep", "whole", LEFT_OUT), "keep", {"rows": count, "example": first})
    choice = dialog.ask(question)
    dialog.tell(f"partial_refund_{choice}", count, first)
    return choice


def without(views: Views, staged: Staged, condition: ir.BooleanValue, count: int) -> Staged:
    """The staged rows without those that meet a condition; these must have no problems."""
    if not count:
        return staged
    rows = staged.rows
    gone = condition.fill_null(False)
    marked = views.create(rows.mutate(**{PROBLEMS: gone.ifelse(ibis.literal(2, "int32"), rows[PROBLEMS])}))
    tally = staged.tally | {0: staged.tally.get(0, 0) - count, 2: staged.tally.get(2, 0) + count}
    return replace(staged, rows=marked, tally=tally)


def _line_statuses(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """Lines with the status of their order where their own cell is empty; a cancelled line of an order that went ahead
    is left out."""
    rows = staged.rows
    line_status = rows.status
    heads = rows.filter(rows[PROBLEMS] == 0).group_by("order_id").agg(
        first=line_status.argmin(rows[INDEX], where=line_status.notnull()),
        sold=line_status.isin(SOLD).any(),
        back=(rows.refund.sum() > 0).fill_null(False),
    )  # fmt: skip
    joined = rows.left_join(heads, "order_id", rname="{name}__head")
    status = ibis.coalesce(joined.status, joined["first"])
    sound = joined[PROBLEMS] == 0
    flags = {
        "followed": sound & joined.status.isnull() & status.notnull(),
        "unsold": sound & joined.sold & joined.status.isin(UNSOLD),
        "partly": sound & (status == PARTLY) & ~joined.back,
    }
    whole = views.materialize(
        joined.mutate(status=status, **{name: flag.fill_null(False) for name, flag in flags.items()})
    )
    counts = counted(views, whole, {name: whole[name] for name in flags}, whole.order_id)
    dialog.tell("status_follows", *counts["followed"])
    dialog.tell("unsold_lines", *counts["unsold"])
    choice = _partial_refund_choice(dialog, *counts["partly"])
    staged = replace(staged, rows=whole)
    if choice == LEFT_OUT:
        staged = without(views, staged, whole.partly, counts["partly"][0])
    elif choice == "whole":
        status = staged.rows.partly.ifelse("refunded", staged.rows.status)
        staged = replace(staged, rows=views.create(staged.rows.mutate(status=status)))
    staged = without(views, staged, staged.rows.unsold, counts["unsold"][0])
    return replace(staged, rows=views.create(staged.rows.drop("first", "sold", "back", *flags)))


def _report_left_out(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> None:
    """How many rows are no orders, by the mapping and the platform, and how many go on with the order above; and
    orders with a time at which they were cancelled."""
    rows = staged.rows
    if not staged.left_out:
        return
    out = rows.filter((rows[PROBLEMS] & 3) == 2)
    if staged.has(GONE):
        groups = (
            out.filter(out[GONE].notnull()).group_by(GONE).agg(rows=ibis._.count()).order_by(ibis.desc("rows"), GONE)
        )
        counts = {row[GONE]: row["rows"] for row in views.engine.arrow(groups).to_pylist()}
        example = ", ".join(f"{cell} ({count})" for cell, count in list(counts.items())[:5])
        dialog.tell("left_out", sum(counts.values()), example)
    if staged.has(FOLLOWS):
        dialog.tell("goes_on", *counted(views, out, {"follows": out[FOLLOWS]}, out.order_id)["follows"])
