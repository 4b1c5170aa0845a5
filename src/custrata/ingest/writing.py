"""What the staged rows of each kind of file become in the lake, its quarantine and its quality report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import ibis.expr.types as ir

from custrata.ingest import catalogue, people
from custrata.ingest.accepted import Accepted, accepted_orders, sound, unique
from custrata.ingest.alike import tell_alike
from custrata.ingest.lines import accepted_lines, derived_orders, numbered
from custrata.ingest.origin import Origin
from custrata.ingest.plan import Plan, Views
from custrata.ingest.quality import (
    Figure,
    QualityReport,
    fact_figures,
    line_figures,
    missing_cells,
    order_figures,
    orders_of_lines,
)
from custrata.ingest.quarantine import Fault, faulty_rows, write_quarantine
from custrata.ingest.questions import Desk
from custrata.ingest.refusing import faults_without_erased, without_erased
from custrata.ingest.remarks import tell_future, tell_shared
from custrata.ingest.result import ImportResult
from custrata.ingest.settling import settle, settle_killed, waiting_file
from custrata.ingest.staging import Staged
from custrata.lake import Change, ImportRecord, LakeSnapshot, Merged, Workspace
from custrata.lake.durable import sync
from custrata.schema import CUSTOMER_RECORDS, ORDER_LINES, ORDERS, PRODUCTS

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Job:
    """One import, its file read and staged."""

    workspace: Workspace
    plan: Plan
    staged: Staged
    faults: tuple[Fault, ...]
    source: str
    at: datetime
    dry_run: bool
    scratch: Path
    tell: Progress
    mapping_sha256: str
    desk: Desk

    @property
    def kind(self) -> str:
        """The kind of file."""
        return self.plan.kind.name

    def own_imports(self, snapshot: LakeSnapshot, kind: str) -> set[str]:
        """The imports of files of that kind, this one's peers."""
        return {record.import_id for record in snapshot.imports if record.table == kind}


@dataclass(frozen=True)
class Outcome:
    """Rows ready for the lake, by table in the order they are written; and what the report needs."""

    tables: dict[str, ir.Table]
    staged: Staged
    accepted: Accepted
    figures: dict[str, object]
    invalid: dict[str, int]


def written(made: Views, job: Job) -> ImportResult:
    """Check the staged rows as a whole, write quarantine and lake, and report."""
    job.tell("check", 0.6)
    if job.dry_run:
        result, _ = _checked(made, _without_erased(made, job), job.workspace.lake.snapshot())
        return result
    waiting: Path | None = None
    merged: dict[str, Merged] = {}
    try:
        # Orders and records follow from the lake too: nobody may change it between reading and writing.
        with job.workspace.lake.change(at=job.at) as change:
            job, snapshot = _without_erased(made, job), job.workspace.lake.snapshot()
            settle_killed(job.workspace.quarantine, snapshot.imports, alone=True)
            result, outcome = _checked(made, job, snapshot)
            job.tell("write", 0.75)
            waiting = _quarantined(made, job, outcome, result.import_id)
            if result.accepted:
                merged = _merged(made, job, outcome, result, change)
            elif waiting is not None:
                settle(waiting)  # never in the ledger: the next import would take it for a killed one's
    except BaseException:
        if waiting is not None:
            waiting.unlink(missing_ok=True)
        raise
    settled = settle(waiting) if waiting is not None else None
    job.tell("done", 1.0)
    return replace(result, merged=merged, quarantine=settled)


def _without_erased(made: Views, job: Job) -> Job:
    """The import without rows and lines of customers who were erased."""
    erasures = job.workspace.erasures
    staged = without_erased(made, job.staged, job.plan, job.desk, erasures)
    return replace(job, staged=staged, faults=faults_without_erased(job.faults, job.plan, job.desk, erasures))


