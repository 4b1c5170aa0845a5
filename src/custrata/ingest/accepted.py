"""Select the rows to import: rows without problems, and of several rows with one key the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from custrata.ingest.canonical import Problem
from custrata.ingest.cleaning import CURRENCY, NOTED, NOTES, SIGN
from custrata.ingest.functions import fingerprint
from custrata.ingest.plan import Views
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.schema import ORDERS

SEPARATOR = "\x1f"
SUMMED = ("amount", "discount", "refund")
MOST_ROWS = 2**40


@dataclass(frozen=True)
class Accepted:
    """The rows of a file that are written to the lake.

    `rows` have unique keys; `superseded` counts rows replaced by a later row of the key, `repeats` exact duplicates;
    `left_out` turned out to be no orders; `late` are rows rejected after the first pass, as columns `_index` and
    `problem` (place in `reasons`).
    """

    rows: ir.Table
    superseded: int = 0
    repeats: int = 0
    late: ir.Table | None = None
    reasons: tuple[Problem, ...] = ()
    late_count: dict[Problem, int] | None = None
    left_out: int = 0

    @property
    def late_rows(self) -> int:
        """How many rows were rejected after the first pass."""
        return sum((self.late_count or {}).values())


def sound(staged: Staged) -> ir.Table:
    """The staged rows without a problem."""
    rows = staged.rows
    return rows if not (staged.wrong or staged.blank or staged.left_out) else rows.filter(rows[PROBLEMS] == 0)


def unique(views: Views, rows: ir.Table, key: Sequence[str]) -> Accepted:
    """The last row of every key: by `updated_at`, none being oldest, then by its place in the file."""
    whole = _joined(rows, key)
    counts = views.engine.arrow(rows.aggregate(rows=rows.count(), keys=fingerprint(whole).nunique())).to_pylist()[0]
    if counts["rows"] == counts["keys"]:
        return Accepted(rows)
    several = rows.group_by(key).having(ibis._.count() > 1).agg()
    twins = views.materialize(_ranked(rows.semi_join(several, key), key))
    duplicates = views.engine.arrow(twins.aggregate(
        superseded=(twins.rank > 0).sum().fill_null(0), repeats=((twins.rank > 0) & twins.same).sum().fill_null(0)
    )).to_pylist()[0]  # fmt: skip
    beaten = twins.filter(twins.rank > 0).select(INDEX)
    return Accepted(
        rows.anti_join(beaten, INDEX), duplicates["superseded"] - duplicates["repeats"], duplicates["repeats"]
    )


def accepted_orders(views: Views, staged: Staged) -> Accepted:
    """The accepted orders: of several rows of one order the last, or one row with the summed amounts."""
    rows = sound(staged)
    if together := staged.together:
        return summed(views, rows, "order_id", also_alike=together == "rows")
    return unique(views, rows, ORDERS.key)


def summed(views: Views, rows: ir.Table, key: str, *, also_alike: bool) -> Accepted:
    """The first row of every key with the summed amounts of its rows; only sold rows count towards a sale.

    Identical rows of one key count once, unless `also_alike` says that they are to be summed as well.
    """
    several = rows.group_by(key).having(ibis._.count() > 1).agg()
    parts = rows.semi_join(several, key)
    if not also_alike:
        content = _joined(parts, _content_columns(parts))
        unlike = parts.mutate(content=content).group_by(key).having(ibis._.content.nunique() > 1).agg()
        parts = parts.semi_join(unlike, key)
    sold = parts.status.isin(("completed", "refunded"))
    totals = views.materialize(parts.group_by(key).agg(
        first=parts[INDEX].argmin(sold.ifelse(0, 1) * MOST_ROWS + parts[INDEX]),
        **{f"{name}__sum": ibis.coalesce(parts[name].sum(where=sold), parts[name].sum()) for name in SUMMED},
    ))  # fmt: skip
    beaten = parts.join(totals, key).filter(ibis._[INDEX] != ibis._["first"]).select(INDEX)
    joined = rows.anti_join(beaten, INDEX).left_join(totals, key, rname="{name}__total")
    whole = {name: ibis.coalesce(joined[f"{name}__sum"], joined[name]).cast(rows[name].type()) for name in SUMMED}
    return unique(views, views.materialize(joined.mutate(**whole).select(*rows.columns)), (key,))


def _content_columns(rows: ir.Table) -> list[str]:
    """The columns with the content of a row, without its position in the file."""
    return [name for name in rows.columns if name not in (INDEX, PROBLEMS, SIGN, CURRENCY, NOTES, NOTED)]


def _ranked(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """The rank of each row within its key, from 0, and whether its content equals that of the first."""
    order = [ibis.desc(rows.updated_at.notnull()), ibis.desc(rows.updated_at), ibis.desc(rows[INDEX])]
    window = ibis.window(group_by=list(key), order_by=order)
    content = _joined(rows, _content_columns(rows))
    return rows.select(INDEX, rank=ibis.row_number().over(window), same=content == content.first().over(window))


def _joined(rows: ir.Table, names: Sequence[str]) -> ir.StringValue:
    if len(names) == 1:
        return rows[names[0]].cast("string")
    return ibis.literal(SEPARATOR).join([rows[name].cast("string").fill_null("") for name in names])
