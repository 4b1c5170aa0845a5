"""The process that reads a sheet; see `custrata.ingest.excel`. It answers with one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, dropwhile, islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

MEMORY = 6 << 30
BATCH = 20_000
HEADER_WITHIN = 20

Row = list[Any]


def _text(cell: object) -> str | None:
    """A cell as a person would type it."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _chosen(book: CalamineWorkbook, name: str) -> CalamineSheet | None:
    if name:
        return book.get_sheet_by_name(name)
    for sheet in book.sheet_names:
        found = book.get_sheet_by_name(sheet)
        if any(map(_filled, found.iter_rows())):
            return found
    return None


def _filled(row: Row) -> int:
    """How many cells of a row hold something."""
    return sum(cell not in ("", None) for cell in row)


def _header(rows: list[Row]) -> int:
    """Where the header stands: titles above a table fill one cell, a header most of them."""
    filled = [_filled(row) for row in rows]
    return next((place for place, count in enumerate(filled) if count and count * 2 >= max(filled)), 0)


def _write(rows: Iterator[Row], width: int, target: str) -> None:
    schema = pa.schema([(f"c{place}", pa.string()) for place in range(width)])
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        while batch := list(islice(rows, BATCH)):
            columns = [pa.array([_text(row[place]) for row in batch], pa.string()) for place in range(width)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _read(source: str, target: str, name: str) -> dict[str, object]:
    with open(source, "rb") as file, CalamineWorkbook.from_filelike(file) as book:
        if name and name not in book.sheet_names:
            return {"problem": "sheet", "sheets": book.sheet_names}
        sheet = _chosen(book, name)
        if sheet is None:
            return {"problem": "empty"}
        numbered = dropwhile(lambda pair: not _filled(pair[1]), enumerate(sheet.iter_rows(), start=1))
        top = list(islice(numbered, HEADER_WITHIN))
        if not top:
            return {"problem": "empty"}
        place = _header([row for _, row in top])
        number, cells = top[place]
        headers = [_text(cell) or "" for cell in cells]
        _write((row for _, row in chain(top[place + 1 :], numbered)), len(headers), target)
        return {"sheet": sheet.name, "headers": headers, "first_row": number + 1}


def main() -> int:
    """Read what the arguments name: source, target, sheet."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, target, name = sys.argv[1:4]
    try:
        answer = _read(source, target, name)
    except PasswordError:
        answer = {"problem": "password"}
    except (CalamineError, OSError, ValueError, MemoryError, OverflowError, pa.ArrowException):
        answer = {"problem": "damaged"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
