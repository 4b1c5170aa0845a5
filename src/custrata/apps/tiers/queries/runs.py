"""The published runs. Records are cached per process, since they never change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from custrata.lake.durable import Damaged
from custrata.lake.manifest import ImportRecord, Manifest
from custrata.lake.retention import instant_of
from custrata.lake.run import Withdrawn
from custrata.lake.runs import Runs
from custrata.pipeline.reading import GradedRun, refuse_unpublished
from custrata.web.workspace import graded_run, published_run, workspace

# Maximum number of runs in a history.
MAX_RUNS = 60
BRIEF = ("as_of", "at", "before", "headline", "tiers", "steps", "version", "late", "corrected", "marks", "later")
OF_SCHEME = ("tiers", "notes", "waiting", "version")
Read = TypeVar("Read")


def run_ids() -> tuple[str, ...]:
    """The ids of every published run, the oldest first."""
    return workspace().runs.ids()


def run(run_id: str) -> GradedRun:
    """A published run with all it recorded. Raises `NoSuchRun`, `RunRemoved`."""
    refuse_unpublished(workspace(), run_id)
    return _retry_replaced(lambda: graded_run(workspace().runs.folder, run_id))


def newest() -> GradedRun | None:
    """The newest published run; None before the first."""
    return _retry_replaced(published_run)


def run_or_newest(run_id: str) -> GradedRun | None:
    """The run with this id, or the newest if it is empty; None before the first run. Raises `NoSuchRun`."""
    return run(run_id) if run_id else newest()


def all_runs() -> tuple[GradedRun, ...]:
    """All runs, oldest first, with short records: `BRIEF`, and the tiers of its schemes."""
    return _retry_replaced(lambda: tuple(_short_run(workspace().runs.folder, run_id) for run_id in run_ids()))


def recorded_runs() -> tuple[GradedRun, ...]:
    """All runs and the traces of runs removed by retention, oldest first, with short records as in `all_runs`."""
    return _retry_replaced(
        lambda: tuple(_short_run(workspace().runs.folder, run_id) for run_id in workspace().runs.history_ids())
    )


def selectable(*selected: GradedRun) -> tuple[GradedRun, ...]:
    """The options of a run select, newest first: the newest `MAX_RUNS` runs and the selected ones."""
    everything = all_runs()
    ids = {run.id for run in (*everything[-MAX_RUNS:], *selected)}
    return tuple(run for run in reversed(everything) if run.id in ids)


def history(run: GradedRun) -> tuple[GradedRun, ...]:
    """A run and its predecessors, oldest first, at most `MAX_RUNS`; only the last has its full record."""

    def read() -> tuple[GradedRun, ...]:
        earlier = [run_id for run_id in run_ids() if run_id < run.id]
        return tuple(_short_run(workspace().runs.folder, run_id) for run_id in earlier[-MAX_RUNS + 1 :])

    return (*_retry_replaced(read), run)


def rebuild_started_at() -> datetime | None:
    """The start of the unfinished rebuild of history, if any; until it ends, pages show the previous history."""
    return workspace().runs.rebuilding()


def withdrawn() -> list[Withdrawn]:
    """The runs that were withdrawn, the newest first."""
    return workspace().runs.withdrawn()[::-1]


def run_before(run: GradedRun) -> GradedRun | None:
    """The run before another one, with a short record."""
    earlier = [run_id for run_id in run_ids() if run_id < run.id]
    return _retry_replaced(lambda: _short_run(workspace().runs.folder, earlier[-1])) if earlier else None


def has_recorded_moves(run: GradedRun) -> bool:
    """Whether a run recorded its moves since the run that is now the previous one."""
    before = run_before(run)
    return before is None or run.follows(before)


def count_removed_since(instant: datetime | None) -> int:
    """The number of runs removed by retention, as of an instant or later; all without an instant."""
    return sum(instant is None or instant_of(trace) >= instant for trace in workspace().runs.traces())


def last_removed() -> datetime | None:
    """The instant of the newest run that retention removed."""
    return max(map(instant_of, workspace().runs.traces()), default=None)


@dataclass(frozen=True)
class RunFacts:
    """A summary of a run: creation time, duration, customers, active customers, spend in 90 days."""

    id: str
    as_of: datetime
    at: datetime
    seconds: float
    customers: int
    active: int
    spend: Decimal


def run_facts(run: GradedRun) -> RunFacts:
    """The summary of a run."""
    totals = run.totals
    return RunFacts(run.id, run.as_of, run.created_at, run.seconds, totals.customers, totals.active, totals.spend_90d)


def new_imports() -> tuple[ImportRecord, ...]:
    """The imports since the newest run, newest first."""
    run, manifest = newest(), lake_state()
    if run is None:
        return manifest.imports[::-1]
    if manifest.fingerprint == run.inputs.fingerprint:
        return ()
    return tuple(record for record in reversed(manifest.imports) if record.at > run.created_at)


def lake_state() -> Manifest:
    """The current manifest of the lake: rows of each table, and all imports."""
    return Manifest.read(workspace().lake.folder)


@lru_cache(maxsize=4096)
def _short_run(folder: Path, run_id: str) -> GradedRun:
    """A run with the part of its record that histories show, so that years of runs fit into memory."""
    whole = GradedRun.of(Runs(folder).recorded(run_id))
    return GradedRun(whole.id, whole.as_of, whole.folder, whole.brief(BRIEF, OF_SCHEME))


def _retry_replaced(read: Callable[[], Read]) -> Read:
    """Retry a read if a run was replaced between listing the runs and reading its record."""
    while True:
        ids = run_ids()
        try:
            return read()
        except Damaged:
            workspace().runs.forget_pointer()
            if run_ids() == ids:
                raise
