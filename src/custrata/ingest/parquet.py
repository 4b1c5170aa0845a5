"""Read Parquet files in a child process, within limits of rows, columns, memory and time.

A footer of a few bytes can declare hundreds of millions of rows, a dictionary can repeat one long text in each of
them, and a damaged file can crash a reader: every failure of the child becomes one error here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from custrata.errors import BadInput
from custrata.schema.numbers import UnreadableNumber, whole_of

READER = Path(__file__).with_name("parquet_reader.py")
PATIENCE = 900
LIMIT = "CUSTRATA_IMPORT_CELLS"
MOST = 10**13


class DamagedFile(BadInput):
    template = "“{file}” cannot be read; it is damaged or cut short: {reason}"


class TooManyCells(BadInput):
    template = (
        "“{file}” unpacks to {rows} rows of {columns} columns or more, far beyond its size on disk. This looks like "
        "a decompression bomb; it was not imported. If the content is genuine, raise the limit with "
        "CUSTRATA_IMPORT_CELLS."
    )


class TooLargeParts(BadInput):
    template = "“{file}” has rows too large for the memory that one import may take. Split it, or shorten its texts."


class TooDeepColumns(BadInput):
    template = "“{file}” has columns nested more than {deepest} deep. Write each value as a column of its own."


class TookTooLongToRead(BadInput):
    template = "“{file}” could not be read within {seconds} seconds. Split it and import the parts."


class BadCellLimit(BadInput):
    template = "CUSTRATA_IMPORT_CELLS is “{given}”; it is a whole number of cells, such as 10000000000."


def sound_parquet(path: Path, target: Path, file: str) -> None:
    """Write the same rows anew to `target`.

    Raises `DamagedFile`, `TooManyCells`, `TooLargeParts`, `TooDeepColumns`, `TookTooLongToRead`, `BadCellLimit`.
    """
    command = [sys.executable, "-I", str(READER), str(path), str(target), str(_allowed())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise TookTooLongToRead(file=file, seconds=PATIENCE) from error
    except ValueError as error:  # the child crashed
        raise DamagedFile(file=file, reason=f"exit code {done.returncode}") from error
    match answer.get("problem"):
        case "large":
            raise TooManyCells(file=file, rows=f"{answer['rows']:,}", columns=answer["columns"])
        case "memory":
            raise TooLargeParts(file=file)
        case "nested":
            raise TooDeepColumns(file=file, deepest=answer["deepest"])
        case "damaged":
            raise DamagedFile(file=file, reason=answer["reason"])


def _allowed() -> int:
    """How many cells the user allows; 0 where they say nothing."""
    limit = os.environ.get(LIMIT, "")
    try:
        return whole_of(limit, most=MOST) if limit else 0
    except UnreadableNumber as error:
        raise BadCellLimit(given=limit[:40]) from error
