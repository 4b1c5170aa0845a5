"""Refresh and rebuild jobs, and the authors of runs."""

from __future__ import annotations

from datetime import date, datetime

from custrata.analytics.moments import AsOf
from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import running
from custrata.pipeline.rebuild import Every, moments_to_rebuild
from custrata.web.workspace import workspace

KIND, REBUILD, WITHDRAW = "refresh", "rebuild", "withdraw"
RECENT_JOBS = 200


def refresh_under_way() -> Job | None:
    """The running refresh, else the queued one."""
    return running(KIND)


def rebuild_under_way() -> Job | None:
    """The running rebuild, else the queued one."""
    return running(REBUILD)


def moments_planned(start: date | None, every: Every, at: datetime) -> list[AsOf]:
    """The instants a rebuild would grade at. Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`."""
    with workspace().engine() as engine:
        return moments_to_rebuild(workspace(), engine, at=at, start=start, every=every)


def refresh_authors() -> dict[str, str]:
    """The user who requested a run, by run id, from the recent jobs; runs made by the server itself are missing."""
    done = Job.objects.filter(kind=KIND, status=Status.DONE).exclude(actor_name="").order_by("-pk")
    rows = done.values_list("result", "actor_name")[:RECENT_JOBS]
    return {result["run"]: name for result, name in rows if isinstance(result, dict) and "run" in result}
