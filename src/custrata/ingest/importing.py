"""From a file to the lake: open, recognise, read, check, and change all tables together or none."""

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
from custrata.ingest.assumptions import meanings_of, settled_rows, unknown_words
from custrata.ingest.contacts import region_of
from custrata.ingest.dates import AmbiguousDates, Evidence, Order, evidence, evidence_of
from custrata.ingest.fields import kind_named
from custrata.ingest.files import SourceFile, open_file
from custrata.ingest.mapping import BadMapping, Mapping
from custrata.ingest.marks import with_decimal_mark
from custrata.ingest.money import CurrencyMismatch, foreign
from custrata.ingest.numbers import with_number_column, without_spoilt_customers, without_spoilt_numbers
from custrata.ingest.plan import Plan, Views, views
from custrata.ingest.platforms import platform_of
from custrata.ingest.quality import QualityReport
from custrata.ingest.quarantine import faults_of
from custrata.ingest.questions import Desk
from custrata.ingest.recognise import SAMPLE_ROWS, checked, recognised, with_forms
from custrata.ingest.result import ImportResult
from custrata.ingest.sample import Sample
from custrata.ingest.settling import settle_killed
from custrata.ingest.sources import Source, engine_failure, forget_rejects, open_source, reading, sample
from custrata.ingest.staging import Staged, stage
from custrata.ingest.totals import without_remarks
from custrata.ingest.writing import Job, written
from custrata.lake import ImportRecord, LakeSnapshot, Workspace
from custrata.wording import LazyPhrase

Progress = Callable[[str, float], None]

MEMORY = "2GB"
PREFIX = ".import-"


class NotImported(Refused):
    template = "“{file}” was not imported, and nothing has changed: {reason}"


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
    """Bring a file into the lake of a workspace, whole or not at all.

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
    # What the rows are compared with stays on the disk until they are written, whoever compacts meanwhile.
    with _scratch(workspace) as scratch, _reader(engine, scratch) as made, workspace.lake.reading() as lake:
        duck = made.engine
        tell("open", 0.0)
        file = open_file(Path(path), scratch)
        given = {**(mapping.decisions if mapping else {}), **(decisions or {})}
        desk = Desk(file.name, given, accept_defaults=accept_defaults)
        asked_for = asked_mapping(kind, mapping, sheet, header_row)
        found, head, mapping = understood(
            duck, file, scratch, asked_for, given=mapping is not None, order=date_order, desk=desk
        )
        tell("recognise", 0.1)
        with reading(file.name):
            zone = workspace.settings.timezone
            plan = plan_of(made, found, mapping, head, zone=zone, desk=desk)
            asked = replace(plan.mapping, decisions=given)
            earlier = _earlier(workspace, file, asked)
            if earlier and not again and not dry_run:
                settle_killed(workspace.quarantine, [earlier])
                return _nothing_done(earlier, asked)
            tell("read", 0.15)
            plan, staged = read_rows(made, plan, head, rejects_of(scratch), desk=desk, snapshot=lake)
            _refuse_foreign(staged, plan, workspace.settings.currency)
            faults = without_remarks(faults_of(made, rejects_of(scratch)), plan.source, desk)
        plan = replace(plan, mapping=replace(plan.mapping, decisions=given | desk.answers))
        job = Job(workspace, plan, staged, faults, source, at, dry_run, scratch, tell, asked.sha256, desk)
        with writing(file.name):
            return replace(written(made, job), already_imported=earlier if dry_run else None)


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
        asked = asked_mapping(kind, None, sheet, header_row)
        desk = Desk(file.name, {}, accept_defaults=True)
        return understood(duck, file, folder, asked, given=False, order=date_order, desk=desk)[2]


def asked_mapping(
    kind: str, mapping: Mapping | None, sheet: str | Sequence[str] | None, header_row: int | None
) -> Mapping:
    """The mapping given, or one without columns, with the sheets and the row of the header that are asked for."""
    if mapping and mapping.kind != kind:
        raise BadMapping(file="given", reason=f"it is for {mapping.kind}, not for {kind}")
    asked = mapping or Mapping(kind, {})
    sheets = sheet if sheet is None or isinstance(sheet, str) or len(sheet) > 1 else next(iter(sheet), None)
    sheets = sheets if sheets is None or isinstance(sheets, str) else tuple(sheets)
    return replace(asked, sheet=sheets or asked.sheet, header_row=header_row or asked.header_row)


def understood(
    duck: DuckEngine, file: SourceFile, scratch: Path, asked: Mapping, *, given: bool, order: Order | None, desk: Desk
) -> tuple[Source, Sample, Mapping]:
    """The file's rows, the first of them, and its mapping: the one given, completed, or the one recognised."""
    found = open_source(duck, file, scratch, asked, rejects_of(scratch))
    head = Sample.of(found, sample(duck, found, SAMPLE_ROWS))
    for notice in found.notices:
        desk.note(notice)
    if given:
        mapping = with_forms(checked(asked, found, head, asked.kind, desk), found, head, order)
    else:
        read = with_number_column(recognised(found, head, asked.kind, order, desk), head, desk)
        mapping = replace(read, header_row=asked.header_row)
    platform = platform_of(found.headers)
    if platform and not mapping.leave_out and mapping.kind in platform.kinds:
        mapping = replace(mapping, leave_out=platform.left_out(found.headers))
    return found, head, without_spoilt_numbers(mapping, head, desk)


def plan_of(made: Views, source: Source, mapping: Mapping, head: Sample, *, zone: str, desk: Desk) -> Plan:
    """How a file is read, with what only its whole columns settle."""
    plan = Plan.of(source, mapping, head, zone=zone, region=region_of(zone))
    return with_decimal_mark(made, _with_date_order(made, plan, head), desk)


