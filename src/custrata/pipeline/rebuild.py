"""History made anew: past month ends graded again with what is known now, and what that corrects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Literal

from custrata.analytics.moments import EPOCH, AsOf
from custrata.engine import Engine
from custrata.errors import Refused
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import Decisions, decisions_of
from custrata.pipeline.refresh import Refreshed, refresh
from custrata.pipeline.snapshot import default_as_of, first_instant, snapshot

Every = Literal["week", "month", "quarter"]
MONTHS = {"month": 1, "quarter": 3}
MOST = 600

Progress = Callable[[str, float], None]


class TooManyRuns(Refused):
    template = "That would be {runs} runs; at most {most} are made at once. Begin later, or take longer steps."


class NothingToRebuild(Refused):
    template = "There is no moment from {start} on to grade: the facts end before. Begin earlier."


@dataclass(frozen=True)
class Rebuilt:
    """The runs that were made, and how many customers' tiers each corrects, by scheme."""

    runs: tuple[Run, ...]

    @property
    def corrected(self) -> dict[str, int]:
        """Corrected tiers by scheme, over all runs."""
        found: dict[str, int] = {}
        for run in self.runs:
            for key, customers in run.record.get("corrected", {}).items():
                found[key] = found.get(key, 0) + customers
        return found


def rebuild(
    workspace: Workspace,
    engine: Engine,
    *,
    at: datetime,
    start: date | None = None,
    every: Every = "month",
    progress: Progress | None = None,
) -> Rebuilt:
    """Grade every past period's end from `start` on (default: the first fact), oldest first, with what is known now.

    The moments are the starts of weeks (Mondays), months or quarters in the workspace's zone, and the instants of the
    runs there are, which are made anew, each from the one before it. What people decided is taken as the former run of
    the moment was given it, or the last one before it; before the first run nothing was decided. Each new run tells by
    `corrections.parquet` whom the former one of that instant had in another tier. A run that would be the same is left
    alone, so a rebuilding that was stopped goes on where it was.

    Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`, `Busy`.
    """
    known = {run.as_of: run for run in workspace.runs.all()}
    moments = moments_to_rebuild(workspace, engine, start=start, every=every)
    done: list[Refreshed] = []
    for place, moment in enumerate(moments):
        earlier = [instant for instant in known if instant <= moment.instant]
        decided = decisions_of(known[max(earlier)]) if earlier else Decisions()
        tell = None if progress is None else _part(progress, place, len(moments))
        done.append(refresh(workspace, engine, at=at, as_of=moment, decisions=decided, rebuild=True, progress=tell))
        known[moment.instant] = done[-1].run
    return Rebuilt(tuple(one.run for one in done if one.new))


def moments_to_rebuild(
    workspace: Workspace, engine: Engine, *, start: date | None = None, every: Every = "month"
) -> list[AsOf]:
    """The moments that `rebuild` grades at, the oldest first. Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`."""
    zone, former = workspace.settings.timezone, [run.as_of for run in workspace.runs.all()]
    with workspace.lake.reading() as lake:
        facts = snapshot(lake, engine, workspace.exclusions.all())
        last = default_as_of(facts, zone)
        first = AsOf.of(start, zone) if start is not None else AsOf(first_instant(facts), zone)
    instants = {moment.instant for moment in _ends(first.date, last, zone, every) if moment.instant > first.instant}
    instants |= {instant for instant in former if instant >= first.instant}
    if not instants:
        raise NothingToRebuild(start=first.date.isoformat())
    if len(instants) > MOST:
        raise TooManyRuns(runs=len(instants), most=MOST)
    return [AsOf(instant, zone) for instant in sorted(instants)]


def _ends(first: date, last: AsOf, zone: str, every: Every) -> Iterator[AsOf]:
    """The starts of the periods after the first day, up to the last moment; time begins with the epoch."""
    first = max(first, EPOCH.date())
    for number in count(1):
        if every == "week":
            day = first - timedelta(days=first.weekday()) + timedelta(days=7 * number)
        else:
            step = MONTHS[every]
            months = first.year * 12 + (first.month - 1) // step * step + step * number
            day = date(months // 12, months % 12 + 1, 1)
        moment = AsOf.of(day, zone)
        if moment.instant > last.instant:
            return
        yield moment


def _part(progress: Progress, place: int, many: int) -> Progress:
    """The progress of one run among many."""
    return lambda step, fraction: progress(step, (place + fraction) / many)
