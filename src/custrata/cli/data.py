"""Data in and out of a workspace: init, import, quarantine."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import click

from custrata.cli.help import LocalizedCommand, language_option
from custrata.cli.language import current_language
from custrata.cli.questions import decisions_of, import_with_answers
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import CannotWrite, draw, plain, raw_option
from custrata.cli.upkeep import after_import
from custrata.engine.storage import reason_of
from custrata.errors import BadInput
from custrata.ingest import ImportResult, Mapping, import_file
from custrata.ingest.mapping import LAST_ROW
from custrata.ingest.quarantine_files import recover_killed
from custrata.lake import Workspace
from custrata.schema.cells import harmless
from custrata.schema.counting import FreeOrders
from custrata.wording import phrase
from custrata.wording.writer import Writer

KINDS = ("orders", "lines", "customers", "products", "events", "feedback")


class NoQuarantine(BadInput):
    template = "There are no rejected rows of an import “{import_id}”."


@click.command("init", cls=LocalizedCommand)
@click.argument("directory", type=click.Path(path_type=Path), default=Path())
@click.option("--name", default=None, help="The name of the workspace (default: the folder's name).")
@click.option("--currency", default="CNY", show_default=True, help="Its currency, as an ISO 4217 code.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="The time zone of its dates.")
@click.option(
    "--memory",
    default="50%",
    show_default=True,
    help="Memory a computation may use before it continues on disk: 8GB, 50%.",
)
@click.option(
    "--free-orders",
    type=click.Choice(["count", "ignore"]),
    default="count",
    show_default=True,
    help="Whether orders without payment count for recency and frequency.",
)
@click.option("--keep-runs", default="60", show_default=True, metavar="DAYS",
              help="Number of days for which all runs are retained, or all; then the last of each month.")  # fmt: skip
@click.option("--keep-quarantine", default="180", show_default=True, metavar="DAYS",
              help="Number of days for which rejected rows are retained, or all.")  # fmt: skip
@click.option("--compact-at", default="50%", show_default=True, metavar="SHARE",
              help="Share of old data files to current ones at which the facts are compacted, or never.")  # fmt: skip
@language_option
def init_command(
    directory: Path,
    *,
    name: str | None,
    currency: str,
    timezone: str,
    memory: str,
    free_orders: FreeOrders,
    keep_runs: str,
    keep_quarantine: str,
    compact_at: str,
    language: str | None,
) -> None:
    """Make DIRECTORY (default: this folder) a workspace."""
    speak = language or current_language()
    workspace = Workspace.create(
        directory,
        name=name,
        currency=currency,
        timezone=timezone,
        language=speak,
        memory=memory,
        free_orders=free_orders,
        keep_runs=keep_runs,
        keep_quarantine=keep_quarantine,
        compact_at=compact_at,
    )
    settings = workspace.settings
    facts = {"name": settings.name, "currency": settings.currency, "timezone": settings.timezone}
    say(phrase("cli", "created", speak, folder=workspace.folder, **facts))


@click.command("import", cls=LocalizedCommand)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--mapping", "mapping_file", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="A mapping.toml that assigns the columns.")  # fmt: skip
@click.option("--save-mapping", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Write the mapping that was used, for later imports.")  # fmt: skip
@click.option("--date-order", type=click.Choice(["day-first", "month-first"]), default=None,
              help="Which comes first in dates such as 05/04/2025.")  # fmt: skip
@click.option("--sheet", "sheets", multiple=True, metavar="NAME",
              help="The sheet of a workbook to read; several are read as one table.")  # fmt: skip
@click.option("--header-row", type=click.IntRange(1, LAST_ROW), default=None, metavar="N",
              help="The row that holds the column names, counted from 1.")  # fmt: skip
@click.option("--source", default="file", show_default=True, help="The name of the data source.")
@click.option("--dry-run", is_flag=True, help="Read, check and report; change nothing.")
@click.option("--again", is_flag=True, help="Import a file that was already imported.")
@click.option("--decide", "answers", multiple=True, metavar="CODE=CHOICE",
              help="Answer a question of the import; can be given several times.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Accept the proposed answer to every question.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def import_command(
    session: Session,
    *,
    kind: str,
    files: tuple[Path, ...],
    mapping_file: Path | None,
    save_mapping: Path | None,
    date_order: Literal["day-first", "month-first"] | None,
    sheets: tuple[str, ...],
    header_row: int | None,
    source: str,
    dry_run: bool,
    again: bool,
    answers: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Import FILES of a KIND: CSV, TSV (also gzipped), Excel, OpenDocument, tables in HTML, or Parquet."""
    mapping = Mapping.read(mapping_file) if mapping_file is not None else None
    decisions = decisions_of(answers)
    results = []
    for file in files:
        result = import_with_answers(
            session,
            decisions,
            lambda progress, file=file: import_file(  # type: ignore[misc]  # the loop's file
                session.workspace, kind, file, at=now(), mapping=mapping, source=source, dry_run=dry_run,
                again=again, date_order=date_order, sheet=sheets, header_row=header_row, decisions=decisions,
                accept_defaults=yes, progress=progress,
            ),
            may_ask=not as_json,
        )  # fmt: skip
        results.append(result)
        if not as_json:
            _print_result(session, result, dry_run=dry_run)
    if as_json:
        say(json.dumps([result.to_json() for result in results], ensure_ascii=False, indent=1, default=plain))
    if save_mapping is not None:
        _save(results[-1].mapping, save_mapping)
        say(session.writer("cli")("mapping_saved", path=save_mapping))
    if not dry_run and any(result.accepted for result in results):
        after_import(session, report=not as_json)
    if all(result.rejected and not result.accepted for result in results):
        sys.exit(2)


