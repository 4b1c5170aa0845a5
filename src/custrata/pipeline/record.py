"""The run record: inputs and results of a run as JSON, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.analytics.silence import SilenceCurve
from custrata.lake import Run


def graded_record(value: Any) -> Any:
    """The same values in JSON's types: decimals, dates and fractions as text, dataclasses as objects."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(name): graded_record(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [graded_record(part) for part in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


EXCLUDED = "excluded.parquet"


def write_excluded(customers: Collection[str], folder: Path) -> None:
    """Store the excluded customers with a run, in a file that an erasure can rewrite; no file without exclusions."""
    if customers:
        ids = pa.array(sorted(customers), pa.string())
        pq.write_table(pa.table({"customer_id": ids}), folder / EXCLUDED)


def excluded_of(run: Run) -> list[str]:
    """The customers excluded from the grading of a run."""
    path = run.folder / EXCLUDED
    return list(pq.read_table(path)["customer_id"].to_pylist()) if path.exists() else []


def curve_from(record: Mapping[str, Any]) -> SilenceCurve:
    """A silence curve as a run recorded it."""
    return SilenceCurve.from_record(record)
