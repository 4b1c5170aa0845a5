"""The instant a condition looks from, and the days about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from custrata.schema.zones import day_in, days_before, micros_of


@dataclass(frozen=True)
class Moment:
    """An instant and the time zone whose days count.

    >>> Moment(datetime(2025, 1, 30, 16, tzinfo=UTC), "Asia/Shanghai").day.isoformat()
    '2025-01-31'
    """

    instant: datetime
    zone: str

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError("as_of has no time zone: nothing says which instant it is")

    @property
    def day(self) -> date:
        """The local day that holds the instant."""
        return day_in(self.instant, self.zone)

    @property
    def micros(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return micros_of(self.instant)

    def start(self, days: int) -> datetime:
        """The same time on the clock, that many days before."""
        return days_before(self.instant, days, self.zone)

    def span(self, operator: str, days: int) -> tuple[date, date]:
        """The first and the last day that so many days before, or after, this one reach."""
        reach = timedelta(days=days)
        return (self.day - reach, self.day) if operator.endswith("within_last") else (self.day, self.day + reach)

    def day_of(self, value: date) -> date:
        """A day as it is; of an instant, the local day."""
        return day_in(self.utc(value), self.zone) if isinstance(value, datetime) else value

    def utc(self, value: datetime) -> datetime:
        """An instant; one without a zone is read as UTC, as the engines do."""
        return value if value.tzinfo else value.replace(tzinfo=UTC)
