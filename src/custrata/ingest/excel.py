"""Read Excel and OpenDocument tables in a child process.

A few bytes in such a file can ask for terabytes of memory or crash the reader, which must not take the importing
process down: the child has a memory limit, and every failure of it becomes one error here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custrata.errors import BadInput
from custrata.ingest.sheets import Rounded, Sheet

READER = Path(__file__).with_name("sheet_reader.py")
PATIENCE = 900


class DamagedExcel(BadInput):
    template = "“{file}” cannot be read as an Excel table: it is damaged, cut short or far too large. Save it again."


class PasswordProtected(BadInput):
    template = "“{file}” is protected by a password. Save a copy without one and import that."


class NoSuchSheet(BadInput):
    template = "“{file}” has no sheet “{sheet}”. It has: {sheets}."


@dataclass(frozen=True)
class Workbook:
    """The sheets of a workbook; `unread_zeros`: it has number formats with leading zeros that are not read by cell."""

    sheets: tuple[Sheet, ...]
    unread_zeros: bool = False


def read_workbook(path: Path, folder: Path, file: str, names: Sequence[str] = ()) -> Workbook:
    """Write the cells of every sheet that is not hidden, or of those named, as text to Parquet files in `folder`.

    Cells are as a person sees them: dates become `YYYY-MM-DD HH:MM:SS`, whole numbers lose their `.0`, number formats
    with leading zeros and percentages are followed where the workbook keeps them as XML; empty cells and errors are
    null.

    Raises `DamagedExcel`, `PasswordProtected`, `NoSuchSheet`.
    """
    command = [sys.executable, "-I", str(READER), str(path), str(folder), json.dumps(list(names))]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise DamagedExcel(file=file) from error
    problem = answer.get("problem")
    if problem == "password":
        raise PasswordProtected(file=file)
    if problem == "sheet":
        raise NoSuchSheet(file=file, sheet=", ".join(answer["unknown"]), sheets=", ".join(answer["sheets"]))
    if problem or done.returncode:
        raise DamagedExcel(file=file)
    return Workbook(tuple(map(_sheet, answer["sheets"])), answer["unread_zeros"])


def _sheet(answer: dict[str, Any]) -> Sheet:
    if "path" not in answer:
        return Sheet(answer["name"], answer["state"])
    errors, *example = answer["errors"]
    return Sheet(
        answer["name"],
        path=Path(answer["path"]),
        width=answer["width"],
        height=answer["height"],
        merged=tuple(answer["merged"]),
        errors=errors,
        error=example[0] if example else "",
        rounded={int(place): Rounded(*figures) for place, figures in answer["rounded"].items()},
    )
