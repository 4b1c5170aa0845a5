"""Time zones: the steps of their offset, the instant a day begins, and days as numbers."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from custrata.errors import BadInput

DAY = 86_400
EPOCH = date(1970, 1, 1)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
BEGINNING = datetime(1900, 1, 1)


class UnknownTimeZone(BadInput):
    template = "“{zone}” is not a time zone. Use a name such as Asia/Shanghai or Europe/London."


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name.

    >>> zone_named("Asia/Shanghai").key
    'Asia/Shanghai'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZone(zone=name) from error


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, tz=zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


@lru_cache(maxsize=64)
def offset_steps(name: str) -> tuple[tuple[int, int], ...]:
    """The steps `(from UTC second, offset in seconds)` of a zone between 1970 and 2038, oldest first.

    >>> offset_steps("Asia/Tokyo")
    ((0, 32400),)
    """
    zone = zone_named(name)
    start, end, stride = int(FIRST.timestamp()), int(LAST.timestamp()), 7 * DAY
    steps = [(start, _offset(zone, start))]
    for left in range(start, end, stride):
        right = min(left + stride, end)
        if _offset(zone, right) == steps[-1][1]:
            continue
        at = _step(zone, left, right)
        steps.append((at, _offset(zone, at)))
    return tuple(steps)


def _step(zone: ZoneInfo, low: int, high: int) -> int:
    """The UTC second at which the offset leaves what it is at `low`, given that it differs at `high`."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 2, 1))
    31
    """
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """The day that many days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def micros_of(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime."""
    return (instant - FIRST) // timedelta(microseconds=1)


def day_in(instant: datetime, zone: str) -> date:
    """The day of an aware datetime in `zone`, by the same steps as `custrata.engine.days.local_day`.

    >>> day_in(datetime(2025, 1, 30, 16, tzinfo=UTC), "Asia/Shanghai")
    datetime.date(2025, 1, 31)
    """
    steps, seconds = offset_steps(zone), micros_of(instant) // 10**6
    _, offset = steps[max(0, bisect_right(steps, seconds, key=lambda step: step[0]) - 1)]
    return day_from_number((seconds + offset) // DAY)


def days_before(instant: datetime, days: int, zone: str) -> datetime:
    """The same time on the clock of `zone`, that many days before, though not before 1900; in UTC.

    >>> days_before(datetime(2025, 4, 1, tzinfo=UTC), 7, "Europe/London").isoformat()
    '2025-03-25T01:00:00+00:00'
    """
    wall = instant.astimezone(zone_named(zone)).replace(tzinfo=None)
    wall -= timedelta(days=min(days, (wall - BEGINNING).days))
    return wall.replace(tzinfo=zone_named(zone)).astimezone(UTC)


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of a day in `zone`, in UTC, also where midnight does not exist.

    >>> start_of_day(date(2025, 1, 31), "Asia/Shanghai").isoformat()
    '2025-01-30T16:00:00+00:00'
    >>> start_of_day(date(2018, 11, 4), "America/Sao_Paulo").isoformat()
    '2018-11-04T03:00:00+00:00'
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if second < first:  # in a gap the folds come the wrong way round; the day starts as the gap ends
        at = _step(zone_named(zone), int(second.timestamp()), int(first.timestamp()))
        return datetime.fromtimestamp(at, tz=UTC)
    return first