def _checked(made: Views, job: Job, snapshot: LakeSnapshot) -> tuple[ImportResult, Outcome]:
    import_id = _import_id(job, snapshot)
    if job.kind == "lines":
        job = replace(job, staged=numbered(made, job.staged))
    make = {"lines": _lines, "orders": _orders, "customers": _customers}.get(job.kind, _plain)
    outcome = make(made, job, snapshot, Origin(job.source, import_id, job.at))
    if job.kind in ("orders", "lines", "customers") and job.staged.has("customer_id"):
        tell_alike(made, outcome.accepted.rows, snapshot, job.desk)
    report = _report(made, job, outcome)
    counts = (report.rows, report.accepted, report.rejected)
    result = ImportResult(
        import_id,
        job.kind,
        job.plan.source.name,
        *counts,
        job.plan.mapping,
        report,
        superseded=outcome.accepted.superseded,
        notices=job.desk.notices,
    )
    return result, outcome


def _import_id(job: Job, snapshot: LakeSnapshot) -> str:
    """When and what: `20250131T083000Z-1f2e3d4c`, numbered where the same file comes twice in one second."""
    base = f"{job.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{job.plan.source.file.sha256[:8]}"
    taken = {record.import_id for record in snapshot.imports}
    names = (base if count == 1 else f"{base}-{count}" for count in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _orders(made: Views, job: Job, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    accepted = accepted_orders(made, job.staged)
    orders = origin.ready(accepted.rows, ORDERS)
    tables, invalid = _people(made, job, accepted.rows, snapshot, origin)
    figures = _fact_figures(made, job, accepted.rows) | order_figures(made, accepted.rows)
    tell_shared(made, accepted.rows, job.desk)
    return Outcome({ORDERS.name: orders, **tables}, job.staged, accepted, figures, invalid)


def _lines(made: Views, job: Job, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    own = job.own_imports(snapshot, "orders")
    accepted, known = accepted_lines(made, job.staged, job.plan, snapshot, made.engine)
    lines = accepted.rows
    tables = {ORDER_LINES.name: origin.ready(lines, ORDER_LINES)}
    orders = made.kept(derived_orders(lines, known, snapshot, made.engine, own))
    tables[ORDERS.name] = origin.ready(orders, ORDERS)
    if (products := catalogue.told_by_lines(lines, job.plan)) is not None:
        known_products = snapshot.read(PRODUCTS.name, made.engine)
        products = catalogue.joined_with_known(products, known_products, job.own_imports(snapshot, "products"))
        tables[PRODUCTS.name] = origin.ready(made.kept(products), PRODUCTS)
    more, invalid = _people(made, job, lines, snapshot, origin)
    figures = _fact_figures(made, job, lines)
    made_up = made.kept(orders_of_lines(lines, with_status=job.plan.has("status")))
    figures |= line_figures(made, lines, made_up)
    tell_shared(made, made_up, job.desk)
    return Outcome({**tables, **more}, job.staged, accepted, figures, invalid)


def _customers(made: Views, job: Job, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    accepted = unique(made, sound(job.staged), ("source_id",))
    rows = people.with_phones(made, accepted.rows, job.plan, lambda share: job.tell("phones", 0.6 + share * 0.1))
    invalid = _counts(made, rows, people.odd_contacts(rows, job.plan))
    records = origin.ready(people.with_odd_kept(rows, job.plan), CUSTOMER_RECORDS)
    figures = _fact_figures(made, job, rows) | {"customers": _rows(made, rows)}
    return Outcome({CUSTOMER_RECORDS.name: records}, job.staged, accepted, figures, invalid)


def _plain(made: Views, job: Job, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    spec = job.plan.kind.table
    accepted = unique(made, sound(job.staged), spec.key)
    figures = _fact_figures(made, job, accepted.rows)
    return Outcome({spec.name: origin.ready(accepted.rows, spec)}, job.staged, accepted, figures, {})


def _fact_figures(made: Views, job: Job, rows: ir.Table) -> dict[str, object]:
    figures = fact_figures(made, rows, job.plan.kind, job.at)
    tell_future(made, rows, job.plan, figures, job.desk)
    return figures


def _people(
    made: Views, job: Job, rows: ir.Table, snapshot: LakeSnapshot, origin: Origin
) -> tuple[dict[str, ir.Table], dict[str, int]]:
    """The customer records a file of orders or lines tells of, and its unusable contacts by header."""
    told = people.told_by_orders(rows, job.plan)
    if told is None:
        return {}, {}
    read = people.with_phones(made, made.kept(told), job.plan, lambda share: job.tell("phones", 0.6 + share * 0.1))
    invalid = _counts(made, read, people.odd_contacts(read, job.plan))
    kept = people.with_odd_kept(read, job.plan)
    known = snapshot.read(CUSTOMER_RECORDS.name, made.engine)
    records = made.kept(people.joined_with_known(kept, known))
    return {CUSTOMER_RECORDS.name: origin.ready(records, CUSTOMER_RECORDS, people.FROM_ORDERS)}, invalid


def _counts(made: Views, rows: ir.Table, asked: dict[str, ir.IntegerScalar]) -> dict[str, int]:
    if not asked:
        return {}
    found = made.engine.arrow(rows.aggregate(**asked)).to_pylist()[0]
    return {header: count for header, count in found.items() if count}


def _rows(made: Views, rows: ir.Table) -> int:
    return int(made.engine.arrow(rows.aggregate(n=rows.count())).to_pylist()[0]["n"])


def _report(made: Views, job: Job, outcome: Outcome) -> QualityReport:
    staged, accepted = outcome.staged, outcome.accepted
    reasons: Counter[str] = Counter()
    for bits, count in staged.tally.items():
        if not bits & 3:
            reasons.update(dict.fromkeys({problem.reason for problem in staged.found(bits)}, count))
    for problem, count in (accepted.late_count or {}).items():
        reasons[problem.reason] += count
    for fault in job.faults:
        reasons[fault.reason] += faulty_rows([fault])
    rejected = staged.wrong + accepted.late_rows + faulty_rows(job.faults)
    remarks = sum(fault.left_out for fault in job.faults)
    left_out = staged.left_out + accepted.left_out + remarks
    rows = staged.read + faulty_rows(job.faults) + remarks
    figures = dict(outcome.figures)
    return QualityReport(
        job.kind,
        rows,
        rows - rejected - left_out,
        rejected,
        left_out=left_out,
        blank=staged.blank,
        reasons=dict(+reasons),
        missing=missing_cells(made, staged, job.plan),
        invalid=outcome.invalid,
        superseded=accepted.superseded,
        repeats=accepted.repeats,
        first=cast(datetime | None, figures.pop("first", None)),
        last=cast(datetime | None, figures.pop("last", None)),
        figures=cast(dict[str, Figure], figures),
    )


def _quarantined(made: Views, job: Job, outcome: Outcome, import_id: str) -> Path | None:
    """Write the rejected rows; the file appears whole or not at all, under the name it has until the import is done."""
    draft, target = job.scratch / "quarantine.csv", waiting_file(job.workspace.quarantine, import_id)
    language = job.workspace.settings.language
    rejected = (outcome.staged, outcome.accepted)
    if not write_quarantine(made, job.plan, *rejected, faults=job.faults, target=draft, language=language):
        return None
    target.parent.mkdir(exist_ok=True)
    sync(draft)
    os.replace(draft, target)
    sync(target.parent)
    return target


def _merged(made: Views, job: Job, outcome: Outcome, result: ImportResult, change: Change) -> dict[str, Merged]:
    merged = {}
    for done, (table, rows) in enumerate(outcome.tables.items()):
        merged[table] = change.upsert(table, rows, made.engine)
        job.tell("write", 0.75 + 0.25 * (done + 1) / len(outcome.tables))
    file = job.plan.source.file
    change.record(
        ImportRecord(
            import_id=result.import_id,
            table=job.kind,
            file_name=file.name,
            sha256=file.sha256,
            mapping_sha256=job.mapping_sha256,
            rows=result.rows,
            accepted=result.accepted,
            rejected=result.rejected,
            at=job.at,
        )
    )
    return merged