def read_rows(
    made: Views, plan: Plan, head: Sample, rejects: str, *, desk: Desk, snapshot: LakeSnapshot
) -> tuple[Plan, Staged]:
    """The rows of a file after all that they leave open.

    Raises `NeedsDecision`.
    """
    plan, staged = _staged(made, plan, head, rejects, desk)
    for notice in staged.notices:
        desk.note(notice)
    staged = without_spoilt_customers(made, staged, plan, head, desk)
    staged = settled_rows(made, staged, plan, desk, snapshot)
    desk.close()
    return plan, staged


def _with_date_order(made: Views, plan: Plan, head: Sample) -> Plan:
    """The plan with the order of day and month, from the whole column where the first rows leave it open."""
    headers = _date_headers(plan)
    told = sum((evidence(head.columns[header]) for header in headers), Evidence())
    return _settled(made, plan, head) if plan.mapping.date_order is None and told.open else plan


def _settled(made: Views, plan: Plan, head: Sample) -> Plan:
    table = made.over(f"FROM {plan.source.relation}")
    told = Evidence()
    for header in _date_headers(plan):
        # Every column is asked for: of a wrong line the reader stumbles over those it was told to leave out.
        whole = ibis.coalesce(*(table[column] for column in table.columns)).count()
        asked = table.aggregate(**evidence_of(table[plan.cell(header)]), whole=whole)
        found = made.engine.arrow(asked).to_pylist()[0]
        told += Evidence(**{name: value for name, value in found.items() if name != "whole"})
    if told.open:
        raise AmbiguousDates(file=plan.source.name, example=told.example)
    if told.order is None:
        return plan
    mapping = with_forms(plan.mapping, plan.source, head, told.order)
    return replace(plan, mapping=mapping)


def _date_headers(plan: Plan) -> list[str]:
    fields = [field for field in plan.fields if field.holds in ("instant", "date")]
    return [plan.mapping.fields[field.name] for field in fields if field.name in plan.mapping.fields]


def _staged(made: Views, plan: Plan, head: Sample, rejects: str, desk: Desk) -> tuple[Plan, Staged]:
    """The rows; read a second time where dates turn up further down whose order the first rows did not need, and where
    the status has words that only an answer explains."""
    plan, staged = _dated(made, plan, head, rejects)
    if unknown := unknown_words(made, staged):
        plan = plan.with_statuses(meanings_of(unknown, plan, desk))
        forget_rejects(made.engine, rejects)
        staged = stage(made, plan)
    return plan, staged


def _dated(made: Views, plan: Plan, head: Sample, rejects: str) -> tuple[Plan, Staged]:
    staged = stage(made, plan)
    undated = any(problem.reason == "not_a_date" for bits in staged.tally for problem in staged.found(bits))
    soft = any(field.soft and field.holds == "date" for field in plan.fields)
    if plan.mapping.date_order is not None or not (undated or soft):
        return plan, staged
    settled = _settled(made, plan, head)
    if settled is plan:
        return plan, staged
    forget_rejects(made.engine, rejects)
    return settled, stage(made, settled)


def _refuse_foreign(staged: Staged, plan: Plan, currency: str) -> None:
    other = foreign([*staged.signs, *staged.currencies], currency)
    if other:
        raise CurrencyMismatch(file=plan.source.name, found=", ".join(other[:5]), currency=currency)


def _earlier(workspace: Workspace, file: SourceFile, mapping: Mapping) -> ImportRecord | None:
    """The import that brought the same bytes by the same mapping, unless lines waited for orders then."""
    for record in reversed(workspace.lake.snapshot().imports):
        same = (record.sha256, record.table, record.mapping_sha256) == (file.sha256, mapping.kind, mapping.sha256)
        if same and not (record.table == "lines" and record.rejected):
            return record
    return None


def _nothing_done(earlier: ImportRecord, mapping: Mapping) -> ImportResult:
    counts = (earlier.rows, earlier.accepted, earlier.rejected)
    report = QualityReport(earlier.table, *counts)
    return ImportResult(
        earlier.import_id, earlier.table, earlier.file_name, *counts, mapping, report, already_imported=earlier
    )


def rejects_of(scratch: Path) -> str:
    """The name of the table that unreadable lines go to."""
    return "rejects_" + scratch.name.removeprefix(PREFIX).replace("-", "_")


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Tell as `NotImported` what keeps the engine from checking and writing rows that it could read."""
    try:
        yield
    except Exception as error:
        if not engine_failure(error):
            raise
        raise NotImported(file=name, reason=LazyPhrase("ingest", f"failures.{_failure(error)}")) from error


def _failure(error: Exception) -> str:
    """What kept the engine from it, without its words: memory, the disk, or a value."""
    name = type(error).__name__
    return "memory" if "Memory" in name else "disk" if name in ("IOException", "FatalException") else "value"


@contextmanager
def _reader(given: DuckEngine | None, scratch: Path) -> Iterator[Views]:
    """The views of one import, on the engine given or one of its own; nothing stays behind on it."""
    if given is None:
        # An engine of its own: a damaged file can break the engine that reads it for good.
        with own_engine() as own:
            yield Views(own)
        return
    with views(given) as made:
        try:
            yield made
        finally:
            forget_rejects(given, rejects_of(scratch))


@contextmanager
def own_engine() -> Iterator[DuckEngine]:
    """An engine for one import."""
    with cast(DuckEngine, connect(memory_limit=MEMORY)) as own:
        yield own


def _scratch(workspace: Workspace) -> Scratch:
    """A folder for what is gone when the import ends, on the disk of the workspace; leavings of killed imports go."""
    return Scratch(workspace.folder, prefix=PREFIX) if os.access(workspace.folder, os.W_OK) else Scratch()
