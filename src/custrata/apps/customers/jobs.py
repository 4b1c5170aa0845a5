"""The customers follow the lake by themselves; and very many of them are tagged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.http import QueryDict

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import (
    ListMovedOn,
    follow_lake,
    is_followed,
    server_database,
    tag_customers,
    untag_customers,
)
from custrata.apps.customers.queries.erasures import KIND as ERASE
from custrata.apps.customers.queries.listing import ids_chosen
from custrata.apps.customers.queries.questions import asked, told
from custrata.apps.customers.queries.tagging import KIND as TAG
from custrata.apps.customers.queries.tagging import MANY
from custrata.apps.jobs.actions import Running, enqueue, every, handler
from custrata.errors import CustrataError
from custrata.ingest.erasure import ErasureGoesOn, require_finished, resume_erasures
from custrata.lake.locks import Busy
from custrata.pipeline.reading import prepare_facts, reading
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


@handler(TAG, attempts=5, title="customers.kinds.tag")
def tag(
    running: Running, question: str, seen: int, tag: int, run: str | None = None, *, off: bool = False
) -> dict[str, object]:
    """Put a tag on everybody a question lets through, or take it off them.

    It goes in portions, each with its row in the audit, so that nobody who writes waits long. Its effect appears once:
    every portion is a transaction that holds the job, and whoever has the tag, or has it no more, is passed over. Begun
    again, it does not ask whether they are still as many, since its own effect may have changed that.
    """
    running.tell(0.0, "customers.together.finding")
    asks = replace(asked(QueryDict(question)), run=run)
    ids = ids_chosen(reading(workspace(), run), asks)
    if len(ids) != seen and not running.again:
        raise ListMovedOn(asked=seen, found=len(ids))
    act, changed = untag_customers if off else tag_customers, 0
    actor = User.objects.get(pk=running.job.actor_id or 0)
    for start in range(0, len(ids), MANY):
        running.tell(0.1 + 0.9 * start / len(ids), "customers.together.tagging", number=len(ids))
        whom = ids[start : start + MANY]
        with transaction.atomic():
            running.hold()
            changed += act(customer_ids=whom, tag_id=tag, actor=actor, at=running.clock(), asked=told(asks)).changed
    return {"changed": changed, "asked": len(ids)}


@handler(ERASE, attempts=5, waits_for=(Busy, ErasureGoesOn), title="customers.kinds.erase")
def erase(running: Running) -> dict[str, object]:
    """Go on with every erasure that is under way, whoever asked for it; what went, by place.

    Its effect appears once: every place that is clean is noted, and what is not there any more is not removed again.
    Where a place is in use, the erasure waits for it and the job comes again.
    """
    running.tell(None, "customers.erase.working")
    removed: Counter[str] = Counter()
    done = resume_erasures(workspace(), at=running.clock(), database=server_database())
    for one in done:
        removed.update(require_finished(one).removed)
    told = ", ".join(f"{place} {rows}" for place, rows in removed.items())
    if told:
        running.log(told)
    return {"erasures": len(done), "removed": dict(removed)}


@every(seconds=5)
def look(at: datetime) -> None:
    """Ask for a following where lake or runs have moved on, and go on with erasures that were stopped."""
    try:
        followed = is_followed(workspace())
        if workspace().erasing.all():
            enqueue(kind=ERASE, arguments={}, actor=None, at=at, key=ERASE)
    except CustrataError:  # no workspace yet, or one that is being restored: there is nothing to follow
        return
    if not followed:
        enqueue(kind=FOLLOW, arguments={}, actor=None, at=at, key=FOLLOW)
