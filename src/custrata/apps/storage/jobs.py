"""The compaction job, and the periodic check whether it is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from custrata.apps.jobs.actions import Running, enqueue, every, handler
from custrata.apps.jobs.models import Job
from custrata.apps.storage.queries import KIND, current_compaction
from custrata.lake.locks import Busy
from custrata.pipeline.upkeep import is_due, tidy
from custrata.web.workspace import workspace

# Pause before the next attempt when a compaction could not do all that was due.
PAUSE = timedelta(hours=1)
PATIENCE = 20.0


@handler(KIND, attempts=5, waits_for=(Busy,), schedulable=True)
def compact(running: Running) -> dict[str, object]:
    """Free disk space: old versions of facts, runs past their retention, leftover files.

    Idempotent: each step is complete in itself, and a restarted job does the remaining ones.
    """
    done = tidy(
        workspace(),
        at=running.clock(),
        wait=PATIENCE,
        progress=lambda step, share: running.tell(share, f"upkeep.steps.{step}"),
    )
    return {
        "freed": done.total,
        "parts": dict(done.freed),
        "runs": len(done.runs),
        "quarantine_files": done.quarantined,
        "busy": list(done.busy),
    }


@every(seconds=300)
def compact_when_due(at: datetime) -> None:
    """Compact if dead files exceed their share of the live ones, or runs are past their retention."""
    if current_compaction() is not None or Job.objects.filter(kind=KIND, asked_at__gt=at - PAUSE).exists():
        return
    if is_due(workspace()):
        enqueue(kind=KIND, arguments={}, actor=None, at=at, key=KIND)
