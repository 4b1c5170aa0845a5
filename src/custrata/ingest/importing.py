"""Import a file into the lake: open, recognise, read, check, and change all tables atomically."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Table
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import ibis

from custrata.engine import DuckEngine, connect
from custrata.engine.scratch import Scratch
from custrata.errors import Refused
from custrata.ingest.assumptions import meanings_of, resolve_ambiguities, unknown_words
from custrata.ingest.contacts import region_of
from custrata.ingest.dates import AmbiguousDates, Evidence, Order, evidence, evidence_of
from custrata.ingest.decimal_separator import with_decimal_mark
from custrata.ingest.fields import kind_named
from custrata.ingest.files import SourceFile, open_file
from custrata.ingest.mapping import BadMapping, Mapping
from custrata.ingest.money import CurrencyMismatch, foreign
from custrata.ingest.numbers import with_number_column, without_spoilt_customers, without_spoilt_numbers
from custrata.ingest.plan import Plan, Views, temporary_views
from custrata.ingest.platforms import platform_of
from custrata.ingest.quality import QualityReport
from custrata.ingest.quarantine import faults_of
from custrata.ingest.quarantine_files import recover_killed
from custrata.ingest.questions import Dialog
from custrata.ingest.recognise import SAMPLE_ROWS, checked, recognised, with_forms
from custrata.ingest.result import ImportResult
from custrata.ingest.sample import Sample
from custrata.ingest.sources import FileSource, drop_rejects, engine_failure, open_source, reading, sample
from custrata.ingest.staging import Staged, stage
from custrata.ingest.totals import without_remarks
from custrata.ingest.writing import ImportJob, write_import
from custrata.lake import ImportRecord, LakeSnapshot, Workspace
from custrata.wording import LazyPhrase

Progress = Callable[[str, float], None]

MEMORY = "2GB"
PREFIX = ".import-"


class NotImported(Refused):
    template = "“{file}” was not imported, and nothing was changed: {reason}"


def import_file(
    workspace: Workspace,
    kind: str,
    path: Path | str,
    *,
    at: datetime,
    mapping: Mapping | None = None,
    source: str = "file",
    dry_run: bool = False,
    again: bool = False,
    date_order: Order | None = None,
    sheet: str | Sequence[str] | None = None,
    header_row: int | None = None,
    decisions: Table[str, str] | None = None,
    accept_defaults: bool = False,
    engine: DuckEngine | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Import a file into the lake of a workspace atomically.

    Parameters: `kind` is orders, lines, customers, products, events or feedback; `at` the instant of the import;
    `mapping` says what the columns are, where they are not to be recognised; `source` names where the rows come from;
    `dry_run` reads and reports only; `again` imports a file that was imported before; `date_order` is `day-first` or
    `month-first`; `sheet` names the sheet of a workbook to read, or several; `header_row` is the row that holds the
    column names, counted from 1; `decisions` are answers to what an import asks, by the code of the question, before
    those of the mapping; `accept_defaults` takes the proposed answer of every other question; `progress` is called with
    the name of a step and the share done.

    Rows that cannot be used are in the file `quarantine` of the result, with the reason; what was assumed is in its
    `notices`. Raises `NeedsDecision` with the questions where readings that both make sense would give other money or
    customers, and a `BadInput` for a file that cannot be read or understood; then nothing has changed.
    """
    kind_named(kind)
    tell = progress or (lambda step, share: None)
    # The lake files that the rows are compared with are kept until the rows are written, even during a compaction.
    with _scratch(workspace) as scratch, _reader(engine, scratch) as views, workspace.lake.reading() as lake:
        duck = views.engine
        tell("open", 0.0)
        file = open_file(Path(path), scratch)
        answers = {**(mapping.decisions if mapping else {}), **(decisions or {})}
        dialog = Dialog(file.name, answers, accept_defaults=accept_defaults)
        asked_for = requested_mapping(kind, mapping, sheet, header_row)
        opened, head, mapping = open_and_map(
            duck, file, scratch, asked_for, has_mapping=mapping is not None, order=date_order, dialog=dialog
        )
        tell("recognise", 0.1)
        with reading(file.name):
            zone = workspace.settings.timezone
            plan = plan_of(views, opened, mapping, head, zone=zone, dialog=dialog)
            requested = replace(plan.mapping, decisions=answers)
            earlier = _earlier(workspace, file, requested)
            if earlier and not again and not dry_run:
                recover_killed(workspace.quarantine, [earlier])
                return _already_imported(earlier, requested)
            tell("read", 0.15)
            plan, staged = read_rows(views, plan, head, rejects_of(scratch), dialog=dialog, snapshot=lake)
            _refuse_foreign(staged, plan, workspace.settings.currency)
            faults = without_remarks(faults_of(views, rejects_of(scratch)), plan.source, dialog)
        plan = replace(plan, mapping=replace(plan.mapping, decisions=answers | dialog.answers))
        job = ImportJob(workspace, plan, staged, faults, source, at, dry_run, scratch, tell, requested.sha256, dialog)
        with writing(file.name):
            return replace(write_import(views, job), already_imported=earlier if dry_run else None)


