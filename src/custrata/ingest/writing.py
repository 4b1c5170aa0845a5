"""Write the staged rows of each kind of file to the lake and quarantine, with the quality report."""

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
from custrata.ingest.erased_rows import faults_without_erased, without_erased
from custrata.ingest.lines import accepted_lines, derived_orders, with_line_ids
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
from custrata.ingest.quarantine_files import finalize, pending_file, recover_killed
from custrata.ingest.questions import Dialog
from custrata.ingest.remarks import report_future_dates, report_shared_cards
from custrata.ingest.result import ImportResult
from custrata.ingest.similar_ids import report_similar_ids
from custrata.ingest.staging import Staged
from custrata.lake import ImportRecord, LakeChange, LakeSnapshot, Merged, Workspace
from custrata.lake.durable import sync
from custrata.schema import CUSTOMER_RECORDS, ORDER_LINES, ORDERS, PRODUCTS

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ImportJob:
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
    dialog: Dialog

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


def write_import(views: Views, job: ImportJob) -> ImportResult:
    """Check the staged rows as a whole, write quarantine and lake, and report."""
    job.tell("check", 0.6)
    if job.dry_run:
        result, _ = _checked(views, _without_erased(views, job), job.workspace.lake.snapshot())
        return result
    waiting: Path | None = None
    merged: dict[str, Merged] = {}
    try:
        # Orders and records also depend on the lake: it must not change between reading and writing.
        with job.workspace.lake.change(at=job.at) as change:
            job, snapshot = _without_erased(views, job), job.workspace.lake.snapshot()
            recover_killed(job.workspace.quarantine, snapshot.imports, alone=True)
            result, outcome = _checked(views, job, snapshot)
            job.tell("write", 0.75)
            waiting = _quarantined(views, job, outcome, result.import_id)
            if result.accepted:
                merged = _merged(views, job, outcome, result, change)
            elif waiting is not None:
                finalize(waiting)  # nothing is committed: the next import would remove the pending file
    except BaseException:
        if waiting is not None:
            waiting.unlink(missing_ok=True)
        raise
    settled = finalize(waiting) if waiting is not None else None
    job.tell("done", 1.0)
    return replace(result, merged=merged, quarantine=settled)


def _without_erased(views: Views, job: ImportJob) -> ImportJob:
    """The import without rows and lines of customers who were erased."""
    erasures = job.workspace.erasures
    staged = without_erased(views, job.staged, job.plan, job.dialog, erasures)
    return replace(job, staged=staged, faults=faults_without_erased(job.faults, job.plan, job.dialog, erasures))


def _checked(views: Views, job: ImportJob, snapshot: LakeSnapshot) -> tuple[ImportResult, Outcome]:
    import_id = _import_id(job, snapshot)
    if job.kind == "lines":
        job = replace(job, staged=with_line_ids(views, job.staged))
    make = {"lines": _lines, "orders": _orders, "customers": _customers}.get(job.kind, _plain)
    outcome = make(views, job, snapshot, Origin(job.source, import_id, job.at))
    if job.kind in ("orders", "lines", "customers") and job.staged.has("customer_id"):
        report_similar_ids(views, outcome.accepted.rows, snapshot, job.dialog)
    report = _report(views, job, outcome)
    counts = (report.rows, report.accepted, report.rejected)
    result = ImportResult(
        import_id,
        job.kind,
        job.plan.source.name,
        *counts,
        job.plan.mapping,
        report,
        superseded=outcome.accepted.superseded,
        notices=job.dialog.notices,
    )
    return result, outcome


