"""Jobs that synchronize customers with the lake, tag large numbers of customers, and erase customers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.http import QueryDict

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import (
    ListMovedOn,
    is_synced,
    server_database,
    sync_customers,
    tag_customers,
    untag_customers,
)
from custrata.apps.customers.queries.erasures import KIND as ERASE
from custrata.apps.customers.queries.list_query import describe_list_query, parse_list_query
from custrata.apps.customers.queries.listing import matching_ids
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
def sync(running: Running) -> dict[str, object]:
    """Synchronize customers and timeline with the lake, and write indexed copies of large facts for pages.

    Idempotent: customers are compared with the lake, and the number of a run's moves on the timeline is stored with
    each portion.
    """
    served = workspace()
    done = sync_customers(
        served, at=running.clock(), tell=lambda fraction: running.tell(fraction * 0.8, "customers.following")
    )
    running.tell(0.8, "customers.preparing")
    written = prepare_facts(served)
    return {"changed": done.changed, "gone": done.gone, "moves": done.moves, "written": written}


@handler(TAG, attempts=5, title="customers.kinds.tag")
def tag(
    running: Running, question: str, seen: int, tag: int, run: str | None = None, *, off: bool = False
) -> dict[str, object]:
    """Tag or untag all customers that match a list query.

    Works in portions, each with a row in the audit log, so that other writers do not wait long. Idempotent: every
    portion is a transaction that locks the job, and customers that have the tag (or no longer have it) are skipped.
    A restart does not check the number of customers, since the job itself may have changed it.
    """
    running.tell(0.0, "customers.together.finding")
    list_query = replace(parse_list_query(QueryDict(question)), run=run)
    ids = matching_ids(reading(workspace(), run), list_query)
    if len(ids) != seen and not running.again:
        raise ListMovedOn(asked=seen, found=len(ids))
    act, changed = untag_customers if off else tag_customers, 0
    actor = User.objects.get(pk=running.job.actor_id or 0)
    for start in range(0, len(ids), MANY):
        running.tell(0.1 + 0.9 * start / len(ids), "customers.together.tagging", number=len(ids))
        whom = ids[start : start + MANY]
        with transaction.atomic():
            running.hold()
            changed += act(
                customer_ids=whom,
                tag_id=tag,
                actor=actor,
                at=running.clock(),
                selection=describe_list_query(list_query),
            ).changed
    return {"changed": changed, "asked": len(ids)}


@handler(ERASE, attempts=5, waits_for=(Busy, ErasureGoesOn), title="customers.kinds.erase")
def erase(running: Running) -> dict[str, object]:
    """Continue every erasure under way; return the number of removed rows by place.

    Idempotent: finished places are recorded, and removing absent rows has no effect. If a place is in use, the job is
    retried.
    """
    running.tell(None, "customers.erase.working")
    removed: Counter[str] = Counter()
    done = resume_erasures(workspace(), at=running.clock(), database=server_database())
    for intent in done:
        removed.update(require_finished(intent).removed)
    summary = ", ".join(f"{place} {rows}" for place, rows in removed.items())
    if summary:
        running.log(summary)
    return {"erasures": len(done), "removed": dict(removed)}


@every(seconds=5)
def enqueue_due(at: datetime) -> None:
    """Enqueue a synchronization if lake or runs have changed, and continue interrupted erasures."""
    try:
        followed = is_synced(workspace())
        if workspace().erasing.all():
            enqueue(kind=ERASE, arguments={}, actor=None, at=at, key=ERASE)
    except CustrataError:  # no workspace yet, or one that is being restored: nothing to synchronize
        return
    if not followed:
        enqueue(kind=FOLLOW, arguments={}, actor=None, at=at, key=FOLLOW)
