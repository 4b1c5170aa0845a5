"""Detect the dialect of a text file: delimiter, quotation mark and header row."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from custrata.errors import BadInput
from custrata.ingest.files import BLOCK, blocks
from custrata.ingest.header_rows import WITHIN, NoSuchRow, find_head, header_notices
from custrata.ingest.notices import Notice

DELIMITERS = (",", "\t", ";", "|")
SAMPLE = 1 << 18
SAMPLE_ROWS = 200
LONGEST = BLOCK
LONGEST_CELL = 128 << 10
QUOTE_BLOCK = 16 << 20
SEPARATOR_TOLD = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class LineTooLong(BadInput):
    template = "“{file}” has a line of more than {limit} characters. Is this a table?"


class UnclosedQuote(BadInput):
    template = (
        "“{file}”: the quotation mark opened on line {line} is never closed. Correct that line and import the file "
        "again."
    )


@dataclass(frozen=True)
class Dialect:
    """Delimiter, quotation mark, lines before the last one of the header, and the number of cells of a usual row.

    `padded`: rows may end before their last columns.
    """

    delimiter: str
    quote: str
    skip: int
    width: int
    padded: bool = False


@dataclass(frozen=True)
class TextLayout:
    """The dialect of a text file, the cells of its header, and notices about both."""

    dialect: Dialect
    cells: tuple[str, ...]
    notices: tuple[Notice, ...]


def find_layout(
    path: Path, name: str, delimiter: str | None = None, quote: str | None = None, header_row: int | None = None
) -> TextLayout:
    """The layout of a UTF-8 text file, where `delimiter`, `quote` and `header_row`, from 1, do not say.

    Raises `NoSuchRow`.
    """
    with path.open("rb") as file:
        block = file.read(SAMPLE)
        if len(block) == SAMPLE:
            block = block[: block.rfind(b"\n") + 1] or block
    sample = block.decode("utf-8-sig", errors="replace")
    mark = quote or _quote(sample)
    if delimiter is None and (declared := SEPARATOR_TOLD.match(sample.partition("\n")[0])):
        delimiter = declared[1]
    candidates = [
        _tried(sample, candidate, mark, header_row) for candidate in ((delimiter,) if delimiter else DELIMITERS)
    ]
    layout = max(candidates, key=lambda pair: pair[0])[1]
    if layout is None:
        raise NoSuchRow(file=name, row=header_row, rows=len(sample.splitlines()))
    return layout


def check_lines(path: Path, dialect: Dialect, name: str) -> None:
    """Refuse files that a reader cannot handle: overlong lines and unclosed quotation marks.

    Raises `LineTooLong`, `UnclosedQuote`.
    """
    since, mark, quotes = 0, dialect.quote.encode(), False
    with path.open("rb") as file:
        for block in blocks(file):
            quotes = quotes or mark in block
            ends = [end for end in (block.find(b"\n"), block.find(b"\r")) if end >= 0]
            since += min(ends, default=len(block))
            if since > LONGEST:
                raise LineTooLong(file=name, limit=LONGEST)
            if ends:
                since = len(block) - 1 - max(block.rfind(b"\n"), block.rfind(b"\r"))
    if quotes and _suspicious(path, dialect) and (line := _unclosed_line(path, dialect)):
        raise UnclosedQuote(file=name, line=line)


def mixed_ends(path: Path) -> bytes | None:
    """The replacement for lone carriage returns in a file with mixed line endings.

    A line feed where most lines end in a carriage return, else a space; None where line endings are uniform.
    """
    returns = feeds = pairs = 0
    last = b""
    with path.open("rb") as file:
        if not any(b"\r" in block for block in blocks(file)):
            return None
        file.seek(0)
        for block in blocks(file):
            returns += block.count(b"\r")
            feeds += block.count(b"\n")
            pairs += block.count(b"\r\n") + (last == b"\r" and block.startswith(b"\n"))
            last = block[-1:]
    if not returns or not feeds or returns == feeds == pairs:
        return None
    return b"\n" if returns - pairs > feeds else b" "


def with_even_ends(path: Path, lone: bytes, target: Path) -> Path:
    """The same text with every line ended by a line feed, and `lone` for a lone carriage return."""
    carry = b""
    with path.open("rb") as file, target.open("wb") as out:
        for block in blocks(file):
            whole = carry + block
            carry = b"\r" if whole.endswith(b"\r") else b""
            out.write(whole.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", lone))
        out.write(carry and b"\n")
    return target


def blank_rows(path: Path, dialect: Dialect, first_row: int) -> list[int]:
    """The numbers of empty rows, as a spreadsheet counts them; searched only where two line ends are adjacent."""
    if not _has_blank_line(path):
        return []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(dialect.skip):
            file.readline()
        reader = csv.reader(file, delimiter=dialect.delimiter, quotechar=dialect.quote)
        with suppress(csv.Error):  # a cell beyond the module's own limit: from there on rows are not counted
            return [row for row, cells in enumerate(reader, start=first_row - 1) if not cells]
    return []


def _has_blank_line(path: Path) -> bool:
    tail = b""
    with path.open("rb") as file:
        for block in blocks(file):
            seam = tail + block
            if b"\n\n" in seam or b"\n\r\n" in seam or b"\r\r" in seam:
                return True
            tail = block[-2:]
    return False


def _quote(sample: str) -> str:
    """The single quotation mark where cells begin and end with it and none with the double one."""
    single = sum(sample.count(f"'{delimiter}'") for delimiter in DELIMITERS)
    return "'" if single > sample.count("\n") / 2 and '"' not in sample else '"'


def _tried(
    sample: str, delimiter: str, quote: str, header_row: int | None
) -> tuple[tuple[bool, float, int], TextLayout | None]:
    """The score of a delimiter: whether the header is known, the share of rows of the usual width, that width."""
    rows, ends = _rows(sample, delimiter, quote)
    if header_row is not None and header_row > len(rows):
        return (False, -1.0, 0), None
    head = find_head(rows, None if header_row is None else header_row - 1)
    least = min(2, len(head.cells))  # a remark below a table takes one cell
    widths = Counter(len(row) for row in rows[head.last + 1 :] if len(row) >= least and any(map(str.strip, row)))
    named = len(head.cells)
    width = max(widths, key=lambda width: (widths[width], width == named, width), default=named)
    share = widths[width] / max(1, widths.total()) if width > 1 else 0.0
    cells = list(head.cells)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    dialect = Dialect(delimiter, quote, ends[head.last - 1] if head.last else 0, width, len(cells) > width)
    notices = () if header_row else header_notices(head, [_reported(row) for row in rows[:WITHIN]])
    if dialect.padded:
        notices += (Notice("short_rows", len(cells) - width, ", ".join(cells[width:])),)
    layout = TextLayout(dialect, (*cells, *[""] * (width - len(cells))), notices)
    return (head.known_count >= 2, share if share >= 0.5 else share / 10, width), layout


def _rows(sample: str, delimiter: str, quote: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the line each of them ends on."""
    rows, ends = [], []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote)
    with suppress(csv.Error):  # a cell beyond the module's own limit
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) >= SAMPLE_ROWS:
                break
    return rows, ends


