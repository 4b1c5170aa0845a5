"""Time zones: the steps of their offset, the instant a day begins, and days as numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from custrata.errors import BadInput

DAY = 86_400
EPOCH = date(1970, 1, 1)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)


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
        low, high = left, right
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == steps[-1][1] else (low, middle)
        steps.append((high, _offset(zone, high)))
    return tuple(steps)


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 2, 1))
    31
    """
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """The day that many days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of a day in `zone`, in UTC, also where midnight does not exist.

    >>> start_of_day(date(2025, 1, 31), "Asia/Shanghai").isoformat()
    '2025-01-30T16:00:00+00:00'
    >>> start_of_day(date(2018, 11, 4), "America/Sao_Paulo").isoformat()
    '2018-11-04T03:00:00+00:00'
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    before = wall.replace(fold=0).utcoffset()
    after = wall.replace(fold=1).utcoffset()
    assert before is not None and after is not None
    # In a gap the two folds disagree with before < after; the day starts as the gap ends.
    instant = wall.replace(fold=0).astimezone(UTC)
    if before < after and instant.astimezone(zone_named(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None):
        return _gap_end(wall, zone)
    return instant


def _gap_end(wall: datetime, zone: str) -> datetime:
    """The step nearest to a wall time that never happened."""
    seconds = int(wall.replace(tzinfo=UTC).timestamp())
    steps = offset_steps(zone)
    at = min((at for at, _ in steps), key=lambda step: abs(step - seconds))
    return datetime.fromtimestamp(at, tz=UTC)
