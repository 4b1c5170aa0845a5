"""Zones: the instant a day begins, wherever midnight is, and the steps of an offset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.schema.zones import (
    UnknownTimeZone,
    day_from_number,
    day_number,
    offset_steps,
    start_of_day,
    zone_named,
)

ZONES = (
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Amman",
    "America/St_Johns",
    "Pacific/Apia",
    "Europe/London",
    "UTC",
)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Asia/", "a" * 300])
def test_refuses_what_is_no_zone(zone: str) -> None:
    with pytest.raises(UnknownTimeZone, match="is not a time zone"):
        zone_named(zone)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # begins at one o'clock
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),  # the day before had 25 hours
        ("America/Havana", "2024-11-03", "2024-11-03T04:00"),  # midnight came twice: the first
        ("America/Havana", "2040-03-11", "2040-03-11T05:00"),  # beyond the steps kept
        ("America/Toronto", "1991-04-07", "1991-04-07T05:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # never was: as long as the next
        ("Asia/Shanghai", "2024-02-29", "2024-02-28T16:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, day: str, begins: str) -> None:
    assert start_of_day(date.fromisoformat(day), zone) == datetime.fromisoformat(begins + "+00:00")


@given(zone=st.sampled_from(ZONES), day=st.dates(date(1970, 1, 2), date(2037, 12, 30)))
def test_the_instant_before_a_day_is_another_day(zone: str, day: date) -> None:
    begins = start_of_day(day, zone)
    local = begins.astimezone(ZoneInfo(zone)).date()
    assert local == day or (zone, day) == ("Pacific/Apia", date(2011, 12, 30))
    assert (begins - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < day


@given(zone=st.sampled_from(ZONES), at=st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)))
def test_the_steps_give_the_offset_at_any_instant(zone: str, at: datetime) -> None:
    seconds = int(at.replace(tzinfo=UTC).timestamp())
    offset = [offset for start, offset in offset_steps(zone) if start <= seconds][-1]
    real = datetime.fromtimestamp(seconds, tz=ZoneInfo(zone)).utcoffset()
    assert timedelta(seconds=offset) == real


def test_steps_are_kept_in_order_and_only_where_something_changes() -> None:
    steps = offset_steps("America/Sao_Paulo")
    assert list(steps) == sorted(steps)
    assert all(before != after for (_, before), (_, after) in pairwise(steps))


@given(day=st.dates())
def test_day_numbers_go_both_ways(day: date) -> None:
    assert day_from_number(day_number(day)) == day
