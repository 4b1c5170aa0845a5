"""Validation of days, instants and ids in requests: dates within a safe range, single-line text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from pydantic import AfterValidator, AwareDatetime

ONE_LINE = RegexValidator(r"\A[^\r\n]*\Z")  # for values in URLs
FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)


class DayField(forms.DateField):
    """A day of a form, from 1970 to 2199."""

    def __init__(self, **named: Any) -> None:
        super().__init__(validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)], **named)


def _counted(instant: datetime) -> datetime:
    if not FIRST.year < instant.year < LAST.year:
        raise ValueError(f"write an instant between {FIRST.year + 1} and {LAST.year - 1}")
    return instant


def instant_of(text: str) -> datetime | None:
    """The instant that a text names, in UTC; None where it is invalid or out of range.

    >>> instant_of("2025-07-01T04:00:00Z").isoformat(), instant_of("9999-12-31T23:59:59Z"), instant_of("2025-07-01")
    ('2025-07-01T04:00:00+00:00', None, None)
    """
    try:
        instant = datetime.fromisoformat(text)
        return _counted(instant).astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


Instant = Annotated[AwareDatetime, AfterValidator(_counted)]
