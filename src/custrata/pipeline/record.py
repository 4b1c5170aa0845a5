"""The run record: what a run decided and saw, as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from custrata.analytics.silence import SilenceCurve


def graded_record(value: Any) -> Any:
    """The same values in JSON's types: decimals, dates and fractions as text, dataclasses as objects."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(name): graded_record(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [graded_record(part) for part in value]
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def curve_from(record: Mapping[str, Any]) -> SilenceCurve:
    """A silence curve as a run recorded it."""
    return SilenceCurve.from_record(record)
