"""When a lower tier is considered, and from which day `since_review` counts.

A review is at the start of a day of the workspace's zone, so all of this is arithmetic of day numbers.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine.days import DAY, as_date
from custrata.engine.functions import epoch_micros
from custrata.schema.zones import day_from_number, day_number
from custrata.tiering.life.rules import Life, Review

MONTHS = range(1, 13)


def review_start(life: Life, as_of: AsOf, table: ir.Table) -> ir.Table:
    """The periods that count where a scheme qualifies `since_review`: `counts_from`, `counts_until`, `fresh_from`.

    All are day numbers; a fact of day d counts where `counts_from <= d < counts_until`, and an empty one sets no limit.
    `counts_from` is the day of the last review. The run that holds a review, and the first run of all, judge the whole
    period that ended: from the review before (`counts_from`) to the last one (`counts_until`); what came since, from
    `fresh_from` on, is a value of its own, since going up never waits. Of several reviews since the run before the
    last one counts. Before the first anniversary `counts_from` is the day of the tier's entry or of the first order;
    whoever has neither counts from a year before. With `each_run` all three are empty.

    Reads what `live` reads of `was_at`, `was_since` and `member_since`.
    """
    none = ibis.null("int32")
    if life.review.kind == "each_run":
        return table.mutate(counts_from=none, counts_until=none, fresh_from=none)
    read = table.mutate(**days_read(table, life, as_of))
    reviews = Reviews(read, life, as_of)
    last, previous = reviews.last_two()
    ended = ((reviews.due | read.ran_day.isnull()) & (previous < last)).fill_null(False)
    a_year_before = ibis.literal(day_number(_a_year_before(as_of.date)), "int32")
    days = {
        "counts_from": ibis.coalesce(ended.ifelse(previous, last), a_year_before),
        "counts_until": ended.ifelse(last, none),
        "fresh_from": ended.ifelse(last, none),
    }
    return read.mutate(**{name: day.cast("int32") for name, day in days.items()}).drop("ran_day", "anchor_day")


def _a_year_before(day: date) -> date:
    """The same day of the year before; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def next_review(
    life: Life, since: datetime | None, member_since: date | int | None, as_of: AsOf | datetime | date | str, zone: str
) -> date | None:
    """The day of one customer's next review after `as_of`; none where every run is one, or nothing to reckon from.

    >>> from custrata.tiering.life import LifeTier
    >>> life = Life((LifeTier("gold", 10), LifeTier("basic", None)), Review("calendar", ((4, 1),)))
    >>> next_review(life, None, None, "2025-04-01", "Asia/Shanghai")
    datetime.date(2026, 4, 1)
    """
    today = AsOf.of(as_of, zone).date
    if life.review.kind == "each_run":
        return None
    if life.review.kind == "calendar":
        return min(day for year in (0, 1) for day in _in_year(life.review, today.year + year) if day > today)
    day = _anchor_day(life, since, member_since, zone)
    if day is None:
        return None
    later = (_day_in(year, day.month, day.day) for year in (max(today.year, day.year + 1), today.year + 1))
    return min(review_day for review_day in later if review_day > today)


def _anchor_day(life: Life, since: datetime | None, member_since: date | int | None, zone: str) -> date | None:
    if life.review.kind == "member_anniversary" and member_since is not None:
        return day_from_number(member_since) if isinstance(member_since, int) else member_since
    return None if since is None else AsOf.of(since, zone).date


def _day_in(year: int, month: int, day: int) -> date:
    """That day of a year; 29 February of a common year is 1 March."""
    return date(year, month, 1) + timedelta(days=day - 1)


def _in_year(review: Review, year: int) -> list[date]:
    return [_day_in(year, month, day) for month, day in review.dates]


def days_read(table: ir.Table, life: Life, as_of: AsOf) -> dict[str, ir.Value]:
    """What `Reviews` reads: `ran_day`, the day of the run before, and `anchor_day`, from which anniversaries count."""
    none = ibis.null("int32")
    if life.review.kind == "each_run":
        return {"ran_day": none, "anchor_day": none}
    ran = as_of.day_of(table.was_at)
    if life.review.kind == "calendar":
        return {"ran_day": ran, "anchor_day": none}
    entered = as_of.day_of(table.was_since)
    if life.review.kind == "tier_anniversary":
        return {"ran_day": ran, "anchor_day": entered}
    # Without a first order (all of them cancelled since) the day the tier was entered stands in.
    return {"ran_day": ran, "anchor_day": ibis.coalesce(_as_day(table.member_since, as_of), entered)}


class Reviews:
    """The reviews of each customer up to `as_of`, from the columns of `days_read`."""

    def __init__(self, read: ir.Table, life: Life, as_of: AsOf) -> None:
        self.read, self.life, self.as_of = read, life, as_of

    @property
    def due(self) -> ir.BooleanValue:
        """Whether a review lies after the run before and at or before this one.

        Nobody is reviewed without a run before: for want of a date nobody falls.
        """
        if self.life.review.kind == "each_run":
            return cast(ir.BooleanValue, ibis.literal(True))
        last = self._calendar()[-1] if self.life.review.kind == "calendar" else self._anniversary(0)
        return cast(ir.BooleanValue, (self.read.ran_day < last).fill_null(False))

    def last_two(self) -> tuple[ir.IntegerValue, ir.IntegerValue]:
        """The day of the last review and of the one before; where there is none, the day one reckons from."""
        if self.life.review.kind == "calendar":
            previous, last = (ibis.literal(day, "int32") for day in self._calendar()[-2:])
            return last, previous
        anchor = self.read.anchor_day
        return ibis.coalesce(self._anniversary(0), anchor), ibis.coalesce(self._anniversary(1), anchor)

    def _calendar(self) -> list[int]:
        """The reviews of the last years in order, as day numbers."""
        today = self.as_of.date
        days = {day for back in range(3) for day in _in_year(self.life.review, today.year - back)}
        return sorted(day_number(day) for day in days if day <= today)

    def _anniversary(self, back: int) -> ir.IntegerValue:
        """The last anniversary, or one before it; empty where it would not lie after the day one reckons from."""
        anchor, year = self.read.anchor_day, self.as_of.date.year
        day = as_date(anchor)
        month, of_month, from_year = day.month(), day.day(), day.year()
        this, earlier = _in(month, of_month, year - back), _in(month, of_month, year - back - 1)
        passed = month * 32 + of_month <= self.as_of.date.month * 32 + self.as_of.date.day
        anniversary = passed.ifelse(this, earlier)
        exists = passed.ifelse(year - back, year - back - 1) > from_year
        return cast(ir.IntegerValue, exists.ifelse(anniversary, ibis.null("int32")))


def _as_day(member_since: ir.Value, as_of: AsOf) -> ir.IntegerValue:
    """A day number of whatever says a day."""
    kind = member_since.type()
    if isinstance(kind, dt.Timestamp):
        return as_of.day_of(cast(ir.TimestampValue, member_since))
    if isinstance(kind, dt.Date):
        return cast(ir.IntegerValue, (epoch_micros(member_since.cast("timestamp")) // DAY).cast("int32"))
    return cast(ir.IntegerValue, member_since.cast("int32"))


def _in(month: ir.IntegerValue, day: ir.IntegerValue, year: int) -> ir.IntegerValue:
    """A month and day of a year, as a day number; 29 February of a common year is 1 March."""
    starts = [(month == number, ibis.literal(day_number(date(year, number, 1)) - 1, "int32")) for number in MONTHS]
    return cast(ir.IntegerValue, (ibis.cases(*starts) + day.cast("int32")).cast("int32"))
