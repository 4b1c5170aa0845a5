"""The tier history of a customer, for charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custrata.lake import Run, Workspace
from custrata.pipeline.reading import Interval, history_of
from custrata.web.colours import tier_colour
from custrata.web.schemes import graded_schemes, tier_named
from custrata.web.texts import text, writer
from custrata.wording import catalogue

WIDTH = 1000.0


@dataclass(frozen=True)
class DrawnInterval:
    """An interval as drawn, at `x` with a width out of `WIDTH`, and its description."""

    x: float
    width: float
    colour: str
    interval: Interval
    tier: str
    status: str
    reason: str
    description: str


@dataclass(frozen=True)
class Strip:
    """A scheme's intervals, oldest first, within the period shown."""

    scheme: str
    stretches: tuple[DrawnInterval, ...]

    @property
    def newest_first(self) -> tuple[DrawnInterval, ...]:
        """The intervals in the order of the table."""
        return self.stretches[::-1]

    @property
    def now(self) -> str | None:
        """The current tier; None if the scheme no longer grades the customer."""
        last = self.stretches[-1].interval
        return last.tier if last.valid_until is None else None


@dataclass(frozen=True)
class TierHistory:
    """A customer's strips, and the period they cover."""

    strips: tuple[Strip, ...]
    start: datetime | None
    end: datetime | None


def tier_history(workspace: Workspace, run: Run, customer_id: str) -> TierHistory:
    """The history of a customer in every scheme, those that grade now first."""
    intervals = history_of(workspace, customer_id)
    if not intervals:
        return TierHistory((), None, None)
    start, end = min(interval.valid_from for interval in intervals), run.as_of
    order = dict.fromkeys((*graded_schemes(), *(interval.scheme for interval in intervals)))
    parts = {key: [interval for interval in reversed(intervals) if interval.scheme == key] for key in order}
    return TierHistory(tuple(_strip(key, part, start, end) for key, part in parts.items() if part), start, end)


def _strip(key: str, intervals: Sequence[Interval], start: datetime, end: datetime) -> Strip:
    return Strip(key, tuple(_stretch(interval, start, end) for interval in intervals))


def _stretch(interval: Interval, start: datetime, end: datetime) -> DrawnInterval:
    whole = (end - start).total_seconds()
    until = end if interval.valid_until is None else interval.valid_until
    left = WIDTH * (interval.valid_from - start).total_seconds() / whole if whole else 0.0
    # An interval that began at the newest run has no duration yet, so it gets a minimum width.
    right = max(left + 6.0, WIDTH * (until - start).total_seconds() / whole) if whole else WIDTH
    tier, status, write = tier_named(interval.scheme, interval.tier), _status(interval.status), writer("history")
    last = write("now") if interval.valid_until is None else write.day(interval.valid_until)
    description = text(
        "customers.history.stretch", tier=tier, status=status, begin=write.day(interval.valid_from), end=last
    )
    x = min(left, WIDTH - 6.0)
    width = min(right, WIDTH) - x
    return DrawnInterval(
        x,
        width,
        tier_colour(interval.scheme, interval.tier),
        interval,
        tier,
        status,
        _reason(interval.reason),
        description,
    )


def _status(status: str) -> str:
    return text(f"life.statuses.{status}") if f"statuses.{status}" in catalogue()["life"] else status


def _reason(reason: str | None) -> str:
    """The reason in words: reasons of a lifecycle are wording keys, those of people are free text."""
    return text(f"history.reason.{reason}") if f"reason.{reason}" in catalogue()["history"] else reason or ""