def _save(mapping: Mapping, path: Path) -> None:
    try:
        path.write_text(mapping.to_toml(), "utf-8")
    except OSError as error:
        raise CannotWrite(path=path, reason=reason_of(error)) from error


def _print_result(session: Session, result: ImportResult, *, dry_run: bool) -> None:
    """Print the mapping, the counts, and notices of an import."""
    write = session.writer("cli")
    if result.already_imported is not None:
        say(write("import.already", file=result.file_name, at=write.instant(result.already_imported.at)))
        return
    columns = [[header, field] for header, field in result.mapping.columns.items()]
    say(draw([write("heads.column"), write("heads.meaning")], columns, [False, False]).rstrip("\n"))
    counts = {"accepted": result.accepted, "rejected": result.rejected, "rows": result.rows}
    say(write("import.done", file=result.file_name, **{name: write.number(count) for name, count in counts.items()}))
    write_quality = session.writer("ingest")
    for label, value in result.quality.entries():
        say(f"  {write_quality(f'quality.{label}')}: {_format_value(write, value)}")
    for notice in result.notices:
        say(f"  • {notice.sentence(session.language)}")
    for table, merged in result.merged.items():
        done = {"added": merged.added, "updated": merged.updated, "unchanged": merged.unchanged}
        say(write("import.table", table=table, **{name: write.number(count) for name, count in done.items()}))
    if result.quarantine is not None:
        say(write("import.quarantine", path=result.quarantine))
    if dry_run:
        say(write("import.dry"))


def _format_value(write: Writer, value: object) -> str:
    if isinstance(value, datetime):
        return write.instant(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return str(value)
    return write.money(value, 2) if isinstance(value, Decimal) else write.number(value)


def _harmless(file: Path) -> str:
    """The rows of a CSV file with formulas in cells neutralised."""
    buffer = io.StringIO(newline="")
    with file.open(encoding="utf-8-sig", newline="") as rows:
        csv.writer(buffer).writerows([harmless(cell) for cell in row] for row in csv.reader(rows))
    return buffer.getvalue()


@click.command("quarantine", cls=LocalizedCommand)
@click.argument("import_id", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Write the rows to this file, to be corrected and imported again.")  # fmt: skip
@raw_option
@workspace_option
def quarantine_command(session: Session, import_id: str | None, output: Path | None, *, raw: bool) -> None:
    """List imports with rejected rows, or write the rows of one."""
    workspace = session.workspace
    write, imports = session.writer("cli"), workspace.lake.snapshot().imports
    recover_killed(workspace.quarantine, imports)
    if import_id is None:
        with_rejected = [record for record in imports if record.rejected]
        names = [write(f"heads.{name}") for name in ("import_id", "file", "rejected")]
        rows = [[record.import_id, record.file_name, record.rejected] for record in with_rejected]
        say(draw(names, rows, [False, False, True]).rstrip("\n") if rows else write("quarantine_empty"))
        return
    file = workspace.quarantine / f"{import_id}.csv"
    if "/" in import_id or not file.exists():
        raise NoQuarantine(import_id=import_id)
    if output is None:
        say(file.read_text("utf-8-sig") if raw else _harmless(file))
        return
    try:
        if raw:
            shutil.copyfile(file, output)
        else:
            output.write_text(_harmless(file), "utf-8-sig", newline="")
    except OSError as error:
        raise CannotWrite(path=output, reason=reason_of(error)) from error
    say(write("written", path=output))
