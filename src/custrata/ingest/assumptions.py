"""What the rows of a file leave open: told where it follows, asked where two readings make sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.above import filled_from_above
from custrata.ingest.canonical import CANCELLED, FOLLOWS, WORD, told
from custrata.ingest.cleaning import GONE
from custrata.ingest.keys import keyed
from custrata.ingest.placeholders import without_placeholders
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Desk, Question
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.ingest.statuses import LEFT_OUT, PARTLY, SOLD, UNSOLD, asked_words, words_of
from custrata.ingest.totals import without_totals
from custrata.lake import LakeSnapshot
from custrata.schema import MONEY

Counted = tuple[int, str]


def unknown_words(made: Views, staged: Staged) -> dict[str, int]:
    """The words of the status column that nobody knows, and their rows."""
    if not staged.has(WORD):
        return {}
    rows = staged.rows
    groups = rows.filter(rows[WORD].notnull()).group_by(WORD).agg(rows=ibis._.count())
    return {row[WORD]: row["rows"] for row in made.engine.arrow(groups).to_pylist()}


def meanings_of(unknown: Mapping[str, int], plan: Plan, desk: Desk) -> dict[str, str]:
    """What words mean that the first rows did not have: by the catalogue, else by an answer."""
    known = words_of(unknown, plan.platform)
    rest = {word: rows for word, rows in unknown.items() if word not in known}
    return known | asked_words(desk, rest, plan.header("status"))


def settled_rows(made: Views, staged: Staged, plan: Plan, desk: Desk, snapshot: LakeSnapshot) -> Staged:
    """The staged rows after all that they leave open."""
    staged = filled_from_above(made, without_totals(made, staged, plan, desk), plan, desk)
    if plan.kind.name in ("orders", "lines"):
        _tell_left_out(made, staged, plan, desk)
        staged = without_placeholders(made, staged, plan, desk)
        _tell_cancelled(made, staged, plan, desk)
        staged = keyed(made, staged, plan, desk, snapshot)
    if plan.kind.name == "orders":
        staged = _refunds(made, staged, plan, desk)
    if plan.kind.name == "lines" and plan.has("status"):
        staged = _line_statuses(made, staged, plan, desk)
    return staged


def counted(
    made: Views, rows: ir.Table, conditions: Mapping[str, ir.BooleanValue], example: ir.Value
) -> dict[str, Counted]:
    """How many rows each condition holds for, and the first of them by its example."""
    asked: dict[str, ir.Scalar] = {}
    for name, condition in conditions.items():
        holds = condition.fill_null(False)
        asked[name] = holds.sum().fill_null(0)
        asked[f"{name}__example"] = example.cast("string").argmin(rows[INDEX], where=holds)
    found = made.engine.arrow(rows.aggregate(**asked)).to_pylist()[0]
    return {name: (int(found[name]), found[f"{name}__example"] or "") for name in conditions}


def _refunds(made: Views, staged: Staged, plan: Plan, desk: Desk) -> Staged:
    """Refunds above their order, and orders refunded in part that do not say how much."""
    if not (plan.has("status") or plan.has("refund")):
        return staged
    rows = staged.rows
    sound, back = rows[PROBLEMS] == 0, cast(ir.DecimalValue, rows[told("refund")])
    partly = sound & (rows[told("status")] == PARTLY) & (back.fill_null(0) == 0) & (rows.amount > 0)
    over = sound & (rows.amount >= 0) & (back > rows.amount)
    example = rows.order_id + ": " + back.cast("string").fill_null("") + " / " + rows.amount.cast("string")
    found = counted(made, rows, {"over": over, "partly": partly}, example)
    desk.tell("refund_over_amount", *found["over"])
    choice = _part_given_back(desk, *found["partly"])
    if choice == "whole":
        refund = partly.ifelse(rows.amount, rows.refund).cast(MONEY)
        status = partly.ifelse("refunded", rows.status)
        staged = replace(staged, rows=made.level(rows.mutate(refund=refund, status=status)))
    elif choice == LEFT_OUT:
        staged = without(made, staged, partly, found["partly"][0])
    return staged


def _tell_cancelled(made: Views, staged: Staged, plan: Plan, desk: Desk) -> None:
    """Orders that are cancelled by their time of cancellation alone."""
    if staged.has(CANCELLED) and plan.has("order_id"):
        rows = staged.rows
        sound = (rows[PROBLEMS] == 0) & rows[CANCELLED]
        desk.tell("cancelled_at", *counted(made, rows, {"cancelled": sound}, rows.order_id)["cancelled"],
                  column=plan.header("cancelled_at"))  # fmt: skip


def _part_given_back(desk: Desk, count: int, example: str) -> str:
    """What becomes of orders that were given back in part, without a word how much."""
    if not count:
        return "keep"
    first = example.partition(":")[0]
    question = Question("partial_refund", ("keep", "whole", LEFT_OUT), "keep", {"rows": count, "example": first})
    choice = desk.ask(question)
    desk.tell(f"partial_refund_{choice}", count, first)
    return choice


def without(made: Views, staged: Staged, condition: ir.BooleanValue, count: int) -> Staged:
    """The staged rows, those of a condition (sound ones all) left out."""
    if not count:
        return staged
    rows = staged.rows
    gone = condition.fill_null(False)
    kept = made.level(rows.mutate(**{PROBLEMS: gone.ifelse(ibis.literal(2, "int32"), rows[PROBLEMS])}))
    tally = staged.tally | {0: staged.tally.get(0, 0) - count, 2: staged.tally.get(2, 0) + count}
    return replace(staged, rows=kept, tally=tally)


def _line_statuses(made: Views, staged: Staged, plan: Plan, desk: Desk) -> Staged:
    """Lines with the status of their order where their own cell is empty; a cancelled line of an order that went ahead
    is left out."""
    rows = staged.rows
    said = rows.status
    heads = rows.filter(rows[PROBLEMS] == 0).group_by("order_id").agg(
        first=said.argmin(rows[INDEX], where=said.notnull()),
        sold=said.isin(SOLD).any(),
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
    whole = made.kept(joined.mutate(status=status, **{name: flag.fill_null(False) for name, flag in flags.items()}))
    found = counted(made, whole, {name: whole[name] for name in flags}, whole.order_id)
    desk.tell("status_follows", *found["followed"])
    desk.tell("unsold_lines", *found["unsold"])
    choice = _part_given_back(desk, *found["partly"])
    staged = replace(staged, rows=whole)
    if choice == LEFT_OUT:
        staged = without(made, staged, whole.partly, found["partly"][0])
    elif choice == "whole":
        status = staged.rows.partly.ifelse("refunded", staged.rows.status)
        staged = replace(staged, rows=made.level(staged.rows.mutate(status=status)))
    staged = without(made, staged, staged.rows.unsold, found["unsold"][0])
    return replace(staged, rows=made.level(staged.rows.drop("first", "sold", "back", *flags)))


def _tell_left_out(made: Views, staged: Staged, plan: Plan, desk: Desk) -> None:
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
        found = {row[GONE]: row["rows"] for row in made.engine.arrow(groups).to_pylist()}
        example = ", ".join(f"{cell} ({count})" for cell, count in list(found.items())[:5])
        desk.tell("left_out", sum(found.values()), example)
    if staged.has(FOLLOWS):
        desk.tell("goes_on", *counted(made, out, {"follows": out[FOLLOWS]}, out.order_id)["follows"])
