"""The process that reads a workbook; see `custrata.ingest.excel`. It answers with one line of JSON.

It is run as a script, apart from the package: it may import nothing of it.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from xml.parsers import expat

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MEMORY = 6 << 30
BATCH = 20_000
BLOCK = 1 << 20
DIGITS = 10**15  # Excel keeps fifteen digits of a number
PERCENT = (9, 10)
# The number formats of old workbooks that write leading zeros: record 041E, its length, its number, the text.
OLD_ZEROS = re.compile(rb"\x1e\x04.\x00..[\x02-\x20]\x00\x00(?:0\x00?){2,}", re.DOTALL)
OTHER_ZEROS = {
    "xl/styles.bin": re.compile(rb"[\x02-\x20]\x00\x00\x00(?:0\x00){2,}"),
    **dict.fromkeys(
        ("content.xml", "styles.xml"),
        re.compile(rb"<number:number-style[^>]*>\s*<number:number[^>]*min-integer-digits=\"(?:[2-9]|1\d)\""),
    ),
}
DIGIT, OPTIONAL = "\x01", "\x02"
MARKS = {"0": DIGIT, "#": OPTIONAL, "?": OPTIONAL}
CURRENCIES = ("USD", "EUR", "GBP", "CNY", "RMB", "JPY", "HKD", "TWD", "NT", "US", "RM", "RS", "KR", "CHF", "SGD", "AUD")

Row = list[Any]
Formats = dict[tuple[int, int], str]


class SheetCells:
    """The cells of one sheet as texts, with rounded numbers and merged ranges."""

    def __init__(self, formats: Formats, merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        self.formats = formats
        self.rounded: dict[int, list[object]] = {}
        self.merged: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, _) in merged:
            if bottom > top:
                self.merged.setdefault(left, []).append((top, bottom))
        self._open: dict[int, tuple[int, str | None]] = {}
        self._starts = {left: dict(spans) for left, spans in self.merged.items()}

    def text(self, cell: object, row: int, column: int) -> str | None:
        """A cell as displayed."""
        if cell is None or cell == "":
            return None
        if isinstance(cell, bool):
            return str(cell).lower()
        if isinstance(cell, int | float):
            return self._number(cell, row, column)
        if isinstance(cell, datetime):
            return _instant(cell)
        if isinstance(cell, date | time):
            return cell.isoformat()
        return str(cell)

    def covered(self, texts: list[str | None], row: int, column: int) -> str | None:
        """The value of the merged range that covers a cell."""
        bottom, value = self._open.get(column, (-1, None))
        if row <= bottom:
            return value
        if row in self._starts[column]:
            self._open[column] = (self._starts[column][row], texts[column])
        return None

    def _number(self, cell: float, row: int, column: int) -> str:
        if abs(cell) >= DIGITS:
            count = self.rounded.setdefault(column, [0, format(cell, ".15g"), row + 1])
            count[0] = int(str(count[0])) + 1
        code = self.formats.get((row, column), "")
        if code == "%":
            return format(cell * 100, ".12g") + "%"
        whole = float(cell).is_integer()
        if code and whole and cell >= 0:
            return padded(code, int(cell))
        return str(int(cell)) if whole and abs(cell) < DIGITS else format(cell, ".15g")


def _instant(cell: datetime) -> str:
    """The instant rounded to milliseconds, the precision of Excel's serial dates."""
    even = cell + timedelta(microseconds=500)
    even = even.replace(microsecond=even.microsecond // 1000 * 1000)
    return even.isoformat(sep=" ", timespec="milliseconds" if even.microsecond else "seconds")


def pattern(code: str) -> str:
    """The part of a number format that changes the displayed digits.

    `%` for a percentage; where it writes leading zeros or letters before the number, the format with marks in place of
    its digits; else nothing.
    """
    first = re.match(r'(?:"[^"]*"|\\.|[^;"])*', re.sub(r"\[[^\]]*\]|_.|\*.", "", code))
    parts = re.findall(r'"([^"]*)"|\\(.)|(.)', first[0] if first else "")
    plain = "".join(sign for _, _, sign in parts)
    if "%" in plain:
        return "%"
    if plain.strip("0#?-/() +"):
        return ""
    shape = "".join(quoted + escaped + MARKS.get(sign, sign) for quoted, escaped, sign in parts)
    letters = re.match(r"[A-Za-z][A-Za-z0-9_-]*", shape)
    named = letters is not None and letters[0].strip("-_").upper() not in CURRENCIES
    return shape if DIGIT * 2 in shape or (named and DIGIT in shape) else ""


def padded(shape: str, number: int) -> str:
    """A whole number in the digits of a format."""
    places = shape.count(DIGIT) + shape.count(OPTIONAL)
    digits = str(number)
    over, remaining = digits[:-places], iter(digits[-places:].rjust(places))
    out = []
    for sign in shape:
        if sign in (DIGIT, OPTIONAL):
            digit = next(remaining)
            out.append(over + ("0" if digit == " " and sign == DIGIT else digit.strip()))
            over = ""
        else:
            out.append(sign)
    return "".join(out).strip()


class Styles:
    """The styles of a workbook that change the displayed digits of numbers, and the files of its sheets."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.codes: dict[str, str] = {}
        self.codes_by_style: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self._inside, self._place = False, 0
        _parse(archive, "xl/styles.xml", self._style)
        targets: dict[str, str] = {}
        _parse(archive, "xl/_rels/workbook.xml.rels", lambda tag, a: _relation(tag, a, targets))
        _parse(archive, "xl/workbook.xml", lambda tag, a: self._sheet(tag, a, targets))

    def _style(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            self.codes[attributes.get("numFmtId", "")] = pattern(attributes.get("formatCode", ""))
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            self._inside = tag == "cellXfs"
        elif tag == "xf" and self._inside:
            number = attributes.get("numFmtId", "")
            if code := "%" if number in map(str, PERCENT) else self.codes.get(number, ""):
                self.codes_by_style[str(self._place)] = code
            self._place += 1

    def _sheet(self, tag: str, attributes: dict[str, str], targets: dict[str, str]) -> None:
        if tag == "sheet":
            identity = next((value for name, value in attributes.items() if name.endswith("id") and ":" in name), "")
            self.files[attributes.get("name", "")] = targets.get(identity, "")

    def of(self, sheet: str) -> tuple[Formats, list[str]]:
        """The formats of a sheet's cells that matter, and the places of its errors."""
        formats: Formats = {}
        errors: list[str] = []
        name = self.files.get(sheet, "")
        if name not in self.archive.namelist():
            return formats, errors
        # Attributes of a cell hold no entities, and the sheet may be large: searched, not parsed.
        styles = "|".join(self.codes_by_style) or "x"
        cell = re.compile(
            rf'<(?:\w+:)?c\b(?=[^>]*\s(?:t="(?P<error>e)"|s="(?P<style>{styles})"))[^>]*\sr="([A-Z]+)(\d+)"'.encode()
        )
        for text in _tags(self.archive, name):
            for match in cell.finditer(text):
                column, row = _column(match[3]), int(match[4]) - 1
                if match["error"]:
                    errors.append(f"{match[3].decode()}{row + 1}")
                else:
                    formats[row, column] = self.codes_by_style[match["style"].decode()]
        return formats, errors


def _relation(tag: str, attributes: dict[str, str], targets: dict[str, str]) -> None:
    if tag == "Relationship":
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _parse(archive: zipfile.ZipFile, name: str, handler: Any) -> None:
    """Call `handler` at the start of every element of a member; members with a document type are refused."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: handler(tag.rpartition(":")[2], attributes)
    with suppress(KeyError, expat.ExpatError), archive.open(name) as member:
        parser.ParseFile(member)


def _tags(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The text of a member in pieces that end where a tag begins."""
    rest = b""
    with archive.open(name) as member:
        while block := member.read(BLOCK):
            whole, mark, last = (rest + block).rpartition(b"<")
            yield whole
            rest = mark + last
    yield rest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _write(sheet: CalamineSheet, cells: SheetCells, target: str) -> tuple[int, int]:
    """Write the cells of a sheet, with a column `m…` of what merged ranges say for each that has such; its size."""
    rows = enumerate(sheet.iter_rows())
    batch = list(islice(rows, BATCH))
    width = max((len(row) for _, row in batch), default=0)
    names = [f"c{place}" for place in range(width)] + [f"m{place}" for place in cells.merged if place < width]
    schema = pa.schema([(name, pa.string()) for name in names])
    height = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        while batch:
            texts = [[cells.text(cell, row, place) for place, cell in enumerate(line)] for row, line in batch]
            below = [
                [cells.covered(line, row, place) for (row, _), line in zip(batch, texts, strict=True)]
                for place in cells.merged
                if place < width
            ]
            columns = [pa.array([line[place] for line in texts], pa.string()) for place in range(width)]
            columns += [pa.array(column, pa.string()) for column in below]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            height += len(batch)
            batch = list(islice(rows, BATCH))
    return width, height


def _spans(sheet: CalamineSheet) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return sheet.merged_cell_ranges or []


def _states(book: CalamineWorkbook) -> dict[str, str]:
    states = {}
    for sheet in book.sheets_metadata:
        table = sheet.typ == SheetTypeEnum.WorkSheet
        visible = sheet.visible == SheetVisibleEnum.Visible
        states[sheet.name] = ("" if visible else "hidden") if table else "chart"
    return states


def _read(source: str, folder: str, names: list[str]) -> dict[str, object]:
    with open(source, "rb") as file, CalamineWorkbook.from_filelike(file) as book:
        if unknown := [name for name in names if name not in book.sheet_names]:
            return {"problem": "sheet", "unknown": unknown, "sheets": book.sheet_names}
        styles = _styles(source)
        answers = []
        for place, (name, state) in enumerate(_states(book).items()):
            selected = name in names if names else not state
            answer: dict[str, object] = {"name": name, "state": state or ("" if selected else "other")}
            if selected:
                answer |= _sheet(book.get_sheet_by_name(name), styles, f"{folder}/sheet-{place}.parquet")
            answers.append(answer)
        return {"sheets": answers, "unread_zeros": _unread_zeros(source)}


def _sheet(sheet: CalamineSheet, styles: Styles | None, target: str) -> dict[str, object]:
    formats, errors = styles.of(sheet.name) if styles else ({}, [])
    spans = _spans(sheet)
    cells = SheetCells(formats, spans)
    width, height = _write(sheet, cells, target)
    return {
        "state": "",
        "path": target,
        "width": width,
        "height": height,
        "merged": sorted(cells.merged),
        "errors": [len(errors), *errors[:1]],
        "rounded": cells.rounded,
    }


def _styles(source: str) -> Styles | None:
    """The styles of a workbook that has them as XML; a workbook without readable ones is read without."""
    try:
        archive = zipfile.ZipFile(source)
        return Styles(archive) if "xl/styles.xml" in archive.namelist() else None
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return None


def _encrypted(source: str) -> bool:
    """Whether a workbook is encrypted: then it is an OLE file with a stream of that name."""
    with open(source, "rb") as file:
        return "EncryptedPackage".encode("utf-16-le") in file.read()


def _unread_zeros(source: str) -> bool:
    """Whether a non-XML workbook has number formats with leading zeros, which cannot be read by cell."""
    with open(source, "rb") as file:
        data = file.read()
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return OLD_ZEROS.search(data) is not None
    with suppress(zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError), zipfile.ZipFile(source) as archive:
        for name, zeros in OTHER_ZEROS.items():
            if name in archive.namelist() and zeros.search(archive.read(name)):
                return True
    return False


def main() -> int:
    """Read what the arguments name: source, folder, the names of sheets as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, folder, names = sys.argv[1:4]
    try:
        answer = _read(source, folder, json.loads(names))
    except PasswordError:
        answer = {"problem": "password"}
    except (CalamineError, OSError, ValueError, MemoryError, OverflowError, zipfile.BadZipFile, pa.ArrowException):
        answer = {"problem": "password" if _encrypted(source) else "damaged"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
