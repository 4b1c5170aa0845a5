"""Withdrawal of a published run: it is removed from the history; its record is kept with who withdrew it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from custrata.engine import Engine
from custrata.engine.guard import guarded
from custrata.errors import BadInput
from custrata.lake import Run, Workspace
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.rebuild import regrade
from custrata.pipeline.run_creation import Progress
from custrata.pipeline.view import open_source


class NoSuchPublishedRun(BadInput):
    status = 404
    template = "There is no published run “{run}”. Give an ID from custrata runs list."


@dataclass(frozen=True)
class WithdrawnRun:
    """The run that was withdrawn, and the later ones that were regraded without it.

    `traces` is how many traces of runs removed by retention left the history, since regraded runs skip them.
    """

    run: Run
    anew: tuple[Run, ...]
    traces: int = 0


@guarded
def withdraw(
    workspace: Workspace,
    engine: Engine,
    run_id: str,
    *,
    at: datetime,
    by: str = "",
    reason: str = "",
    progress: Progress | None = None,
) -> WithdrawnRun:
    """Unpublish a run: its intervals leave the history, its record moves to the withdrawn runs.

    Later runs continued from its tiers, so they are regraded from the run before it with the current facts, as
    `rebuild` does. All of it becomes visible atomically. `by` and `reason` are stored with the record.

    Raises `NoSuchPublishedRun`, `Busy`.
    """
    traces = len(workspace.runs.traces())
    with workspace.runs.staging(at=at) as stage, open_source(workspace, engine, at=at) as source:
        run = next((run for run in stage.all() if run.id == run_id), None)
        if run is None:
            raise NoSuchPublishedRun(run=run_id)
        stage.withdraw(run, by=by, reason=reason)
        later = [GradedRun.of(candidate).moment for candidate in stage.all() if candidate.as_of > run.as_of]
        regraded = regrade(source, stage, later, progress) if later else []
    return WithdrawnRun(
        run, tuple(refreshed.run for refreshed in regraded if refreshed.new), traces - len(workspace.runs.traces())
    )
