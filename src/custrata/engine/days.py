"""From instants to days of a time zone and back, as expressions every engine computes alike.

Engines differ in how they convert time zones, and their conversions take seconds over ten million rows. A zone is
a step function with a few steps a year, so we read the steps from the zone database once and hand the engine plain
integer arithmetic.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import date_from_day, epoch_micros, instant_from_micros
from custrata.schema.zones import offset_steps

SECOND = 1_000_000
DAY = 86_400 * SECOND


def _stepped(micros: ir.IntegerValue, steps: list[tuple[int, int]]) -> ir.IntegerValue:
    """The value of the last step at or before `micros`; newest first, since facts are mostly recent."""
    (_, first), *later = steps
    if not later:
        return cast(ir.IntegerValue, ibis.literal(first * SECOND, "int64"))
    branches = [(micros >= at * SECOND, ibis.literal(value * SECOND, "int64")) for at, value in reversed(later)]
    return cast(ir.IntegerValue, ibis.cases(*branches, else_=ibis.literal(first * SECOND, "int64")))


def wall_micros(instant: ir.TimestampValue, zone: str) -> ir.IntegerValue:
    """Microseconds since 1970-01-01 00:00 as the wall clock of `zone` shows the instant."""
    micros = epoch_micros(instant)
    return micros + _stepped(micros, list(offset_steps(zone)))


def local_day(instant: ir.TimestampValue, zone: str) -> ir.IntegerValue:
    """The day of an instant in `zone`, as whole days since 1970-01-01 (int32)."""
    return cast(ir.IntegerValue, (wall_micros(instant, zone) // DAY).cast("int32"))


def instant_of_wall(wall: ir.IntegerValue, zone: str) -> ir.TimestampValue:
    """The UTC instant at which the wall clock of `zone` shows `wall` microseconds.

    A wall time that came twice (clocks put back) is its first occurrence; one that never came (clocks put forward)
    is the instant the clock would have shown it without the change.
    """
    steps = offset_steps(zone)
    # After a step forward the clock reads from `step + after` on, before a step back up to `step + before`: the new
    # offset holds from the later of the two.
    lines = [steps[0]] + [(at + max(before, after), after) for (_, before), (at, after) in pairwise(steps)]
    return instant_from_micros(wall - _stepped(wall, lines))


def as_date(day: ir.IntegerValue) -> ir.DateValue:
    """A date column from a column of day numbers."""
    return date_from_day(day)
