"""Refuse rows of erased customers in later imports."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.ingest import people
from custrata.ingest.person_matching import cell_values, interpretations
from custrata.ingest.plan import Plan, Views
from custrata.ingest.quarantine import Fault
from custrata.ingest.questions import Dialog
from custrata.ingest.staging import INDEX, LEFT_OUT_BITS, PROBLEMS, Staged
from custrata.lake.erasures import CUSTOMER, EMAIL, PHONE, Erasures, pads

CODE = "erased_customer"


def without_erased(views: Views, staged: Staged, plan: Plan, dialog: Dialog, erasures: Erasures) -> Staged:
    """The staged rows without those of erased customers, matched by id, e-mail address or phone.

    They are not written to quarantine either.
    """
    marks = erasures.in_force()
    if not marks or not staged.has("customer_id"):
        return staged
    rows = staged.rows
    if staged.has("phone__odd"):
        rows = people.with_phones(views, rows, plan, lambda share: None)
    key = views.register(
        pa.table(dict(zip(("inner_pad", "outer_pad"), ([pad] for pad in pads(erasures.key())), strict=True)))
    )
    listed = views.register(pa.table({"mark": sorted(marks)}))
    matches = [
        _matching_rows(views, rows, column, what=what, key=key, listed=listed)
        for column, what in (("customer_id", CUSTOMER), ("email", EMAIL), ("phone", PHONE))
        if column in rows.columns
    ]
    erased = views.materialize(ibis.union(*matches, distinct=True) if len(matches) > 1 else matches[0])
    tally = Counter(
        {row[PROBLEMS]: row["rows"] for row in views.engine.arrow(
            rows.semi_join(erased, INDEX).group_by(PROBLEMS).agg(rows=ibis._.count())
        ).to_pylist() if not row[PROBLEMS] & 1}
    )  # fmt: skip
    if not tally:
        return staged
    dialog.tell(CODE, tally.total())
    joined = rows.left_join(erased.mutate(erased=True), INDEX, rname="{name}__erased")
    bits = joined.erased.fill_null(False).ifelse(ibis.literal(LEFT_OUT_BITS, "int64"), joined[PROBLEMS])
    left = views.materialize(joined.mutate(**{PROBLEMS: bits}).select(*staged.rows.columns).order_by(INDEX))
    counts = Counter(staged.tally)
    counts.subtract(tally)
    counts[LEFT_OUT_BITS] += tally.total()
    return replace(staged, rows=left, tally={bits: count for bits, count in counts.items() if count})


def _matching_rows(
    views: Views, rows: ir.Table, column: str, *, what: str, key: ir.Table, listed: ir.Table
) -> ir.Table:
    """The indices of the rows whose hash is in the list; every distinct value is hashed once."""
    values = views.create(rows.filter(rows[column].notnull()).select(value=rows[column]).distinct())
    # HMAC from two SHA-256: the key is in a table, since the text of a query may appear in an error.
    hashed = views.from_sql(
        "SELECT value, sha256(outer_pad || unhex(sha256(inner_pad || "
        f"encode('{what}:' || value)))) AS mark FROM {values.get_name()}, {key.get_name()}"
    )
    erased = hashed.semi_join(listed, "mark").select("value")
    return rows.select(INDEX, value=rows[column]).semi_join(erased, "value").select(INDEX)


def faults_without_erased(
    faults: tuple[Fault, ...], plan: Plan, dialog: Dialog, erasures: Erasures
) -> tuple[Fault, ...]:
    """The unparsed lines without those that name an erased customer, which are not written to quarantine.

    Call it after `without_erased`: both add to one notice.
    """
    values = {part for fault in faults for line in fault.lines for part in cell_values([line])}
    if not values or not erasures.in_force():
        return faults
    read = interpretations(values, plan.region, phones=True)
    marked = erasures.refused_values(read)
    named = {value for by_value in read.values() for plain in by_value.keys() & marked for value in by_value[plain]}
    remaining, gone = [], 0
    for fault in faults:
        lines = tuple(line for line in fault.lines if named.isdisjoint(cell_values([line])))
        gone += 0 if fault.left_out else len(fault.lines) - len(lines)
        remaining.append(replace(fault, lines=lines or ("",), left_out=fault.left_out or not lines))
    reported = sum(notice.count for notice in dialog.notices if notice.code == CODE)
    dialog.tell(CODE, reported + gone)
    return tuple(remaining)
