"""The run record: what a run decided and saw, as JSON and back."""

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
    """Keep with a run whom grading did not count, in a file that an erasure can rewrite; none where it counted all."""
    if customers:
        ids = pa.array(sorted(customers), pa.string())
        pq.write_table(pa.table({"customer_id": ids}), folder / EXCLUDED)


def excluded_of(run: Run) -> list[str]:
    """Whom the grading of a run did not count."""
    path = run.folder / EXCLUDED
    return list(pq.read_table(path)["customer_id"].to_pylist()) if path.exists() else []


def curve_from(record: Mapping[str, Any]) -> SilenceCurve:
    """A silence curve as a run recorded it."""
    return SilenceCurve.from_record(record)
