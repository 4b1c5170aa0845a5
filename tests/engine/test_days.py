"""Days of a zone: integer arithmetic in the engine against the zone database, clock changes above all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.engine import DuckEngine, Engine
from custrata.engine.days import as_date, instant_of_wall, local_day, wall_micros
from custrata.engine.functions import epoch_micros
from custrata.schema.zones import offset_steps
from tests.examples import examples

ZONES = (
    "Asia/Shanghai",  # summer time until 1991
    "America/Sao_Paulo",  # midnight was skipped until 2018
    "America/St_Johns",  # the day before came back for a minute short of an hour until 2011
    "Pacific/Apia",  # 30 December 2011 never was
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # clocks change around Ramadan
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)

instants = st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))


def around_changes() -> list[datetime]:
    """The instants at, just before and within hours of every change of any of the zones."""
    steps = {at for zone in ZONES for at, _ in offset_steps(zone)[1:]}
    offsets = (timedelta(0), -MICRO, timedelta(minutes=31), timedelta(hours=-1), timedelta(hours=1), timedelta(hours=5))
    return sorted({EPOCH + timedelta(seconds=at) + aside for at in steps for aside in offsets})


def walls(engine: Engine, moments: list[datetime]) -> dict[str, list[Any]]:
    """Per zone the wall clock in microseconds, the local date, and the instant read back from the clock."""
    table = engine.from_arrow(pa.table({"n": range(len(moments)), "at": pa.array(moments, pa.timestamp("us", "UTC"))}))
    read = table.mutate(**{f"wall{number}": wall_micros(table["at"], zone) for number, zone in enumerate(ZONES)}).view()
    columns: dict[str, Any] = {}
    for number, zone in enumerate(ZONES):
        columns |= {f"wall{number}": read[f"wall{number}"], f"day{number}": as_date(local_day(read["at"], zone))}
        columns[f"back{number}"] = epoch_micros(instant_of_wall(read[f"wall{number}"], zone))
    return dict(engine.arrow(read.select("n", **columns).order_by("n")).to_pydict())


def expected(moments: list[datetime]) -> dict[str, list[Any]]:
    """The same from Python's zone database; a wall time that came twice is its first occurrence."""
    columns: dict[str, list[Any]] = {"n": list(range(len(moments)))}
    for number, name in enumerate(ZONES):
        zone = ZoneInfo(name)
        clocks = [at.astimezone(zone).replace(tzinfo=None, fold=0) for at in moments]
        columns[f"wall{number}"] = [(clock.replace(tzinfo=UTC) - EPOCH) // MICRO for clock in clocks]
        columns[f"day{number}"] = [clock.date() for clock in clocks]
        columns[f"back{number}"] = [(clock.replace(tzinfo=zone).astimezone(UTC) - EPOCH) // MICRO for clock in clocks]
    return columns


def test_reads_the_clock_of_every_zone_around_its_changes(engine: Engine) -> None:
    moments = around_changes()
    assert walls(engine, moments) == expected(moments)


@given(moments=st.lists(instants, min_size=1, max_size=200))
@examples(3)
def test_reads_the_clock_at_any_instant(duck: DuckEngine, moments: list[datetime]) -> None:
    assert walls(duck, moments) == expected(moments)


@pytest.mark.parametrize(
    ("zone", "clock", "instant"),
    [
        ("America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00+00:00"),  # never came: as before the change
        ("America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04T03:30:00+00:00"),
        ("America/Sao_Paulo", "2018-11-04T01:00:00", "2018-11-04T03:00:00+00:00"),
        ("America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18T01:30:00+00:00"),  # came twice: the first time
        ("America/Sao_Paulo", "2018-02-18T00:00:00", "2018-02-18T03:00:00+00:00"),
        ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00+00:00"),  # a day that never came
        ("Asia/Shanghai", "2024-02-29T00:00:00", "2024-02-28T16:00:00+00:00"),
    ],
)
def test_finds_the_instant_of_a_clock_time(duck: DuckEngine, zone: str, clock: str, instant: str) -> None:
    wall = (datetime.fromisoformat(clock).replace(tzinfo=UTC) - EPOCH) // MICRO
    table = duck.from_arrow(pa.table({"wall": pa.array([wall], pa.int64())}))
    moments = duck.arrow(table.select(at=instant_of_wall(table.wall, zone)))["at"].to_pylist()
    assert moments == [datetime.fromisoformat(instant)]


def test_a_day_number_is_a_date(duck: DuckEngine) -> None:
    table = duck.from_arrow(pa.table({"day": pa.array([0, 19782, None], pa.int32())}))
    dates = duck.arrow(table.select(on=as_date(table.day)))["on"].to_pylist()
    assert dates == [date(1970, 1, 1), date(2024, 2, 29), None]
