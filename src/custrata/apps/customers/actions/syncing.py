"""Synchronize customers with the lake and the timeline with the runs: in bulk, and only what changed.

Work is done in portions, each in its own transaction and repeatable: customers are compared with the lake, and the
number of a run's moves on the timeline is stored in the same transaction.
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
from custrata.pipeline.reading.contacts import MARKS_SCHEMA

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
    """Counts of a synchronization: customers added or changed, customers deleted, moves added to the timeline."""

    changed: int = 0
    gone: int = 0
    moves: int = 0


def sync_customers(workspace: Workspace, *, at: datetime, tell: Tell = lambda fraction: None) -> SyncResult:
    """Synchronize customers and timeline with the current lake and runs.

    A customer in neither the lake nor the published run was erased, and is deleted with all their data.
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
    """`customer_id` and `mark` of every customer in the database, read without the ORM."""

    def batches() -> Iterator[pa.RecordBatch]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT customer_id, mark FROM customers_customer")
            while rows := cursor.fetchmany(PORTION):
                columns = [pa.array(column) for column in zip(*rows, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, schema=MARKS_SCHEMA)

    return pa.Table.from_batches(batches(), MARKS_SCHEMA)


@transaction.atomic
def _upsert(batch: pa.RecordBatch) -> None:
    columns = [batch[name].to_pylist() for name in COLUMNS]
    with staged(COLUMNS, zip(*columns, strict=True)) as name:
        run(UPSERT.format(staged=name))


def _sync_runs(workspace: Workspace, tell: Tell) -> int:
    """Add the moves of every run to the timeline once, and remove those of superseded runs."""
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
    if progress.rows != many:  # a customer was erased from the run meanwhile, so the count no longer matches
        progress = _restart(progress, many)
    before = progress.done
    for batch in moves(followed, start=progress.done, rows=PORTION) if progress.done < many else ():
        if not _append_moves(progress, batch):
            break  # another process is synchronizing it
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
    """Add a portion and update the count in one transaction; False if another process changed the count."""
    done = progress.done + len(batch)
    if FollowedRun.objects.filter(pk=progress.pk, done=progress.done, rows=progress.rows).update(done=done) != 1:
        return False
    entries = zip(batch["customer_id"].to_pylist(), batch["at"].to_pylist(), batch["facts"].to_pylist(), strict=True)
    rows = ((customer, instant(at), "tier", facts, progress.run) for customer, at, facts in entries)
    append(TimelineEntry._meta.db_table, ("customer_id", "at", "kind", "facts", "run"), rows)
    progress.done = done
    return True


def is_synced(workspace: Workspace) -> bool:
    """Whether customers and timeline are up to date; cheap enough to call every few seconds."""
    synced = FollowedLake.objects.first()
    return synced is not None and (synced.fingerprint, synced.run) == state_of(workspace)
