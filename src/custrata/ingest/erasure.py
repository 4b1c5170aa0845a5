"""Erasing a customer from what imports left aside."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path


def erase_from_quarantine(folder: Path, customer_id: str) -> int:
    """Take every rejected row that names the customer in any cell out of quarantine; how many rows went.

    Each file is replaced whole, so that a kill leaves the old one or the new one.
    """
    return sum(_without(path, customer_id) for path in sorted(folder.glob("*.csv*")))  # a killed import's too


def _without(path: Path, customer_id: str) -> int:
    with path.open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.reader(held))
    kept = [row for row in rows if customer_id not in row]
    if len(kept) == len(rows):
        return 0
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as written:
        csv.writer(written).writerows(kept)
        written.flush()
        os.fsync(written.fileno())
    os.replace(beside, path)
    return len(rows) - len(kept)
