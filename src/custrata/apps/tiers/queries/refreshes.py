"""Refreshes as jobs: the one under way, and who asked for a run."""

from __future__ import annotations

from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import running

KIND = "refresh"
LOOKED_AT = 200


def refresh_under_way() -> Job | None:
    """The refresh that runs, else the one that waits."""
    return running(KIND)


def refresh_authors() -> dict[str, str]:
    """Who asked for a run, by its id, as far as the recent jobs tell; nothing where the server did it by itself."""
    done = Job.objects.filter(kind=KIND, status=Status.DONE).exclude(actor_name="").order_by("-pk")
    rows = done.values_list("result", "actor_name")[:LOOKED_AT]
    return {result["run"]: name for result, name in rows if isinstance(result, dict) and "run" in result}
