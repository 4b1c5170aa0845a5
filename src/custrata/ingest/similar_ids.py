"""Customer ids that differ in spelling only: reported, never merged silently."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.plan import Views
from custrata.ingest.questions import Dialog
from custrata.lake import LakeSnapshot
from custrata.schema import CUSTOMER_RECORDS, ORDERS

NUMBER = r"^\d+(\.0+)?$"


def report_similar_ids(views: Views, rows: ir.Table, snapshot: LakeSnapshot, dialog: Dialog) -> None:
    """Report how many ids of these rows differ from another id of the file or the lake only by letter case, or by
    leading zeros or `.0`."""
    ids = _ids(rows, of_file=True)
    for table in (ORDERS.name, CUSTOMER_RECORDS.name):
        if snapshot.rows(table):
            ids = ids.union(_ids(snapshot.read(table, views.engine), of_file=False))
    every = views.materialize(ids)
    digits = every.id.re_replace(r"\.0+$", "").re_replace(r"^0+(\d)", r"\1")
    for code, some, plain in (
        ("ids_by_case", every.id.lower() != every.id.upper(), every.id.lower()),
        ("ids_by_zeros", every.id.re_search(NUMBER), digits),
    ):
        groups = every.filter(some).group_by(plain=plain).agg(
            one=every.id.min(), other=every.id.max(), of_file=every.of_file.any()
        )  # fmt: skip
        groups = groups.filter((groups.one != groups.other) & groups.of_file)
        example = cast(ir.StringValue, groups.one + " / " + groups.other)
        summary = views.engine.arrow(groups.aggregate(count=groups.count(), example=example.min())).to_pylist()[0]
        dialog.tell(code, summary["count"], summary["example"] or "")


def _ids(rows: ir.Table, *, of_file: bool) -> ir.Table:
    ids = rows.filter(rows.customer_id.notnull()).select(id=rows.customer_id).distinct()
    return ids.mutate(of_file=ibis.literal(of_file))
