"""The instant a calculation looks from, and the windows and days that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.days import local_day
from custrata.errors import BadInput
from custrata.schema.zones import day_number, days_before, micros_of, start_of_day, zone_named

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEARS = (1970, 9998)


class NotAMoment(BadInput):
    template = (
        "“{given}” is not a date or time since 1970. Write 2025-01-31, or 2025-01-31T12:00 with or without an offset."
    )


@dataclass(frozen=True)
class AsOf:
    """An instant and the time zone whose days count. Facts at or after the instant are unknown.

    >>> at = AsOf.of("2025-01-31", "Asia/Shanghai")
    >>> at.instant.isoformat(), at.date.isoformat()
    ('2025-01-30T16:00:00+00:00', '2025-01-31')
    """

    instant: datetime
    zone: str

    @classmethod
    def of(cls, when: AsOf | datetime | date | str, zone: str) -> AsOf:
        """A date is the start of that day in `zone`; a time without an offset is on the clock of `zone`."""
        if isinstance(when, AsOf):
            return when
        moment: object = _parsed(when) if isinstance(when, str) else when
        if not isinstance(moment, date) or not YEARS[0] <= moment.year <= YEARS[1]:
            raise NotAMoment(given=when)
        if not isinstance(moment, datetime):
            return cls(start_of_day(moment, zone), zone)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_named(zone))
        return cls(moment.astimezone(UTC), zone)

    @property
    def date(self) -> date:
        """The local day that holds the instant."""
        return self.instant.astimezone(zone_named(self.zone)).date()

    @property
    def day(self) -> int:
        """The same as a day number."""
        return day_number(self.date)

    def start(self, days: int) -> datetime:
        """The start of a window: the same time on the clock, that many days before, though not before 1900."""
        return days_before(self.instant, days, self.zone)

    def day_of_start(self, days: int) -> int:
        """The local day on which that window starts, as a day number."""
        return AsOf(self.start(days), self.zone).day

    def is_known(self, at: ir.IntegerValue) -> ir.BooleanValue:
        """Whether a fact at `at` (microseconds) is known."""
        return cast(ir.BooleanValue, at < micros_of(self.instant))

    def within(self, at: ir.IntegerValue, days: int | None) -> ir.BooleanValue:
        """Whether a known fact lies in the window of so many days; `None` is all of time."""
        if days is None:
            return cast(ir.BooleanValue, at.notnull())
        return cast(ir.BooleanValue, at >= micros_of(self.start(days)))

    def between(self, at: ir.IntegerValue, *, older: int, newer: int) -> ir.BooleanValue:
        """Whether a known fact lies from `older` days ago up to `newer` days ago."""
        inside = (at >= micros_of(self.start(older))) & (at < micros_of(self.start(newer)))
        return cast(ir.BooleanValue, inside)

    def day_of(self, instant: ir.TimestampValue) -> ir.IntegerValue:
        """The local day of a timestamp column, as a day number."""
        return local_day(instant, self.zone)

    def days_since(self, day: ir.IntegerValue) -> ir.IntegerValue:
        """Whole days from a day number to the day of this instant."""
        return cast(ir.IntegerValue, (ibis.literal(self.day, "int32") - day).cast("int32"))


def _parsed(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) <= len("2025-01-31") else datetime.fromisoformat(text)
    except ValueError as error:
        raise NotAMoment(given=text) from error