def _reported(row: list[str]) -> list[str]:
    """A row above the header as it is reported; empty for a `sep=` line."""
    return [] if row and row[0].strip('" ').lower().startswith("sep=") else row


def _suspicious(path: Path, dialect: Dialect) -> bool:
    """Whether an opening quotation mark has no closing one within the longest cell; scans at disk speed."""
    data = np.memmap(path, np.uint8, "r")
    pending = -1
    for start in range(0, len(data), QUOTE_BLOCK):
        end = min(start + QUOTE_BLOCK, len(data))
        opens, closes = _marks(data, start, end, dialect)
        if pending >= 0:
            opens = np.concatenate([[pending], opens])
        place = np.searchsorted(closes, opens, side="right")
        unclosed = opens[place == len(closes)]
        gaps = closes[place[place < len(closes)]] - opens[place < len(closes)]
        pending = int(unclosed[0]) if len(unclosed) else -1
        if (len(gaps) and gaps.max() > LONGEST_CELL) or (pending >= 0 and end - pending > LONGEST_CELL):
            return True
    return pending >= 0


def _unclosed_line(path: Path, dialect: Dialect) -> int | None:
    """The line of the unclosed quotation mark: a reader would take the rest of the file for one cell."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                next(reader)
            except StopIteration:
                return None
            except csv.Error as error:
                if "expected after" not in str(error):  # that line alone is wrong, and will be quarantined
                    return line


def _marks(data: Bytes, start: int, end: int, dialect: Dialect) -> tuple[Places, Places]:
    """The positions of opening and of closing quotation marks; a space next to the delimiter is allowed."""
    at = np.flatnonzero(data[start:end] == ord(dialect.quote)).astype(np.int64) + start
    return at[_edge(data, at, -1, dialect)], at[_edge(data, at, 1, dialect)]


def _edge(data: Bytes, at: Places, step: int, dialect: Dialect) -> Flags:
    borders = np.frombuffer((dialect.delimiter + "\n\r").encode(), np.uint8)
    near, far = at + step, at + 2 * step
    beyond = (near < (3 if data[:3].tobytes() == BOM_UTF8 else 0)) | (near >= len(data))
    adjacent = data[np.clip(near, 0, len(data) - 1)]
    past = np.isin(data[np.clip(far, 0, len(data) - 1)], borders) | (far < 0) | (far >= len(data))
    edge: Flags = beyond | np.isin(adjacent, borders) | ((adjacent == ord(" ")) & past)
    return edge
