"""In which tier a customer was from when to when, as strips that a page draws and as tables."""

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
class Stretch:
    """An interval as it is drawn, from `x` on so wide out of `WIDTH`, and as it is told."""

    x: float
    width: float
    colour: str
    interval: Interval
    tier: str
    status: str
    reason: str
    told: str


@dataclass(frozen=True)
class Strip:
    """A scheme's intervals, the oldest first, between the first instant and the last that the page shows."""

    scheme: str
    stretches: tuple[Stretch, ...]

    @property
    def newest_first(self) -> tuple[Stretch, ...]:
        """The same as a table tells them."""
        return self.stretches[::-1]

    @property
    def now(self) -> str | None:
        """The tier the customer is in; none where the scheme grades no more."""
        last = self.stretches[-1].interval
        return last.tier if last.valid_until is None else None


@dataclass(frozen=True)
class TierHistory:
    """A customer's strips and the instants they go from and to."""

    strips: tuple[Strip, ...]
    begin: datetime | None
    end: datetime | None


def tier_history(workspace: Workspace, run: Run, customer_id: str) -> TierHistory:
    """The history of a customer in every scheme, those that grade now first."""
    found = history_of(workspace, customer_id)
    if not found:
        return TierHistory((), None, None)
    begin, end = min(one.valid_from for one in found), run.as_of
    order = dict.fromkeys((*graded_schemes(), *(one.scheme for one in found)))
    parts = {key: [one for one in reversed(found) if one.scheme == key] for key in order}
    return TierHistory(tuple(_strip(key, part, begin, end) for key, part in parts.items() if part), begin, end)


def _strip(key: str, found: Sequence[Interval], begin: datetime, end: datetime) -> Strip:
    return Strip(key, tuple(_stretch(one, begin, end) for one in found))


def _stretch(one: Interval, begin: datetime, end: datetime) -> Stretch:
    whole = (end - begin).total_seconds()
    until = end if one.valid_until is None else one.valid_until
    start = WIDTH * (one.valid_from - begin).total_seconds() / whole if whole else 0.0
    # What began at the newest run lasts no time yet, and is seen all the same.
    stop = max(start + 6.0, WIDTH * (until - begin).total_seconds() / whole) if whole else WIDTH
    tier, status, write = tier_named(one.scheme, one.tier), _status(one.status), writer("history")
    last = write("now") if one.valid_until is None else write.day(one.valid_until)
    told = text("customers.history.stretch", tier=tier, status=status, begin=write.day(one.valid_from), end=last)
    x = min(start, WIDTH - 6.0)
    width = min(stop, WIDTH) - x
    return Stretch(x, width, tier_colour(one.scheme, one.tier), one, tier, status, _reason(one.reason), told)


def _status(status: str) -> str:
    return text(f"life.statuses.{status}") if f"statuses.{status}" in catalogue()["life"] else status


def _reason(reason: str | None) -> str:
    """The reason in words: those a life gives are keys, those of a person are words already."""
    return text(f"history.reason.{reason}") if f"reason.{reason}" in catalogue()["history"] else reason or ""
