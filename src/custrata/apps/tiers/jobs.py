"""Jobs that refresh, withdraw runs and rebuild history."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from custrata.analytics.moments import AsOf
from custrata.apps.customers.queries import decisions
from custrata.apps.jobs.actions import Running, handler
from custrata.apps.tiers.actions import delete_orphaned_overrides
from custrata.apps.tiers.queries.overrides import overrides
from custrata.lake import Run, Workspace
from custrata.lake.locks import Busy
from custrata.pipeline import rebuild as rebuild_workspace
from custrata.pipeline import refresh as refresh_workspace
from custrata.pipeline import withdraw as withdraw_run
from custrata.pipeline.reading import GradedRun
from custrata.pipeline.rebuild import Every
from custrata.pipeline.refresh import EarlierAsOf
from custrata.pipeline.upkeep import Retained, retain
from custrata.web.workspace import workspace


@handler("refresh", attempts=3, waits_for=(Busy,), opens=("tiers:run", "run"), schedulable=True)
def refresh(running: Running, as_of: str | None = None, learn: bool = False) -> dict[str, object]:
    """Grade every customer as of an instant (default: after the newest fact), with overrides and exclusions.

    `learn` retrains the learned parts of schemes; a restarted job learns the same from the same facts.

    Idempotent: a run is written to a separate folder and published atomically by one pointer, and the same instant
    over the same facts is not graded again. Leftovers of a killed refresh are removed by the next one.
    """
    return _run_refresh(running, as_of, learn=learn)


@handler("learn", attempts=3, waits_for=(Busy,), opens=("tiers:run", "run"), schedulable=True)
def learn(running: Running) -> dict[str, object]:
    """A refresh that retrains the learned parts of schemes. Idempotent, as `refresh` is."""
    return _run_refresh(running, None, learn=True)


@handler("withdraw", attempts=5, longest=timedelta(hours=12), waits_for=(Busy,))
def withdraw(running: Running, run: str, reason: str, by: str) -> dict[str, object]:
    """Withdraw a published run and grade the later runs again without it.

    Idempotent: all changes become visible atomically, and a run that is withdrawn already is left alone.
    """
    current_workspace = workspace()
    if running.again and run in {withdrawn.id for withdrawn in current_workspace.runs.withdrawn()}:
        return {"withdrawn": run, "anew": 0}
    with current_workspace.engine() as engine:
        done = withdraw_run(
            current_workspace,
            engine,
            run,
            at=running.clock(),
            by=by,
            reason=reason,
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    return {"withdrawn": run, "anew": len(done.anew)}


def _run_refresh(running: Running, as_of: str | None, *, learn: bool) -> dict[str, object]:
    current_workspace = workspace()
    delete_orphaned_overrides()
    try:
        return _grade(running, current_workspace, as_of, learn=learn)
    except EarlierAsOf:
        if as_of is None:
            # The newest run is later than the day after the newest fact: grade that run again, so that schemes and
            # decisions take effect without new data.
            return _grade(running, current_workspace, current_workspace.runs.all()[-1].as_of, learn=learn)
        # The job was killed after publishing and before reporting; meanwhile a later day was graded.
        published = _find_run(current_workspace, as_of) if running.again else None
        if published is None:
            raise
        return _result(published, new=True)


def _grade(
    running: Running, current_workspace: Workspace, as_of: datetime | str | None, *, learn: bool
) -> dict[str, object]:
    with current_workspace.engine() as engine:
        done = refresh_workspace(
            current_workspace,
            engine,
            at=running.clock(),
            as_of=as_of,
            learn=learn,
            decisions=replace(decisions(), overrides=overrides()),
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    retained = Retained()
    with suppress(Busy):
        retained = retain(current_workspace)
    return _result(done.run, new=done.new) | {"removed": len(retained.runs)}


@handler("rebuild", attempts=5, longest=timedelta(hours=12), waits_for=(Busy,))
def rebuild(running: Running, start: str | None = None, every: Every = "month") -> dict[str, object]:
    """Grade the end of every past period again with current data, from a day on (default: the first fact).

    Idempotent: all runs replace the previous ones atomically, and a run that would not change is left alone. A
    restarted job reuses the runs it has made; corrections are counted over all runs made since the job was requested.
    """
    current_workspace = workspace()
    with current_workspace.engine() as engine:
        rebuild_workspace(
            current_workspace,
            engine,
            at=running.clock(),
            start=None if start is None else date.fromisoformat(start),
            every=every,
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    rebuilt = [run for run in map(GradedRun.of, current_workspace.runs.all()) if run.created_at >= running.job.asked_at]
    corrected = sum(sum(run.corrected.values()) for run in rebuilt)
    return {"runs": len(rebuilt), "corrected": corrected}


def _find_run(current_workspace: Workspace, as_of: str) -> Run | None:
    instant = AsOf.of(as_of, current_workspace.settings.timezone).instant
    return next((run for run in current_workspace.runs.all() if run.as_of == instant), None)


def _result(run: Run, *, new: bool) -> dict[str, object]:
    return {"run": run.id, "as_of": run.as_of.isoformat(), "new": new, "customers": GradedRun.of(run).totals.customers}