def recognise(
    path: Path | str,
    kind: str,
    *,
    date_order: Order | None = None,
    sheet: str | Sequence[str] | None = None,
    header_row: int | None = None,
) -> Mapping:
    """The mapping of a file, as an import without one would find it; to be looked at, changed and given.

    Raises a `BadInput` for a file that cannot be read or understood.
    """
    kind_named(kind)
    with Scratch() as folder, own_engine() as duck:
        file = open_file(Path(path), folder)
        requested = requested_mapping(kind, None, sheet, header_row)
        dialog = Dialog(file.name, {}, accept_defaults=True)
        return open_and_map(duck, file, folder, requested, has_mapping=False, order=date_order, dialog=dialog)[2]


def requested_mapping(
    kind: str, mapping: Mapping | None, sheet: str | Sequence[str] | None, header_row: int | None
) -> Mapping:
    """The given mapping, or one without columns, with the requested sheets and header row."""
    if mapping and mapping.kind != kind:
        raise BadMapping(file="given", reason=f"it is for {mapping.kind}, not for {kind}")
    requested = mapping or Mapping(kind, {})
    sheets = sheet if sheet is None or isinstance(sheet, str) or len(sheet) > 1 else next(iter(sheet), None)
    sheets = sheets if sheets is None or isinstance(sheets, str) else tuple(sheets)
    return replace(requested, sheet=sheets or requested.sheet, header_row=header_row or requested.header_row)


def open_and_map(
    duck: DuckEngine,
    file: SourceFile,
    scratch: Path,
    requested: Mapping,
    *,
    has_mapping: bool,
    order: Order | None,
    dialog: Dialog,
) -> tuple[FileSource, Sample, Mapping]:
    """The source, its sample, and its mapping: the given one, completed, or the recognised one."""
    source = open_source(duck, file, scratch, requested, rejects_of(scratch))
    head = Sample.of(source, sample(duck, source, SAMPLE_ROWS))
    for notice in source.notices:
        dialog.note(notice)
    if has_mapping:
        mapping = with_forms(checked(requested, source, head, requested.kind, dialog), source, head, order)
    else:
        read = with_number_column(recognised(source, head, requested.kind, order, dialog), head, dialog)
        mapping = replace(read, header_row=requested.header_row)
    platform = platform_of(source.headers)
    if platform and not mapping.leave_out and mapping.kind in platform.kinds:
        mapping = replace(mapping, leave_out=platform.left_out(source.headers))
    return source, head, without_spoilt_numbers(mapping, head, dialog)


def plan_of(views: Views, source: FileSource, mapping: Mapping, head: Sample, *, zone: str, dialog: Dialog) -> Plan:
    """The plan for reading a file, with formats that only the whole columns determine."""
    plan = Plan.of(source, mapping, head, zone=zone, region=region_of(zone))
    return with_decimal_mark(views, _with_date_order(views, plan, head), dialog)


def read_rows(
    views: Views, plan: Plan, head: Sample, rejects: str, *, dialog: Dialog, snapshot: LakeSnapshot
) -> tuple[Plan, Staged]:
    """The rows of a file with every ambiguity resolved.

    Raises `NeedsDecision`.
    """
    plan, staged = _staged(views, plan, head, rejects, dialog)
    for notice in staged.notices:
        dialog.note(notice)
    staged = without_spoilt_customers(views, staged, plan, head, dialog)
    staged = resolve_ambiguities(views, staged, plan, dialog, snapshot)
    dialog.close()
    return plan, staged


def _with_date_order(views: Views, plan: Plan, head: Sample) -> Plan:
    """The plan with the order of day and month, from the whole column where the first rows leave it open."""
    headers = _date_headers(plan)
    total = sum((evidence(head.columns[header]) for header in headers), Evidence())
    return _settled(views, plan, head) if plan.mapping.date_order is None and total.open else plan


