"""Exports of tables: CSV with a BOM for Excel, and Excel files, both streamed by row.

Spreadsheets run text that begins with = + - @ as a formula: in CSV it is prefixed with an apostrophe, in Excel it is
written as a text cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from custrata.engine.scratch import Scratch
from custrata.schema.cells import harmless
from custrata.web.workspace import workspace

Cell = str | int | float | bool | Decimal | datetime | date | None
Rows = Iterable[Sequence[Cell]]

BOM = "\ufeff"
MOST_ROWS = 1_048_575  # of a sheet, below its header
LONGEST = 32_767  # characters of a cell
CHUNK, LINES = 1 << 16, 500
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Echo:
    """A file object whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: Sequence[str], rows: Rows) -> StreamingHttpResponse:
    """A streamed response with `name`.csv."""
    return _download(_csv(header, rows), "text/csv; charset=utf-8", f"{name}.csv")


def excel_response(name: str, header: Sequence[str], rows: Rows) -> StreamingHttpResponse:
    """A response with `name`.xlsx; rows that do not fit on one sheet continue on the next."""
    return _download(_excel(name, header, rows), EXCEL, f"{name}.xlsx")


KINDS = {"csv": csv_response, "xlsx": excel_response}


def export_kind(request: HttpRequest) -> str:
    """The kind of file that an export form requests, "csv" or "xlsx". Raises `Http404` for any other."""
    kind = request.POST.get("file", "")
    if kind not in KINDS:
        raise Http404
    return kind


def file_response(kind: str, name: str, header: Sequence[str], rows: Rows) -> StreamingHttpResponse:
    """A response with a file of this kind."""
    return KINDS[kind](name, header, rows)


def _download(content: Iterator[bytes], kind: str, file_name: str) -> StreamingHttpResponse:
    disposition = content_disposition_header(True, file_name) or "attachment"
    return StreamingHttpResponse(content, kind, headers={"Content-Disposition": disposition})


def _csv(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    zone, write = _zone(), csv.writer(_Echo()).writerow
    lines = [BOM + write([harmless(name) for name in header])]
    for row in rows:
        lines.append(write([harmless(_local(cell, zone)) for cell in row]))
        if len(lines) >= LINES:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _local(cell: Cell, zone: ZoneInfo) -> Cell:
    """Instants in the time zone of the workspace; other values unchanged."""
    return cell.astimezone(zone).replace(tzinfo=None) if isinstance(cell, datetime) and cell.tzinfo else cell


def _zone() -> ZoneInfo:
    return ZoneInfo(workspace().settings.timezone)


def _excel(name: str, header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    with Scratch() as folder:
        path = folder / "table.xlsx"
        _write_excel(path, name, header, rows)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _write_excel(path: Path, name: str, header: Sequence[str], rows: Rows) -> None:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    options = {"constant_memory": True, "nan_inf_to_errors": True, "tmpdir": str(path.parent), **plain}
    with xlsxwriter.Workbook(path, options) as book:
        sheets = _Sheets(book, name, header)
        for row in rows:
            sheets.add(row)


class _Sheets:
    """The sheets of one table; a new one is added when the last is full."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, header: Sequence[str]) -> None:
        self.book, self.name, self.header = book, name, header
        self.bold = book.add_format({"bold": True})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.zone, self.many = _zone(), 0
        self.add_sheet()

    def add_sheet(self) -> None:
        """Add a sheet with the header."""
        self.sheet, self.line = self.book.add_worksheet(_sheet_name(self.name, self.many)), 0
        self.many += 1
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, max(0, len(self.header) - 1), 16)
        self.sheet.write_row(0, 0, self.header, self.bold)

    def add(self, row: Sequence[Cell]) -> None:
        """Append a row."""
        if self.line == MOST_ROWS:
            self.add_sheet()
        self.line += 1
        for column, cell in enumerate(row):
            self.write(column, _local(cell, self.zone))

    def write(self, column: int, cell: Cell) -> None:
        """Write a cell by its type; text is never a formula."""
        if isinstance(cell, str):
            self.sheet.write_string(self.line, column, cell[:LONGEST])
        elif isinstance(cell, datetime):
            self.sheet.write_datetime(self.line, column, cell, self.instant)
        elif isinstance(cell, date):
            self.sheet.write_datetime(self.line, column, cell, self.day)
        elif isinstance(cell, bool):
            self.sheet.write_boolean(self.line, column, cell)
        elif cell is not None:
            self.sheet.write_number(self.line, column, cell)


def _sheet_name(name: str, place: int) -> str:
    """A name that Excel allows: 31 characters at most, none of []:*?/\\ in it."""
    title = "".join(letter for letter in name if letter not in "[]:*?/\\").strip("'")[:26] or "Custrata"
    return title if place == 0 else f"{title} {place + 1}"
