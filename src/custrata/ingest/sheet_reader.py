"""The process that reads a sheet; see `custrata.ingest.excel`. It answers with one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
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
        if any(any(cell not in ("", None) for cell in row) for row in islice(found.iter_rows(), HEADER_WITHIN)):
            return found
    return None


def _header(rows: list[Row]) -> int:
    """Where the header stands: titles above a table fill one cell, a header most of them."""
    filled = [sum(cell not in ("", None) for cell in row) for row in rows]
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
        rows = iter(sheet.iter_rows())
        top = list(islice(rows, HEADER_WITHIN))
        if not top:
            return {"problem": "empty"}
        place = _header(top)
        headers = [_text(cell) or "" for cell in top[place]]
        _write(chain(top[place + 1 :], rows), len(headers), target)
        before = sheet.start[0] if sheet.start else 0
        return {"sheet": sheet.name, "headers": headers, "first_row": before + place + 2}


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