def _settled(views: Views, plan: Plan, head: Sample) -> Plan:
    table = views.from_sql(f"FROM {plan.source.relation}")
    total = Evidence()
    for header in _date_headers(plan):
        # Every column is selected: the reader fails at a malformed line if columns are projected away.
        whole = ibis.coalesce(*(table[column] for column in table.columns)).count()
        aggregates = table.aggregate(**evidence_of(table[plan.cell(header)]), whole=whole)
        row = views.engine.arrow(aggregates).to_pylist()[0]
        total += Evidence(**{name: value for name, value in row.items() if name != "whole"})
    if total.open:
        raise AmbiguousDates(file=plan.source.name, example=total.example)
    if total.order is None:
        return plan
    mapping = with_forms(plan.mapping, plan.source, head, total.order)
    return replace(plan, mapping=mapping)


def _date_headers(plan: Plan) -> list[str]:
    fields = [field for field in plan.fields if field.holds in ("instant", "date")]
    return [plan.mapping.fields[field.name] for field in fields if field.name in plan.mapping.fields]


def _staged(views: Views, plan: Plan, head: Sample, rejects: str, dialog: Dialog) -> tuple[Plan, Staged]:
    """The staged rows; read a second time where later dates need an order of day and month, and where the status has
    unknown words."""
    plan, staged = _dated(views, plan, head, rejects)
    if unknown := unknown_words(views, staged):
        plan = plan.with_statuses(meanings_of(unknown, plan, dialog))
        drop_rejects(views.engine, rejects)
        staged = stage(views, plan)
    return plan, staged


def _dated(views: Views, plan: Plan, head: Sample, rejects: str) -> tuple[Plan, Staged]:
    staged = stage(views, plan)
    undated = any(problem.reason == "not_a_date" for bits in staged.tally for problem in staged.problems_of(bits))
    soft = any(field.soft and field.holds == "date" for field in plan.fields)
    if plan.mapping.date_order is not None or not (undated or soft):
        return plan, staged
    settled = _settled(views, plan, head)
    if settled is plan:
        return plan, staged
    drop_rejects(views.engine, rejects)
    return settled, stage(views, settled)


def _refuse_foreign(staged: Staged, plan: Plan, currency: str) -> None:
    other = foreign([*staged.signs, *staged.currencies], currency)
    if other:
        raise CurrencyMismatch(file=plan.source.name, found=", ".join(other[:5]), currency=currency)


def _earlier(workspace: Workspace, file: SourceFile, mapping: Mapping) -> ImportRecord | None:
    """The earlier import of the same bytes with the same mapping, unless it rejected lines without an order."""
    for record in reversed(workspace.lake.snapshot().imports):
        same = (record.sha256, record.table, record.mapping_sha256) == (file.sha256, mapping.kind, mapping.sha256)
        if same and not (record.table == "lines" and record.rejected):
            return record
    return None


def _already_imported(earlier: ImportRecord, mapping: Mapping) -> ImportResult:
    counts = (earlier.rows, earlier.accepted, earlier.rejected)
    report = QualityReport(earlier.table, *counts)
    return ImportResult(
        earlier.import_id, earlier.table, earlier.file_name, *counts, mapping, report, already_imported=earlier
    )


def rejects_of(scratch: Path) -> str:
    """The name of the table that records unreadable lines."""
    return "rejects_" + scratch.name.removeprefix(PREFIX).replace("-", "_")


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Raise engine errors in checking and writing rows as `NotImported`."""
    try:
        yield
    except Exception as error:
        if not engine_failure(error):
            raise
        raise NotImported(file=name, reason=LazyPhrase("ingest", f"failures.{_failure(error)}")) from error


def _failure(error: Exception) -> str:
    """The category of an engine error: `memory`, `disk` or `value`."""
    name = type(error).__name__
    return "memory" if "Memory" in name else "disk" if name in ("IOException", "FatalException") else "value"


@contextmanager
def _reader(engine: DuckEngine | None, scratch: Path) -> Iterator[Views]:
    """The views of one import, on the given engine or its own; they are dropped afterwards."""
    if engine is None:
        # A separate engine: a damaged file can leave the engine that reads it unusable.
        with own_engine() as own:
            yield Views(own)
        return
    with temporary_views(engine) as views:
        try:
            yield views
        finally:
            drop_rejects(engine, rejects_of(scratch))


@contextmanager
def own_engine() -> Iterator[DuckEngine]:
    """An engine for one import."""
    with cast(DuckEngine, connect(memory_limit=MEMORY)) as own:
        yield own


def _scratch(workspace: Workspace) -> Scratch:
    """A temporary folder on the disk of the workspace; leftovers of killed imports are removed."""
    return Scratch(workspace.folder, prefix=PREFIX) if os.access(workspace.folder, os.W_OK) else Scratch()
