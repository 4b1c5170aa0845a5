"""Read files for the analytics methods without a workspace, with the same recognition and cleaning as imports."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping as Table
from dataclasses import replace
from functools import reduce
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.engine.scratch import Scratch
from custrata.errors import BadInput
from custrata.ingest import people
from custrata.ingest.accepted import Accepted, accepted_orders, sound, unique
from custrata.ingest.dates import Order
from custrata.ingest.fields import KINDS, FileKind, kind_named
from custrata.ingest.files import open_file
from custrata.ingest.headers import rank
from custrata.ingest.importing import (
    open_and_map,
    own_engine,
    plan_of,
    read_rows,
    rejects_of,
    requested_mapping,
    writing,
)
from custrata.ingest.lines import with_line_ids
from custrata.ingest.mapping import Mapping
from custrata.ingest.money import signs
from custrata.ingest.notices import Notice
from custrata.ingest.plan import Plan, Views, temporary_views
from custrata.ingest.quarantine import faults_of
from custrata.ingest.questions import Dialog, NeedsDecision
from custrata.ingest.sources import open_source, reading
from custrata.ingest.staging import Staged
from custrata.lake import LakeSnapshot
from custrata.schema import CUSTOMER_RECORDS, TableSpec
from custrata.schema.tables import ORIGIN
from custrata.wording import phrase

KIND_OF = {kind.table.name: kind.name for kind in KINDS.values()}


class NoUsableRows(BadInput):
    template = "Of the {rows} rows of “{file}” none can be used: {reasons}."


class SeveralCurrencies(BadInput):
    template = "“{file}” has amounts in several currencies: {found}. Convert them to a single currency first."


class NeedsAnswer(NeedsDecision):
    """Reading the file needs answers to `questions`."""

    template = (
        "“{file}” can be read in more than one way ({count} open):\n{questions}\n"
        "Read it with custrata.read(path, decisions={{'{code}': '{choice}'}}), and pass the table."
    )


class ReadingWarning(UserWarning):
    """Assumptions and omissions in reading a file: `notices` lists them, `rejected` counts rows by reason."""

    def __init__(self, text: str, notices: tuple[Notice, ...] = (), rejected: Table[str, int] | None = None) -> None:
        super().__init__(text)
        self.notices, self.rejected = notices, dict(rejected or {})


def read(
    path: Path | str,
    kind: str = "orders",
    *,
    zone: str = "UTC",
    columns: Table[str, str] | None = None,
    mapping: Mapping | None = None,
    date_order: Order | None = None,
    decisions: Table[str, str] | None = None,
    accept_defaults: bool = False,
) -> ir.Table:
    """The rows of a file as a canonical table in memory, processed as an import would.

    Parameters: `kind` is orders, lines, customers, products, events or feedback; times without a zone are on the clock
    of `zone`; `columns` says what canonical columns are called in the file, `mapping` all of it; `decisions` are
    answers to what the reading asks, by the code of the question, and `accept_defaults` takes the proposed ones.

    A file whose rows are left out or read by an assumption gives a `ReadingWarning` that says so. Raises
    `NeedsDecision` where readings that both make sense differ, `NoUsableRows`, `SeveralCurrencies`, and whatever an
    import raises for a file that cannot be read or understood.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = path.write_text("订单号,会员号,下单时间,实付金额\\n1,a,2025年1月5日,¥1200\\n", "utf-8")
    >>> read(path).amount.sum().execute()
    Decimal('1200.00')
    """
    spec = kind_named(kind)
    with Scratch() as scratch, own_engine() as duck, temporary_views(duck) as views:
        file = open_file(Path(path), scratch)
        answers = {**(mapping.decisions if mapping else {}), **(decisions or {})}
        dialog = Dialog(file.name, answers, accept_defaults=accept_defaults)
        try:
            if columns and mapping is None:
                requested = requested_mapping(kind, None, None, None)
                headers = open_source(duck, file, scratch, requested, rejects_of(scratch)).headers
                mapping = _named(spec, headers, columns)
            requested = requested_mapping(kind, mapping, None, None)
            source, head, resolved = open_and_map(
                duck, file, scratch, requested, has_mapping=mapping is not None, order=date_order, dialog=dialog
            )
            with reading(file.name), writing(file.name):
                plan = plan_of(views, source, resolved, head, zone=zone, dialog=dialog)
                plan, staged = read_rows(
                    views, plan, head, rejects_of(scratch), dialog=dialog, snapshot=LakeSnapshot.empty()
                )
                _refuse_currencies(staged, file.name)
                accepted = _accepted(views, staged, plan)
                _warn(views, staged, accepted, dialog, rejects_of(scratch))
                return _table(views, accepted.rows, plan)
        except NeedsDecision as waiting:
            raise NeedsAnswer(**waiting.facts) from None


def read_for_method(path: Path, spec: TableSpec, zone: str, columns: Table[str, str] | None) -> ir.Table:
    """The rows of a file passed to a method that expects the canonical table `spec`."""
    return read(path, KIND_OF[spec.name], zone=zone, columns=columns)


def _named(kind: FileKind, headers: tuple[str, ...], columns: Table[str, str]) -> Mapping:
    """A mapping with the given column names, and for other fields the header that matches best."""
    named = {own: name for name, own in columns.items()}
    for field in kind.fields:
        free = [header for header in headers if header not in named and field.name not in named.values()]
        ranked = [(place, header) for header in free if (place := rank(header, field.headers)) is not None]
        if ranked:
            named[min(ranked)[1]] = field.name
    return Mapping(kind.name, named)


def _refuse_currencies(staged: Staged, name: str) -> None:
    currencies = [sign.upper() for sign in (*staged.signs, *staged.currencies)]
    meant = [set(signs().get(sign, (sign,))) for sign in currencies]
    if meant and not reduce(set.intersection, meant):
        raise SeveralCurrencies(file=name, found=", ".join(currencies[:5]))


def _accepted(views: Views, staged: Staged, plan: Plan) -> Accepted:
    if plan.kind.name == "orders":
        return accepted_orders(views, staged)
    if plan.kind.name == "lines":
        staged = with_line_ids(views, staged)
    key = ("source_id",) if plan.kind.name == "customers" else plan.kind.table.key
    accepted = unique(views, sound(staged), key)
    if plan.kind.name != "customers":
        return accepted
    return replace(accepted, rows=people.with_phones(views, accepted.rows, plan, lambda share: None))


def _warn(views: Views, staged: Staged, accepted: Accepted, dialog: Dialog, rejects: str) -> None:
    """Warn of rows that are left out and of what was assumed.

    Raises `NoUsableRows`.
    """
    reasons: Counter[str] = Counter()
    for bits, count in staged.tally.items():
        if not bits & 3:
            reasons.update(dict.fromkeys({problem.reason for problem in staged.problems_of(bits)}, count))
    for fault in faults_of(views, rejects):
        reasons[fault.reason] += len(fault.lines)
    rejections = [f"{phrase('ingest', f'reasons.{reason}', 'en')} ({count})" for reason, count in reasons.items()]
    notices = dialog.notices
    if reasons and staged.wrong >= staged.read:
        raise NoUsableRows(rows=staged.read, file=dialog.file, reasons="; ".join(rejections))
    parts = [phrase("ingest", "door.rejected", "en", rows="; ".join(rejections))] if rejections else []
    if accepted.superseded:
        parts.append(phrase("ingest", "door.superseded", "en", count=accepted.superseded))
    parts += [notice.sentence("en") for notice in notices]
    if parts:
        warnings.warn(ReadingWarning(f"{dialog.file}: {' '.join(parts)}", notices, reasons), stacklevel=3)


def _table(views: Views, rows: ir.Table, plan: Plan) -> ir.Table:
    """The canonical columns, in memory; of customers the properties as columns of their own."""
    spec = plan.kind.table
    columns: dict[str, ir.Value] = {}
    for column in spec:
        if column not in ORIGIN:
            there = column.name in rows.columns
            columns[column.name] = (rows[column.name] if there else ibis.null(column.type)).cast(spec[column.name].type)
    if spec is CUSTOMER_RECORDS:
        free = [header for header in plan.mapping.properties if header not in columns]
        columns |= {header: rows.properties[header] for header in free}
    columns.pop("properties", None)
    table: pa.Table = views.engine.arrow(rows.select(**columns))
    return ibis.memtable(table)
