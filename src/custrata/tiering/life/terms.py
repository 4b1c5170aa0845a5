"""How long a tier is safe, or has grace: days, months or years of the calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from custrata.analytics.moments import AsOf
from custrata.errors import BadInput
from custrata.schema.zones import zone_named

Unit = Literal["day", "month", "year"]
LONGEST: dict[str, int] = {"day": 36_500, "month": 1_200, "year": 100}  # a century: no date leaves the calendar
WRITTEN = re.compile(r"(\d{1,5})\s*([^\W\d]+)")
UNITS: dict[str, Unit] = {
    **dict.fromkeys(("day", "days", "天", "日"), "day"),
    **dict.fromkeys(("month", "months", "个月", "個月", "月"), "month"),
    **dict.fromkeys(("year", "years", "年"), "year"),
}


class NotATerm(BadInput):
    template = "“{given}” is not a length of time. Use 1 year, 12 months or 90 days, at most 100 years."


@dataclass(frozen=True)
class Term:
    """So many days, months or years of the calendar; none where `many` is 0.

    A year from 1 February ends on 1 February. A day that the last month does not have is its last day: a year from 29
    February ends on 28 February, and a month from 31 January on the last day of February.

    >>> str(Term(1, "year")), str(Term(90))
    ('1 year', '90 days')
    """

    many: int
    unit: Unit = "day"

    def __post_init__(self) -> None:
        whole = type(self.many) is int and self.unit in get_args(Unit)
        if not whole or not 0 <= self.many <= LONGEST[self.unit]:
            raise NotATerm(given=f"{self.many} {self.unit}")

    def __str__(self) -> str:
        return f"{self.many} {self.unit}{'' if self.many == 1 else 's'}"

    def __bool__(self) -> bool:
        return self.many > 0

    @classmethod
    def of(cls, value: Term | str | int) -> Term:
        """The term that a text names; a bare number is days. Raises `NotATerm`.

        >>> Term.of("12 months"), Term.of("1 年"), Term.of(90)
        (Term(many=12, unit='month'), Term(many=1, unit='year'), Term(many=90, unit='day'))
        """
        if isinstance(value, Term):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(value)
        match = WRITTEN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
        if match is None or match[2] not in UNITS:
            raise NotATerm(given=value)
        return cls(int(match[1]), UNITS[match[2]])

    def after(self, as_of: AsOf) -> datetime:
        """The instant at which the term is over: the same time on the clock of the zone, so much later; in UTC.

        >>> Term(1, "year").after(AsOf.of("2024-02-29", "UTC")).date().isoformat()
        '2025-02-28'
        """
        wall = as_of.instant.astimezone(zone_named(as_of.zone)).replace(tzinfo=None)
        later = wall + timedelta(days=self.many) if self.unit == "day" else _months_on(wall, self._months)
        return AsOf.of(later, as_of.zone).instant

    @property
    def _months(self) -> int:
        return self.many * 12 if self.unit == "year" else self.many


def _months_on(wall: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of a shorter month."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
