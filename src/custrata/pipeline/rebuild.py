"""History made anew: past month ends graded again with what is known now, and what that corrects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Literal

from custrata.analytics.moments import EPOCH, AsOf
from custrata.engine import Engine
from custrata.engine.guard import guarded
from custrata.errors import Refused
from custrata.lake import Run, Stage, Workspace
from custrata.pipeline.decisions import AppliedDecisions, Decisions, decisions_of
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.handover import recorded_handover
from custrata.pipeline.learning import learned_lines
from custrata.pipeline.run_creation import Progress, Refreshed, RunTask, Watch, create_run
from custrata.pipeline.view import RunSource, open_source

Every = Literal["week", "month", "quarter"]
MONTHS = {"month": 1, "quarter": 3}
MOST = 600


class TooManyRuns(Refused):
    template = "That would be {runs} runs; at most {most} can be made at once. Start later, or use a longer interval."


class NothingToRebuild(Refused):
    template = "There is no date from {start} on to grade: the facts end before. Start earlier."


@dataclass(frozen=True)
class Rebuilt:
    """The runs that were made, and how many customers' tiers each corrects, by scheme.

    `traces` is how many runs that retention had removed left the history with it: new runs go on past them.
    """

    runs: tuple[Run, ...]
    traces: int = 0

    @property
    def corrected(self) -> dict[str, int]:
        """Corrected tiers by scheme, over all runs."""
        totals: dict[str, int] = {}
        for run in self.runs:
            for key, customers in GradedRun.of(run).corrected.items():
                totals[key] = totals.get(key, 0) + customers
        return totals


@guarded
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
    existing runs, which are regraded, each from the one before it. Decisions are those of the superseded run of the
    moment, or of the last one before it; before the first run there are none. All runs use the lines already learned
    for the versions of the schemes; nothing is learned. The `corrections.parquet` of each new run lists the customers
    whom the superseded run of that instant had in another tier. Runs that would be equal are kept.

    Runs that retention removed cannot be graded again: where a new run continues from one before them, their changes
    leave the history.

    Readers see the previous history until all runs are made; then the new one is published atomically. If the process
    is stopped, the previous history stays complete, and the next rebuild reuses the runs already made.

    Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`, `Busy`.
    """
    traces = len(workspace.runs.traces())
    with workspace.runs.staging(at=at) as stage, open_source(workspace, engine, at=at) as source:
        moments = _moments(source, start=start, every=every)
        done = regrade(source, stage, moments, progress)
    return Rebuilt(tuple(refreshed.run for refreshed in done if refreshed.new), traces - len(workspace.runs.traces()))


def regrade(
    source: RunSource, stage: Stage, moments: Sequence[AsOf], progress: Progress | None = None
) -> list[Refreshed]:
    """Regrade each moment, the oldest first, each from the run before it; nothing is published yet.

    Decisions are those of the staged run of the moment, or of the last one before it.
    """
    schemes, scheme_keys = source.library.schemes(), tuple(source.library.published())
    lines = learned_lines(source, schemes, AppliedDecisions.of(None, source.workspace.runs.published()))
    done: list[Refreshed] = []
    for place, moment in enumerate(moments):
        earlier = [run for run in stage.all() if run.as_of <= moment.instant]
        superseded = earlier.pop() if earlier and earlier[-1].as_of == moment.instant else None
        before = earlier[-1] if earlier else None
        decided_run = superseded or before
        decisions = AppliedDecisions.of(Decisions() if decided_run is None else decisions_of(decided_run), None)
        handover = recorded_handover(superseded, schemes, source.engine)
        task = RunTask(source, moment, before, decisions, schemes, scheme_keys, lines, handover)
        tell = None if progress is None else _share_of_progress(progress, place, len(moments))
        # Pages mostly read the newest run; for the others, scales and movers are computed when needed.
        newest = moment == moments[-1]
        done.append(_regraded(task, stage, superseded, Watch(tell), prepare=newest))
    return done


def _regraded(task: RunTask, stage: Stage, superseded: Run | None, watch: Watch, *, prepare: bool) -> Refreshed:
    if superseded is not None and task.matches(superseded):
        return Refreshed(superseded, new=False)
    waiting = stage.waiting(task.moment.instant)
    if waiting is not None and task.matches(waiting):
        return Refreshed(stage.take(waiting), new=True)
    return Refreshed(create_run(task, stage, superseded, watch, prepare=prepare), new=True)


def moments_to_rebuild(
    workspace: Workspace, engine: Engine, *, at: datetime, start: date | None = None, every: Every = "month"
) -> list[AsOf]:
    """The moments that `rebuild` grades at, the oldest first. Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`."""
    with open_source(workspace, engine, at=at) as source:
        return _moments(source, start=start, every=every)


def _moments(source: RunSource, *, start: date | None, every: Every) -> list[AsOf]:
    zone, run_instants = source.zone, [run.as_of for run in source.workspace.runs.all()]
    last = source.span.default_as_of(zone)
    first = AsOf.of(start, zone) if start is not None else AsOf(source.span.first, zone)
    instants = {
        moment.instant for moment in _period_ends(first.date, last, zone, every) if moment.instant > first.instant
    }
    instants |= {instant for instant in run_instants if instant >= first.instant}
    if not instants:
        raise NothingToRebuild(start=first.date.isoformat())
    if len(instants) > MOST:
        raise TooManyRuns(runs=len(instants), most=MOST)
    return [AsOf(instant, zone) for instant in sorted(instants)]


def _period_ends(first: date, last: AsOf, zone: str, every: Every) -> Iterator[AsOf]:
    """The starts of the periods after the first day (not before the epoch), up to the last moment."""
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


def _share_of_progress(progress: Progress, place: int, many: int) -> Progress:
    """The progress callback of one run among many."""
    return lambda step, fraction: progress(step, (place + fraction) / many)