def _import_id(job: ImportJob, snapshot: LakeSnapshot) -> str:
    """Time and hash: `20250131T083000Z-1f2e3d4c`, numbered where the same file is imported twice in one second."""
    base = f"{job.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{job.plan.source.file.sha256[:8]}"
    taken = {record.import_id for record in snapshot.imports}
    names = (base if count == 1 else f"{base}-{count}" for count in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _orders(views: Views, job: ImportJob, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    accepted = accepted_orders(views, job.staged)
    orders = origin.ready(accepted.rows, ORDERS)
    tables, invalid = _people(views, job, accepted.rows, snapshot, origin)
    figures = _fact_figures(views, job, accepted.rows) | order_figures(views, accepted.rows)
    report_shared_cards(views, accepted.rows, job.dialog)
    return Outcome({ORDERS.name: orders, **tables}, job.staged, accepted, figures, invalid)


def _lines(views: Views, job: ImportJob, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    own = job.own_imports(snapshot, "orders")
    accepted, existing = accepted_lines(views, job.staged, job.plan, snapshot, views.engine)
    lines = accepted.rows
    tables = {ORDER_LINES.name: origin.ready(lines, ORDER_LINES)}
    orders = views.materialize(derived_orders(lines, existing, snapshot, views.engine, own))
    tables[ORDERS.name] = origin.ready(orders, ORDERS)
    if (products := catalogue.products_from_lines(lines, job.plan)) is not None:
        known_products = snapshot.read(PRODUCTS.name, views.engine)
        products = catalogue.merged_with_existing(products, known_products, job.own_imports(snapshot, "products"))
        tables[PRODUCTS.name] = origin.ready(views.materialize(products), PRODUCTS)
    more, invalid = _people(views, job, lines, snapshot, origin)
    figures = _fact_figures(views, job, lines)
    made_up = views.materialize(orders_of_lines(lines, with_status=job.plan.has("status")))
    figures |= line_figures(views, lines, made_up)
    report_shared_cards(views, made_up, job.dialog)
    return Outcome({**tables, **more}, job.staged, accepted, figures, invalid)


def _customers(views: Views, job: ImportJob, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    accepted = unique(views, sound(job.staged), ("source_id",))
    rows = people.with_phones(views, accepted.rows, job.plan, lambda share: job.tell("phones", 0.6 + share * 0.1))
    invalid = _counts(views, rows, people.count_invalid(rows, job.plan))
    records = origin.ready(people.with_invalid_as_properties(rows, job.plan), CUSTOMER_RECORDS)
    figures = _fact_figures(views, job, rows) | {"customers": _rows(views, rows)}
    return Outcome({CUSTOMER_RECORDS.name: records}, job.staged, accepted, figures, invalid)


def _plain(views: Views, job: ImportJob, snapshot: LakeSnapshot, origin: Origin) -> Outcome:
    spec = job.plan.kind.table
    accepted = unique(views, sound(job.staged), spec.key)
    figures = _fact_figures(views, job, accepted.rows)
    return Outcome({spec.name: origin.ready(accepted.rows, spec)}, job.staged, accepted, figures, {})


def _fact_figures(views: Views, job: ImportJob, rows: ir.Table) -> dict[str, object]:
    figures = fact_figures(views, rows, job.plan.kind, job.at)
    report_future_dates(views, rows, job.plan, figures, job.dialog)
    return figures


def _people(
    views: Views, job: ImportJob, rows: ir.Table, snapshot: LakeSnapshot, origin: Origin
) -> tuple[dict[str, ir.Table], dict[str, int]]:
    """The customer records in a file of orders or lines, and its invalid contacts by header."""
    reported = people.records_from_orders(rows, job.plan)
    if reported is None:
        return {}, {}
    read = people.with_phones(
        views, views.materialize(reported), job.plan, lambda share: job.tell("phones", 0.6 + share * 0.1)
    )
    invalid = _counts(views, read, people.count_invalid(read, job.plan))
    with_invalid = people.with_invalid_as_properties(read, job.plan)
    existing = snapshot.read(CUSTOMER_RECORDS.name, views.engine)
    records = views.materialize(people.merged_with_existing(with_invalid, existing))
    return {CUSTOMER_RECORDS.name: origin.ready(records, CUSTOMER_RECORDS, people.FROM_ORDERS)}, invalid


def _counts(views: Views, rows: ir.Table, aggregates: dict[str, ir.IntegerScalar]) -> dict[str, int]:
    if not aggregates:
        return {}
    counts = views.engine.arrow(rows.aggregate(**aggregates)).to_pylist()[0]
    return {header: count for header, count in counts.items() if count}


def _rows(views: Views, rows: ir.Table) -> int:
    return int(views.engine.arrow(rows.aggregate(n=rows.count())).to_pylist()[0]["n"])


def _report(views: Views, job: ImportJob, outcome: Outcome) -> QualityReport:
    staged, accepted = outcome.staged, outcome.accepted
    reasons: Counter[str] = Counter()
    for bits, count in staged.tally.items():
        if not bits & 3:
            reasons.update(dict.fromkeys({problem.reason for problem in staged.problems_of(bits)}, count))
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
        missing=missing_cells(views, staged, job.plan),
        invalid=outcome.invalid,
        superseded=accepted.superseded,
        repeats=accepted.repeats,
        first=cast(datetime | None, figures.pop("first", None)),
        last=cast(datetime | None, figures.pop("last", None)),
        figures=cast(dict[str, Figure], figures),
    )


def _quarantined(views: Views, job: ImportJob, outcome: Outcome, import_id: str) -> Path | None:
    """Write the rejected rows atomically, under the pending name until the import is committed."""
    draft, target = job.scratch / "quarantine.csv", pending_file(job.workspace.quarantine, import_id)
    language = job.workspace.settings.language
    rejected = (outcome.staged, outcome.accepted)
    if not write_quarantine(views, job.plan, *rejected, faults=job.faults, target=draft, language=language):
        return None
    target.parent.mkdir(exist_ok=True)
    sync(draft)
    os.replace(draft, target)
    sync(target.parent)
    return target


def _merged(
    views: Views, job: ImportJob, outcome: Outcome, result: ImportResult, change: LakeChange
) -> dict[str, Merged]:
    merged = {}
    for done, (table, rows) in enumerate(outcome.tables.items()):
        merged[table] = change.upsert(table, rows, views.engine)
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
