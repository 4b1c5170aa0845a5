"""The instant one looks from, and windows before it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custrata as cs
from custrata.analytics.moments import AsOf, NotAMoment
from custrata.schema.zones import UnknownTimeZone
from tests.analytics.test_sources import ORDERED

SAO_PAULO = "America/Sao_Paulo"
MIDNIGHT = datetime(2025, 1, 30, 16, tzinfo=UTC)  # of the 31st in Shanghai


@pytest.mark.parametrize(
    "when",
    [
        "2025-01-31",
        "20250131",
        "2025-01-31T00:00",
        "2025-01-30T16:00:00Z",
        "2025-01-30T17:00:00+01:00",
        date(2025, 1, 31),
        datetime(2025, 1, 31),
        MIDNIGHT,
        MIDNIGHT.astimezone(timezone(timedelta(hours=-5))),
        pd.Timestamp("2025-01-31"),
        AsOf(MIDNIGHT, "Asia/Shanghai"),
    ],
    ids=repr,
)
def test_a_moment_can_be_said_in_many_ways(when: Any) -> None:
    assert AsOf.of(when, "Asia/Shanghai") == AsOf(MIDNIGHT, "Asia/Shanghai")


@pytest.mark.parametrize(
    "when",
    ["", "soon", "31.01.2025", "2025-02-29", "2025-01-31T25:00", "0001-01-01", "9999-12-31", None, 5, 1.5, pd.NaT],
    ids=repr,
)
def test_refuses_what_is_no_moment(when: Any) -> None:
    with pytest.raises(NotAMoment, match="is not a date or time"):
        cs.traits(ORDERED, as_of=when)


def test_refuses_a_zone_that_does_not_exist() -> None:
    with pytest.raises(UnknownTimeZone):
        cs.traits(ORDERED, as_of="2025-01-31", zone="Asia/Beijing")


@pytest.mark.parametrize(
    ("as_of", "begins"),
    [
        ("2019-11-04", "2018-11-04T03:00"),  # 365 days before, midnight never was: the day begins at one
        ("2019-11-04T12:00", "2018-11-04T14:00"),
        ("2019-02-18", "2018-02-18T03:00"),
        ("2025-02-28", "2024-02-29T03:00"),  # 365 days, not a year
    ],
)
def test_a_window_begins_at_the_same_time_on_the_clock(as_of: str, begins: str) -> None:
    assert AsOf.of(as_of, SAO_PAULO).start(365) == datetime.fromisoformat(begins + "+00:00")


@given(as_of=st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), days=st.integers(0, 365))
def test_a_window_is_so_many_days_of_the_calendar_long(as_of: datetime, days: int) -> None:
    moment = AsOf.of(as_of, SAO_PAULO)
    start = moment.start(days).astimezone(ZoneInfo(SAO_PAULO))
    assert (moment.date - start.date()).days == days


@pytest.mark.parametrize("days", [10**6, 10**9])
def test_a_window_longer_than_the_calendar_is_all_of_time(days: int) -> None:
    assert AsOf.of("2025-01-31", "UTC").start(days).year == 1900


@pytest.mark.parametrize("zone", ["Asia/Shanghai", SAO_PAULO, "Pacific/Apia"])
def test_the_day_of_a_moment_is_a_local_day(zone: str) -> None:
    assert AsOf.of("2024-02-29", zone).date == date(2024, 2, 29)
    assert AsOf.of("2024-02-29T23:59:59.999999", zone).date == date(2024, 2, 29)
