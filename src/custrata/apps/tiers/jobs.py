"""The refresh: grade every customer and publish the result as one run; and the rebuilding of history."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from custrata.analytics.moments import AsOf
from custrata.apps.customers.queries import decisions
from custrata.apps.jobs.actions import Running, handler
from custrata.apps.tiers.actions import forget_erased
from custrata.apps.tiers.queries.overrides import overrides
from custrata.lake import Run, Workspace
from custrata.lake.locks import Busy
from custrata.pipeline import rebuild as rebuild_workspace
from custrata.pipeline import refresh as refresh_workspace
from custrata.pipeline import withdraw as withdraw_run
from custrata.pipeline.rebuild import Every
from custrata.pipeline.refresh import EarlierAsOf
from custrata.pipeline.upkeep import Retained, retain
from custrata.web.workspace import workspace


@handler("refresh", attempts=3, waits_for=(Busy,), opens=("tiers:run", "run"), schedulable=True)
def refresh(running: Running, as_of: str | None = None, learn: bool = False) -> dict[str, object]:
    """Grade every customer as of an instant (default: after the newest fact), with what people decided.

    `learn` learns anew what schemes learn; begun again, the same facts teach the same and no learning is added.

    Its effect appears once: a run is written aside and published in one moment by one pointer, and the same instant
    over the same facts is not graded again. What a killed refresh left is removed by the next.
    """
    return _refreshed(running, as_of, learn=learn)


@handler("learn", attempts=3, waits_for=(Busy,), opens=("tiers:run", "run"), schedulable=True)
def learn(running: Running) -> dict[str, object]:
    """A refresh that learns anew what schemes learn. Its effect appears once, as that of a refresh does."""
    return _refreshed(running, None, learn=True)


@handler("withdraw", attempts=5, longest=timedelta(hours=12), waits_for=(Busy,))
def withdraw(running: Running, run: str, reason: str, by: str) -> dict[str, object]:
    """Let a run be published no more, and grade later ones anew without it.

    Its effect appears once: all becomes visible in one moment, and a run that is withdrawn already is left so.
    """
    served = workspace()
    if running.again and run in {one.id for one in served.runs.withdrawn()}:
        return {"withdrawn": run, "anew": 0}
    with served.engine() as engine:
        done = withdraw_run(
            served,
            engine,
            run,
            at=running.clock(),
            by=by,
            reason=reason,
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    return {"withdrawn": run, "anew": len(done.anew)}


def _refreshed(running: Running, as_of: str | None, *, learn: bool) -> dict[str, object]:
    served = workspace()
    forget_erased()
    try:
        return _graded(running, served, as_of, learn=learn)
    except EarlierAsOf:
        if as_of is None:
            # The newest run looks from later than the day after the newest fact: that one is graded anew, so that
            # schemes and decisions take effect without new data.
            return _graded(running, served, served.runs.all()[-1].as_of, learn=learn)
        # Killed after it had published and before it could say so; meanwhile somebody has graded a later day.
        published = _published(served, as_of) if running.again else None
        if published is None:
            raise
        return _result(published, new=True)


def _graded(running: Running, served: Workspace, as_of: datetime | str | None, *, learn: bool) -> dict[str, object]:
    with served.engine() as engine:
        done = refresh_workspace(
            served,
            engine,
            at=running.clock(),
            as_of=as_of,
            learn=learn,
            decisions=replace(decisions(), overrides=overrides()),
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    retained = Retained()
    with suppress(Busy):
        retained = retain(served)
    return _result(done.run, new=done.new) | {"removed": len(retained.runs)}


@handler("rebuild", attempts=5, longest=timedelta(hours=12), waits_for=(Busy,))
def rebuild(running: Running, start: str | None = None, every: Every = "month") -> dict[str, object]:
    """Grade every past period's end from a day on (default: the first fact) anew, with what is known now.

    Its effect appears once: all runs take their formers' places in one moment, and one that would be the same is left
    alone. A killed one takes over what it had made; what it corrected is counted over all runs made since it was asked
    for.
    """
    served = workspace()
    with served.engine() as engine:
        rebuild_workspace(
            served,
            engine,
            at=running.clock(),
            start=None if start is None else date.fromisoformat(start),
            every=every,
            progress=lambda step, fraction: running.tell(fraction, f"cli.steps.{step}"),
        )
    made = [run for run in served.runs.all() if datetime.fromisoformat(run.record["at"]) >= running.job.asked_at]
    corrected = sum(sum(run.record.get("corrected", {}).values()) for run in made)
    return {"runs": len(made), "corrected": corrected}


def _published(served: Workspace, as_of: str) -> Run | None:
    instant = AsOf.of(as_of, served.settings.timezone).instant
    return next((run for run in served.runs.all() if run.as_of == instant), None)


def _result(run: Run, *, new: bool) -> dict[str, object]:
    return {"run": run.id, "as_of": run.as_of.isoformat(), "new": new, "customers": run.record["headline"]["customers"]}
