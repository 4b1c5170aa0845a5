"""The published runs, read once per process: what a run recorded never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from custrata.lake import Run
from custrata.lake.durable import Damaged
from custrata.lake.manifest import ImportRecord, Manifest
from custrata.lake.retention import instant_of
from custrata.lake.run import Withdrawn
from custrata.lake.runs import Runs
from custrata.pipeline.reading import refuse_unpublished
from custrata.web.workspace import workspace

# So many runs a history goes back; a page with more could not be read.
MOST = 60
BRIEF = ("as_of", "at", "before", "headline", "tiers", "steps", "version", "late", "corrected", "marks", "later")
Read = TypeVar("Read")


def run_ids() -> tuple[str, ...]:
    """The ids of every published run, the oldest first."""
    return workspace().runs.ids()


def run(run_id: str) -> Run:
    """A published run with all it recorded. Raises `NoSuchRun`, `RunRemoved`."""
    refuse_unpublished(workspace(), run_id)
    return _steady(lambda: _whole(workspace().runs.folder, run_id))


def newest() -> Run | None:
    """The run published last; nothing where there is none yet."""

    def read() -> Run | None:
        ids = run_ids()
        return _whole(workspace().runs.folder, ids[-1]) if ids else None

    return _steady(read)


def chosen(run_id: str) -> Run | None:
    """The run of that id, the newest where none is asked for; nothing before the first run. Raises `NoSuchRun`."""
    return run(run_id) if run_id else newest()


def all_runs() -> tuple[Run, ...]:
    """Every run, the oldest first, with the short form of its record: `BRIEF`, and the tiers of its schemes."""
    return _steady(lambda: tuple(_brief(workspace().runs.folder, run_id) for run_id in run_ids()))


def recorded_runs() -> tuple[Run, ...]:
    """Every run and every trace of one that retention removed, the oldest first, as `all_runs` has them."""
    return _steady(lambda: tuple(_brief(workspace().runs.folder, run_id) for run_id in workspace().runs.history_ids()))


def offered(*shown: Run) -> tuple[Run, ...]:
    """The runs a select offers, the newest first: the newest `MOST`, and those that are shown."""
    everything = all_runs()
    kept = {run.id for run in (*everything[-MOST:], *shown)}
    return tuple(run for run in reversed(everything) if run.id in kept)


def history(run: Run) -> tuple[Run, ...]:
    """A run with those before it, the oldest first, at most `MOST`; only the last has its whole record."""

    def read() -> tuple[Run, ...]:
        earlier = [run_id for run_id in run_ids() if run_id < run.id]
        return tuple(_brief(workspace().runs.folder, run_id) for run_id in earlier[-MOST + 1 :])

    return (*_steady(read), run)


def rebuilding() -> datetime | None:
    """When the rebuilding of history began that is not finished; until it is, pages show the former history."""
    return workspace().runs.rebuilding()


def withdrawn() -> list[Withdrawn]:
    """The runs that were withdrawn, the newest first."""
    return workspace().runs.withdrawn()[::-1]


def run_before(run: Run) -> Run | None:
    """The run before another one, in short form."""
    earlier = [run_id for run_id in run_ids() if run_id < run.id]
    return _steady(lambda: _brief(workspace().runs.folder, earlier[-1])) if earlier else None


def recorded_moves(run: Run) -> bool:
    """Whether a run recorded who moved since the run that stands before it now."""
    before = run_before(run)
    return before is None or run.record["before"] in (None, before.id)


def removed_since(instant: datetime | None) -> int:
    """How many runs retention removed that look from an instant or later; all, without one."""
    return sum(instant is None or instant_of(trace) >= instant for trace in workspace().runs.traces())


def last_removed() -> datetime | None:
    """The instant of the newest run that retention removed."""
    return max(map(instant_of, workspace().runs.traces()), default=None)


@dataclass(frozen=True)
class RunFacts:
    """A run in a few numbers: when it was done and how long it took, customers, active ones, spend of 90 days."""

    id: str
    as_of: datetime
    at: datetime
    seconds: float
    customers: int
    active: int
    spend: Decimal


def run_facts(run: Run) -> RunFacts:
    """A run in a few numbers."""
    head = run.record["headline"]
    return RunFacts(
        run.id,
        run.as_of,
        datetime.fromisoformat(run.record["at"]),
        float(sum(run.record["steps"].values())),
        head["customers"],
        head["active"],
        Decimal(head["spend_90d"]),
    )


def profile_of(run: Run) -> Path:
    """The file with a row per customer of a run."""
    return run.folder / "profile.parquet"


def new_imports() -> tuple[ImportRecord, ...]:
    """The imports that came after the newest run looked at the data, the newest first."""
    run, manifest = newest(), lake_state()
    if run is None:
        return manifest.imports[::-1]
    if manifest.fingerprint == run.record["saw"].get("fingerprint"):
        return ()
    at = datetime.fromisoformat(run.record["at"])
    return tuple(one for one in reversed(manifest.imports) if one.at > at)


def lake_state() -> Manifest:
    """What the lake holds now: rows of each table, and every import."""
    return Manifest.read(workspace().lake.folder)


@lru_cache(maxsize=32)
def _whole(folder: Path, run_id: str) -> Run:
    return Runs(folder).run(run_id)


@lru_cache(maxsize=4096)
def _brief(folder: Path, run_id: str) -> Run:
    """The part of a record that a history shows, so that years of runs fit into memory."""
    whole = Runs(folder).recorded(run_id)
    schemes = {
        key: {name: decided.get(name) for name in ("tiers", "notes", "waiting", "version", "learning")}
        for key, decided in whole.record["schemes"].items()
    }
    saw = {"definitions": (whole.record.get("saw") or {}).get("definitions")}
    record: dict[str, Any] = {name: whole.record.get(name) for name in BRIEF} | {"schemes": schemes, "saw": saw}
    return Run(whole.id, whole.as_of, whole.folder, record)


def _steady(read: Callable[[], Read]) -> Read:
    """Read again where a run was superseded between the list of runs and its record."""
    while True:
        ids = run_ids()
        try:
            return read()
        except Damaged:
            if run_ids() == ids:
                raise
