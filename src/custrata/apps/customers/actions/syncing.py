"""The customers here follow the lake, and the timeline follows the runs: in bulk, and only what changed.

Everything goes in portions, each a transaction of its own, and every portion may be done again: customers are
compared with what the lake says, and of a run's moves the number that stand on the timeline is kept with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from django.db import connection, transaction

from custrata.apps.customers.actions.bulk import append, instant, run, staged
from custrata.apps.customers.actions.deletion import delete_customers
from custrata.apps.customers.models import FollowedLake, FollowedRun, TimelineEntry
from custrata.apps.customers.queries.decided import decisions
from custrata.apps.customers.queries.state import state_of
from custrata.lake import LakeSnapshot, Run, Workspace
from custrata.pipeline.reading import contacts, moves, moves_in
from custrata.pipeline.reading.contacts import KNOWN

PORTION = 50_000
COLUMNS = {
    "customer_id": "text",
    "name": "text",
    "phone": "text",
    "email": "text",
    "company": "text",
    "search": "text",
    "mark": "bigint",
}
UPSERT = """
INSERT INTO customers_customer (customer_id, name, phone, email, company, search, mark)
SELECT customer_id, name, phone, email, company, search, mark FROM {staged} WHERE true
ON CONFLICT (customer_id) DO UPDATE SET
    name = excluded.name, phone = excluded.phone, email = excluded.email, company = excluded.company,
    search = excluded.search, mark = excluded.mark
WHERE customers_customer.mark <> excluded.mark
"""

Tell = Callable[[float], None]


@dataclass(frozen=True)
class SyncResult:
    """What following did: customers new or changed, customers gone, moves put on the timeline."""

    changed: int = 0
    gone: int = 0
    moves: int = 0


def sync_customers(workspace: Workspace, *, at: datetime, tell: Tell = lambda fraction: None) -> SyncResult:
    """Bring customers and timeline up to the lake and the runs as they are.

    A customer whom neither lake nor published run knows any more was erased, and goes with everything about them.
    """
    with workspace.lake.reading() as lake:
        state = state_of(workspace)
        synced = FollowedLake.objects.first()
        if synced is not None and (synced.fingerprint, synced.run) == state:
            return SyncResult()
        changed, gone = _sync_customer_rows(workspace, lake, at=at, tell=tell)
        moved = _sync_runs(workspace, tell)
        FollowedLake.objects.update_or_create(only=True, defaults={"fingerprint": state[0], "run": state[1], "at": at})
    return SyncResult(changed, gone, moved)


def _sync_customer_rows(workspace: Workspace, lake: LakeSnapshot, *, at: datetime, tell: Tell) -> tuple[int, int]:
    changed, existing = 0, known_customers()
    with contacts(workspace, lake, decisions()) as lake_contacts:
        for batch in lake_contacts.changed(existing, PORTION):
            _upsert(batch)
            changed += len(batch)
            tell(0.8 * min(1.0, changed / max(len(existing), PORTION)))
        gone = lake_contacts.gone(existing)
    for start in range(0, len(gone), PORTION):
        delete_customers(customer_ids=gone[start : start + PORTION], at=at)
    return changed, len(gone)


def known_customers() -> pa.Table:
    """`customer_id` and `mark` of every customer here, read past the ORM."""

    def batches() -> Iterator[pa.RecordBatch]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT customer_id, mark FROM customers_customer")
            while rows := cursor.fetchmany(PORTION):
                yield pa.RecordBatch.from_arrays([pa.array(column) for column in zip(*rows, strict=True)], schema=KNOWN)

    return pa.Table.from_batches(batches(), KNOWN)


@transaction.atomic
def _upsert(batch: pa.RecordBatch) -> None:
    columns = [batch[name].to_pylist() for name in COLUMNS]
    with staged(COLUMNS, zip(*columns, strict=True)) as name:
        run(UPSERT.format(staged=name))


def _sync_runs(workspace: Workspace, tell: Tell) -> int:
    """Put the moves of every run on the timeline, each once; those of a run that was superseded leave it."""
    with workspace.runs.reading():
        present = workspace.runs.history()
        _delete_withdrawn_runs({run.id for run in present})
        return sum(_sync_run(run, tell) for run in present)


def _delete_withdrawn_runs(present: set[str]) -> None:
    for gone in FollowedRun.objects.exclude(run__in=present):
        with transaction.atomic():
            TimelineEntry.objects.filter(run=gone.run).delete()
            gone.delete()


def _sync_run(followed: Run, tell: Tell) -> int:
    many = moves_in(followed)
    progress, _ = FollowedRun.objects.get_or_create(run=followed.id, defaults={"rows": many})
    if progress.rows != many:  # somebody was erased from it meanwhile: what is counted is no longer what is there
        progress = _restart(progress, many)
    before = progress.done
    for batch in moves(followed, start=progress.done, rows=PORTION) if progress.done < many else ():
        if not _append_moves(progress, batch):
            break  # another process is at it
        tell(0.8 + 0.2 * progress.done / many)
    return progress.done - before


@transaction.atomic
def _restart(progress: FollowedRun, rows: int) -> FollowedRun:
    TimelineEntry.objects.filter(run=progress.run).delete()
    progress.rows, progress.done = rows, 0
    progress.save(update_fields=["rows", "done"])
    return progress


@transaction.atomic
def _append_moves(progress: FollowedRun, batch: pa.RecordBatch) -> bool:
    """Add a portion and count it, together; False where the count is no longer what we know."""
    done = progress.done + len(batch)
    if FollowedRun.objects.filter(pk=progress.pk, done=progress.done, rows=progress.rows).update(done=done) != 1:
        return False
    entries = zip(batch["customer_id"].to_pylist(), batch["at"].to_pylist(), batch["facts"].to_pylist(), strict=True)
    rows = ((customer, instant(at), "tier", facts, progress.run) for customer, at, facts in entries)
    append(TimelineEntry._meta.db_table, ("customer_id", "at", "kind", "facts", "run"), rows)
    progress.done = done
    return True


def is_synced(workspace: Workspace) -> bool:
    """Whether customers and timeline are up to date; cheap enough to ask every few seconds."""
    synced = FollowedLake.objects.first()
    return synced is not None and (synced.fingerprint, synced.run) == state_of(workspace)
