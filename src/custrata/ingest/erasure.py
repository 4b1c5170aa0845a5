"""Erased customers: out of what imports left aside, and not in again with the next file."""

from __future__ import annotations

import csv
import os
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.ingest import people
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Desk
from custrata.ingest.staging import INDEX, LEFT_OUT_BITS, PROBLEMS, Staged
from custrata.lake import Workspace
from custrata.lake.erasures import CUSTOMER, EMAIL, PHONE, Erasures, pads
from custrata.schema import CUSTOMER_RECORDS, TABLES


def erase(workspace: Workspace, customer_id: str, *, at: datetime, by: str = "") -> None:
    """Erase a customer from lake, runs, quarantine and exclusions, and refuse their rows in later imports.

    They are refused first: an import that is under way either sees that, or is done before the lake is swept.
    """
    emails, phones = _contacts(workspace, customer_id)
    workspace.erasures.add(customer_id, emails=emails, phones=phones, at=at, by=by)
    workspace.lake.erase(customer_id, at=at)
    workspace.runs.rewrite(customer_id)
    erase_from_quarantine(workspace.quarantine, customer_id)
    workspace.exclusions.remove([customer_id])


def _contacts(workspace: Workspace, customer_id: str) -> tuple[set[str], set[str]]:
    with workspace.engine() as engine:
        records = workspace.lake.snapshot().read(CUSTOMER_RECORDS.name, engine)
        found = engine.arrow(records.filter(records.customer_id == customer_id).select("email", "phone")).to_pylist()
    return {row["email"] for row in found if row["email"]}, {row["phone"] for row in found if row["phone"]}


def rows_of(workspace: Workspace, customer_id: str) -> dict[str, int]:
    """Rows that speak of a customer, by table of the lake and in the published run."""
    held: dict[str, int] = {}
    snapshot, run = workspace.lake.snapshot(), workspace.runs.published()
    with workspace.engine() as engine:
        tables = {name: snapshot.read(name, engine) for name in TABLES if "customer_id" in TABLES[name].names}
        if run is not None:
            tables["profile"] = run.read("profile", engine)
        for name, table in tables.items():
            found = table.filter(table.customer_id == customer_id).count().to_pyarrow().as_py()
            held |= {name: found} if found else {}
    return held


def without_erased(made: Views, staged: Staged, plan: Plan, desk: Desk, erasures: Erasures) -> Staged:
    """The staged rows, those of erased customers left out: by their number, e-mail address or phone.

    They leave nothing in quarantine either, whatever else is wrong with them.
    """
    marks = erasures.in_force()
    if not marks or not staged.has("customer_id"):
        return staged
    rows = staged.rows
    if staged.has("phone__odd"):
        rows = people.with_phones(made, rows, plan, lambda share: None)
    key = made.book(
        pa.table(dict(zip(("inner_pad", "outer_pad"), ([pad] for pad in pads(erasures.key())), strict=True)))
    )
    listed = made.book(pa.table({"mark": sorted(marks)}))
    found = [
        _marked(made, rows, column, what=what, key=key, listed=listed)
        for column, what in (("customer_id", CUSTOMER), ("email", EMAIL), ("phone", PHONE))
        if column in rows.columns
    ]
    erased = made.kept(ibis.union(*found, distinct=True) if len(found) > 1 else found[0])
    tally = Counter(
        {row[PROBLEMS]: row["rows"] for row in made.engine.arrow(
            rows.semi_join(erased, INDEX).group_by(PROBLEMS).agg(rows=ibis._.count())
        ).to_pylist() if not row[PROBLEMS] & 1}
    )  # fmt: skip
    if not tally:
        return staged
    desk.tell("erased_customer", tally.total())
    joined = rows.left_join(erased.mutate(erased=True), INDEX, rname="{name}__erased")
    bits = joined.erased.fill_null(False).ifelse(ibis.literal(LEFT_OUT_BITS, "int64"), joined[PROBLEMS])
    left = made.kept(joined.mutate(**{PROBLEMS: bits}).select(*staged.rows.columns).order_by(INDEX))
    counts = Counter(staged.tally)
    counts.subtract(tally)
    counts[LEFT_OUT_BITS] += tally.total()
    return replace(staged, rows=left, tally={bits: count for bits, count in counts.items() if count})


def _marked(made: Views, rows: ir.Table, column: str, *, what: str, key: ir.Table, listed: ir.Table) -> ir.Table:
    """The places of the rows whose hash is in the list; every value is hashed once."""
    values = made.level(rows.filter(rows[column].notnull()).select(value=rows[column]).distinct())
    # HMAC of two SHA-256: the key stays in a table, since the text of a query may stand in an error.
    hashed = made.over(
        "SELECT value, sha256(outer_pad || unhex(sha256(inner_pad || "
        f"encode('{what}:' || value)))) AS mark FROM {values.get_name()}, {key.get_name()}"
    )
    erased = hashed.semi_join(listed, "mark").select("value")
    return rows.select(INDEX, value=rows[column]).semi_join(erased, "value").select(INDEX)


def erase_from_quarantine(folder: Path, customer_id: str) -> int:
    """Take every rejected row that names the customer in any cell out of quarantine; how many rows went.

    Each file is replaced whole, so that a kill leaves the old one or the new one.
    """
    return sum(_without(path, customer_id) for path in sorted(folder.glob("*.csv*")))  # a killed import's too


def _without(path: Path, customer_id: str) -> int:
    with path.open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.reader(held))
    kept = [row for row in rows if customer_id not in row]
    if len(kept) == len(rows):
        return 0
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as written:
        csv.writer(written).writerows(kept)
        written.flush()
        os.fsync(written.fileno())
    os.replace(beside, path)
    return len(rows) - len(kept)
