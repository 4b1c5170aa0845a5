"""Excel and OpenDocument tables, read in a process of their own.

A few bytes in such a file can ask for terabytes of memory or crash the reader, which must not take the importing
process along: the child has a memory limit, and whatever becomes of it is one sentence here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from custrata.errors import BadInput

READER = Path(__file__).with_name("sheet_reader.py")
PATIENCE = 900


class DamagedExcel(BadInput):
    template = "“{file}” cannot be read as an Excel table: it is damaged, cut short or far too large. Save it again."


class PasswordProtected(BadInput):
    template = "“{file}” is protected by a password. Save a copy without one and import that."


class NoSuchSheet(BadInput):
    template = "“{file}” has no sheet “{sheet}”. It has: {sheets}."


class NoFilledSheet(BadInput):
    template = "No sheet of “{file}” holds anything."


@dataclass(frozen=True)
class Sheet:
    """A sheet written out as text columns: its name, its header, and the row its data starts on."""

    name: str
    headers: tuple[str, ...]
    first_row: int


def read_sheet(path: Path, target: Path, file: str, sheet: str | None = None) -> Sheet:
    """Write the cells of a sheet, the first one that is not empty unless named, as text to a Parquet file.

    Dates become `YYYY-MM-DD HH:MM:SS`, whole numbers lose their `.0`, empty cells are null.

    Raises `DamagedExcel`, `PasswordProtected`, `NoSuchSheet`, `NoFilledSheet`.
    """
    command = [sys.executable, "-I", str(READER), str(path), str(target), sheet or ""]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise DamagedExcel(file=file) from error
    problem = answer.get("problem")
    if problem == "password":
        raise PasswordProtected(file=file)
    if problem == "sheet":
        raise NoSuchSheet(file=file, sheet=sheet, sheets=", ".join(answer["sheets"]))
    if problem == "empty":
        raise NoFilledSheet(file=file)
    if problem or done.returncode:
        raise DamagedExcel(file=file)
    return Sheet(answer["sheet"], tuple(answer["headers"]), answer["first_row"])
