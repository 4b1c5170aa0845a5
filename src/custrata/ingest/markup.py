"""Read tables in HTML or XML (SpreadsheetML 2003), which programs often name as Excel files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from custrata.errors import BadInput
from custrata.ingest.files import BLOCK
from custrata.ingest.sheet_reader import padded, pattern
from custrata.ingest.sheets import Covered, Sheet, write_sheet
from custrata.schema.numbers import LARGEST_WHOLE, MOST_DIGITS, UnreadableNumber, decimal_of

MOST_COLUMNS, MOST_ROWS = 16_384, 1_048_576
MOST_CELLS = 50_000_000
CHARSET = re.compile(rb"(?:charset|<\?xml[^>]*encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
BETWEEN = "\x1f"

Markup = Literal["html", "spreadsheetml"]


class DamagedMarkup(BadInput):
    template = (
        "“{file}” is called an Excel file but is {form}, and it is damaged or far too large. "
        "Open it in a spreadsheet, save it as .xlsx and import that."
    )


class _Grid:
    """A table built cell by cell; cells that span rows or columns reserve their positions."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, str]] = {}
        self.taken: dict[int, set[int]] = {}
        self.covered: Covered = {}
        self.row, self.column, self.size = -1, 0, 0

    def start_row(self, row: int | None = None) -> None:
        self.row, self.column = self.row + 1 if row is None else row, 0

    def add(self, text: str, down: int = 1, across: int = 1, column: int | None = None) -> None:
        """Put a text into the next free place of the row, or into that column."""
        self.row, self.column = max(self.row, 0), self.column if column is None else column
        while self.column in self.taken.get(self.row, ()):
            self.column += 1
        self.size += down * across
        if self.row + down > MOST_ROWS or self.column + across > MOST_COLUMNS or self.size > MOST_CELLS:
            raise OverflowError
        self.rows.setdefault(self.row, {})[self.column] = text
        for row in range(self.row + 1, self.row + down):
            self.taken.setdefault(row, set()).update(range(self.column, self.column + across))
            self.covered.setdefault(self.column, {})[row] = text
        self.column += across

    def written(self, name: str, target: Path) -> Sheet | None:
        """The table as a sheet; None where nothing is in it."""
        if not any(text for cells in self.rows.values() for text in cells.values()):
            return None
        width = max(column for cells in self.rows.values() for column in cells) + 1
        height = max(self.rows) + 1
        if width * height > MOST_CELLS:
            raise OverflowError
        return write_sheet(name, self._lines(width, height), width, self.covered, target)

    def _lines(self, width: int, height: int) -> Iterator[list[str | None]]:
        for row in range(height):
            cells = self.rows.get(row, {})
            yield [cells.get(column) for column in range(width)]


