"""The customers follow the lake by themselves."""

from __future__ import annotations

from datetime import datetime

from custrata.apps.customers.actions import follow_lake, is_followed
from custrata.apps.jobs.actions import Running, enqueue, every, handler
from custrata.errors import CustrataError
from custrata.lake.locks import Busy
from custrata.pipeline.reading import prepare_facts
from custrata.web.workspace import workspace

FOLLOW = "customers.follow"


@handler(FOLLOW, attempts=5, waits_for=(Busy,), title="customers.kinds.follow")
def follow(running: Running) -> dict[str, object]:
    """Bring customers and timeline up to the lake, and write large facts once more so that pages find them quickly.

    Its effect appears once: customers are compared with the lake, and how many of a run's moves stand on the timeline
    is kept with them, portion by portion.
    """
    served = workspace()
    done = follow_lake(
        served, at=running.clock(), tell=lambda fraction: running.tell(fraction * 0.8, "customers.following")
    )
    running.tell(0.8, "customers.preparing")
    written = prepare_facts(served)
    return {"changed": done.changed, "gone": done.gone, "moves": done.moves, "written": written}


@every(seconds=5)
def look(at: datetime) -> None:
    """Ask for a following where lake or runs have moved on."""
    try:
        followed = is_followed(workspace())
    except CustrataError:  # no workspace yet, or one that is being restored: there is nothing to follow
        return
    if not followed:
        enqueue(kind=FOLLOW, arguments={}, actor=None, at=at, key=FOLLOW)
