"""Refreshes as jobs: the one under way, and who asked for a run; and the rebuilding of history."""

from __future__ import annotations

from datetime import date, datetime

from custrata.analytics.moments import AsOf
from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import running
from custrata.pipeline.rebuild import Every, moments_to_rebuild
from custrata.web.workspace import workspace

KIND, REBUILD, WITHDRAW = "refresh", "rebuild", "withdraw"
LOOKED_AT = 200


def refresh_under_way() -> Job | None:
    """The refresh that runs, else the one that waits."""
    return running(KIND)


def rebuild_under_way() -> Job | None:
    """The rebuilding of history that runs, else the one that waits."""
    return running(REBUILD)


def moments_planned(start: date | None, every: Every, at: datetime) -> list[AsOf]:
    """The moments that a rebuilding would grade at. Raises `NoFacts`, `NothingToRebuild`, `TooManyRuns`."""
    with workspace().engine() as engine:
        return moments_to_rebuild(workspace(), engine, at=at, start=start, every=every)


def refresh_authors() -> dict[str, str]:
    """Who asked for a run, by its id, as far as the recent jobs tell; nothing where the server did it by itself."""
    done = Job.objects.filter(kind=KIND, status=Status.DONE).exclude(actor_name="").order_by("-pk")
    rows = done.values_list("result", "actor_name")[:LOOKED_AT]
    return {result["run"]: name for result, name in rows if isinstance(result, dict) and "run" in result}