class _Page(HTMLParser):
    """The tables of a page, each with the cells that are its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[_Grid] = []
        self._open: list[_Grid] = []
        self._cells: list[tuple[list[str], int, int] | None] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "table":
            self._open.append(_Grid())
            self.grids.append(self._open[-1])
            self._cells.append(None)
        elif self._open and tag == "tr":
            self._end_cell()
            self._open[-1].start_row()
        elif self._open and tag in ("td", "th"):
            self._end_cell()
            attributes = dict(attrs)
            self._cells[-1] = (
                [],
                _span(attributes.get("rowspan"), MOST_ROWS),
                _span(attributes.get("colspan"), MOST_COLUMNS),
            )
        elif tag in ("br", "p", "div") and self._cells and self._cells[-1]:
            self._cells[-1][0].append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th", "tr"):
            self._end_cell()
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop()
            self._cells.pop()

    def handle_data(self, data: str) -> None:
        if self._cells and self._cells[-1] and not self._silent:
            self._cells[-1][0].append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self.handle_endtag("table")

    def _end_cell(self) -> None:
        if self._cells[-1]:
            parts, down, across = self._cells[-1]
            self._open[-1].add(" ".join("".join(parts).split()), down, across)
            self._cells[-1] = None


def _span(text: str | None, most: int) -> int:
    return max(1, _whole(text, most))


class _Workbook:
    """The worksheets of an XML workbook."""

    def __init__(self) -> None:
        self.grids: list[tuple[str, _Grid]] = []
        self._formats: dict[str, str] = {}
        self._style = self._kind = self._format = ""
        self._text: list[str] | None = None
        self._cell: tuple[int | None, int, int] = (None, 1, 1)
        self._comment = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name, values = _local(tag), {_local(key): value for key, value in attributes.items()}
        if not tag.startswith(SPREADSHEET):
            return
        if name == "Style":
            self._style = values.get("ID", "")
        elif name == "NumberFormat":
            self._formats[self._style] = pattern(values.get("Format", ""))
        elif name == "Worksheet":
            self.grids.append((values.get("Name", ""), _Grid()))
        elif name == "Row" and self.grids:
            self.grids[-1][1].start_row(_index(values))
        elif name == "Cell":
            self._cell = (_index(values), _whole(values.get("MergeDown")) + 1, _whole(values.get("MergeAcross")) + 1)
            self._text, self._kind, self._format = None, "", self._formats.get(values.get("StyleID", ""), "")
        elif name == "Comment":
            self._comment = True
        elif name == "Data" and not self._comment:
            self._text, self._kind = [], values.get("Type", "")

    def end(self, tag: str) -> None:
        name = _local(tag) if tag.startswith(SPREADSHEET) else ""
        if name == "Comment":
            self._comment = False
        elif name == "Cell" and self.grids:
            column, down, across = self._cell
            self.grids[-1][1].add(self._display_text(), down, across, column)
            self._text = None

    def data(self, text: str) -> None:
        if self._text is not None and not self._comment:
            self._text.append(text)

    def _display_text(self) -> str:
        """The cell as a person sees it: times with a space for XML's `T`, numbers in the digits of their format."""
        text = "".join(self._text or []).strip()
        if self._kind == "DateTime":
            return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.0+)?$", r"\1 \2", text)
        if self._kind == "Error":
            return ""
        if self._kind == "Number" and self._format == "%":
            return _percent(text)
        digits = self._kind == "Number" and self._format and text.isdecimal() and len(text) <= MOST_DIGITS
        return padded(self._format, int(text)) if digits else text


def _local(tag: str) -> str:
    return tag.rpartition(BETWEEN)[2]


def _percent(text: str) -> str:
    """A share in percent; what is no number stays as it is written."""
    try:
        return format(float(decimal_of(text)) * 100, ".12g") + "%"
    except UnreadableNumber:
        return text


def _whole(text: str | None, most: int = LARGEST_WHOLE) -> int:
    """The number of an attribute, `most` where it says more; 0 where it says none."""
    digits = (text or "").strip()
    if not digits.isdecimal():
        return 0
    return most if len(digits) > MOST_DIGITS else min(most, int(digits))


def _index(attributes: dict[str, str]) -> int | None:
    return _whole(attributes["Index"]) - 1 if _whole(attributes.get("Index")) else None


def read_markup(path: Path, form: Markup, folder: Path, file: str) -> tuple[Sheet, ...]:
    """The tables of a page or an XML workbook in UTF-8, each written as a sheet into `folder`.

    Raises `DamagedMarkup`.
    """
    read: Callable[[Path], list[tuple[str, _Grid]]] = _tables if form == "html" else _worksheets
    try:
        grids = read(path)
        sheets = [grid.written(name, folder / f"table-{place}.parquet") for place, (name, grid) in enumerate(grids)]
    except (OverflowError, ValueError, LookupError, MemoryError, expat.ExpatError) as error:
        raise DamagedMarkup(file=file, form={"html": "HTML", "spreadsheetml": "XML"}[form]) from error
    return tuple(sheet for sheet in sheets if sheet is not None)


def _tables(path: Path) -> list[tuple[str, _Grid]]:
    page = _Page()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        while block := text.read(BLOCK):
            page.feed(block)
    page.close()
    return [(f"table {place}", grid) for place, grid in enumerate(page.grids, start=1)]


def _worksheets(path: Path) -> list[tuple[str, _Grid]]:
    book = _Workbook()
    parser = expat.ParserCreate("utf-8", BETWEEN)
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("a document type")  # it may define entities that expand without limit

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = book.start, book.end, book.data
    with path.open("rb") as file:
        parser.ParseFile(file)
    return book.grids


def charset(head: bytes) -> str | None:
    """The encoding that a page declares; None where it declares none."""
    match = CHARSET.search(head)
    name = match[1].decode().lower() if match else ""
    return {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252"}.get(name, name) or None
