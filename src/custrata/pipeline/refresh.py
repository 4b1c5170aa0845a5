"""One refresh: the facts of a workspace graded at an instant, and published as one run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.engine.guard import guarded
from custrata.errors import Refused
from custrata.lake import Run, Runs, Workspace
from custrata.pipeline.decisions import AppliedDecisions, Decisions
from custrata.pipeline.handover import handover_for
from custrata.pipeline.learning import learned_lines
from custrata.pipeline.run_creation import Progress, Refreshed, RunTask, Watch, create_run
from custrata.pipeline.view import open_source

__all__ = ["EarlierAsOf", "Refreshed", "refresh"]


class EarlierAsOf(Refused):
    template = (
        "The last published run is as of {last}; a run as of {asked} would rewrite history. Nothing was changed. If "
        "that run is wrong, withdraw it (custrata runs withdraw {run}); to grade the past again with the current "
        "data, rebuild the history (custrata history rebuild)."
    )


@guarded
def refresh(
    workspace: Workspace,
    engine: Engine,
    *,
    at: datetime,
    as_of: AsOf | datetime | str | None = None,
    learn: bool = False,
    learned_before: AsOf | datetime | str | None = None,
    decisions: Decisions | None = None,
    progress: Progress | None = None,
) -> Refreshed:
    """Grade every customer as of an instant and publish the result as one run.

    Parameters: `at` the current time, stored with the run: facts dated after it are reported and not counted; `as_of`
    the instant of the run (default: the start of the day after the newest fact that is not in the future); `learn` to
    learn the models of schemes again (silence curves, clusters, trees), from the facts before `learned_before`
    (default: the default `as_of`, whatever the instant of this run); `decisions` of people (default: those of the
    published run).

    A run holds `profile.parquet` (one row per customer: attributes, traits, custom traits, and per scheme
    `<key>_tier`, `<key>_before`, `<key>_value`, `<key>_since` and further columns), `changes.parquet` (who moved since
    the previous run), `corrections.parquet` (customers whose tier differs from the superseded run of this instant),
    scales and movers for pages, the decisions, and `run.json`. A refresh with equal inputs changes nothing.

    Raises `NoFacts`, `NothingHappenedYet`, `EarlierAsOf`, `Busy`.
    """
    watch = Watch(progress)
    zone = workspace.settings.timezone
    with _exclusive_store(workspace.runs) as store, open_source(workspace, engine, at=at) as source:
        with watch.step("snapshot"):
            moment = source.span.default_as_of(zone) if as_of is None else AsOf.of(as_of, zone)
            before, superseded = _runs_before(store, moment)
            applied, schemes = AppliedDecisions.of(decisions, workspace.runs.published()), source.library.schemes()
            until = None if learned_before is None else AsOf.of(learned_before, zone)
            lines = learned_lines(source, schemes, applied, learn=learn or until is not None, before=until)
            handover = handover_for(superseded, schemes, engine)
            scheme_keys = tuple(source.library.published())
            task = RunTask(source, moment, before, applied, schemes, scheme_keys, lines, handover)
            if superseded is not None and task.matches(superseded):
                return Refreshed(superseded, new=False)
        return Refreshed(create_run(task, store, superseded, watch), new=True)


@dataclass(frozen=True)
class _ExclusiveStore:
    """The runs of a workspace under an exclusive lock; each run is published as it is made."""

    runs: Runs
    folder: Path

    def all(self) -> list[Run]:
        return self.runs.all()

    @contextmanager
    def draft(self) -> Iterator[Path]:
        yield self.folder

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        return self.runs.publish(draft, record, supersedes)


@contextmanager
def _exclusive_store(runs: Runs) -> Iterator[_ExclusiveStore]:
    with runs.draft() as draft:
        yield _ExclusiveStore(runs, draft)


def _runs_before(store: _ExclusiveStore, moment: AsOf) -> tuple[Run | None, Run | None]:
    """The newest run of an earlier instant, and the run of this instant.

    Raises `EarlierAsOf` where a later one is published.
    """
    runs = store.all()
    later = [run for run in runs if run.as_of > moment.instant]
    if later:
        last = later[-1]
        raise EarlierAsOf(last=last.as_of.isoformat(), asked=moment.instant.isoformat(), run=last.id)
    superseded = next((run for run in runs if run.as_of == moment.instant), None)
    earlier = [run for run in runs if run.as_of < moment.instant]
    return (earlier[-1] if earlier else None), superseded
