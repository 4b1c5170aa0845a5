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
from custrata.apps.customers.actions.forgetting import forget
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
TAKE_OVER = """
INSERT INTO customers_customer (customer_id, name, phone, email, company, search, mark)
SELECT customer_id, name, phone, email, company, search, mark FROM {staged} WHERE true
ON CONFLICT (customer_id) DO UPDATE SET
    name = excluded.name, phone = excluded.phone, email = excluded.email, company = excluded.company,
    search = excluded.search, mark = excluded.mark
WHERE customers_customer.mark <> excluded.mark
"""

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Followed:
    """What following did: customers new or changed, customers gone, moves put on the timeline."""

    changed: int = 0
    gone: int = 0
    moves: int = 0


def follow_lake(workspace: Workspace, *, at: datetime, tell: Tell = lambda fraction: None) -> Followed:
    """Bring customers and timeline up to the lake and the runs as they are.

    A customer whom neither lake nor published run knows any more was erased, and goes with everything about them.
    """
    with workspace.lake.reading() as lake:
        state = state_of(workspace)
        kept = FollowedLake.objects.first()
        if kept is not None and (kept.fingerprint, kept.run) == state:
            return Followed()
        changed, gone = _follow_customers(workspace, lake, at=at, tell=tell)
        moved = _follow_runs(workspace, tell)
        FollowedLake.objects.update_or_create(only=True, defaults={"fingerprint": state[0], "run": state[1], "at": at})
    return Followed(changed, gone, moved)


def _follow_customers(workspace: Workspace, lake: LakeSnapshot, *, at: datetime, tell: Tell) -> tuple[int, int]:
    changed, known = 0, known_customers()
    with contacts(workspace, lake, decisions()) as found:
        for batch in found.changed(known, PORTION):
            _take_over(batch)
            changed += len(batch)
            tell(0.8 * min(1.0, changed / max(len(known), PORTION)))
        gone = found.gone(known)
    for start in range(0, len(gone), PORTION):
        forget(customer_ids=gone[start : start + PORTION], at=at)
    return changed, len(gone)


def known_customers() -> pa.Table:
    """`customer_id` and `mark` of every customer here, read past the ORM."""

    def batches() -> Iterator[pa.RecordBatch]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT customer_id, mark FROM customers_customer")
            while rows := cursor.fetchmany(PORTION):
                yield pa.RecordBatch.from_arrays(
                    [pa.array(column) for column in zip(*rows, strict=True)], schema=MARKS_SCHEMA
                )

    return pa.Table.from_batches(batches(), MARKS_SCHEMA)


@transaction.atomic
def _take_over(batch: pa.RecordBatch) -> None:
    columns = [batch[name].to_pylist() for name in COLUMNS]
    with staged(COLUMNS, zip(*columns, strict=True)) as name:
        run(TAKE_OVER.format(staged=name))


def _follow_runs(workspace: Workspace, tell: Tell) -> int:
    """Put the moves of every run on the timeline, each once; those of a run that was superseded leave it."""
    with workspace.runs.reading():
        present = workspace.runs.history()
        _leave_out({one.id for one in present})
        return sum(_follow_run(one, tell) for one in present)


def _leave_out(present: set[str]) -> None:
    for gone in FollowedRun.objects.exclude(run__in=present):
        with transaction.atomic():
            TimelineEntry.objects.filter(run=gone.run).delete()
            gone.delete()


def _follow_run(followed: Run, tell: Tell) -> int:
    many = moves_in(followed)
    held, _ = FollowedRun.objects.get_or_create(run=followed.id, defaults={"rows": many})
    if held.rows != many:  # somebody was erased from it meanwhile: what is counted is no longer what is there
        held = _begin_again(held, many)
    before = held.done
    for batch in moves(followed, start=held.done, rows=PORTION) if held.done < many else ():
        if not _put_moves(held, batch):
            break  # another process is at it
        tell(0.8 + 0.2 * held.done / many)
    return held.done - before


@transaction.atomic
def _begin_again(held: FollowedRun, rows: int) -> FollowedRun:
    TimelineEntry.objects.filter(run=held.run).delete()
    held.rows, held.done = rows, 0
    held.save(update_fields=["rows", "done"])
    return held


@transaction.atomic
def _put_moves(held: FollowedRun, batch: pa.RecordBatch) -> bool:
    """Add a portion and count it, together; False where the count is no longer what we know."""
    done = held.done + len(batch)
    if FollowedRun.objects.filter(pk=held.pk, done=held.done, rows=held.rows).update(done=done) != 1:
        return False
    told = zip(batch["customer_id"].to_pylist(), batch["at"].to_pylist(), batch["facts"].to_pylist(), strict=True)
    rows = ((customer, instant(at), "tier", facts, held.run) for customer, at, facts in told)
    append(TimelineEntry._meta.db_table, ("customer_id", "at", "kind", "facts", "run"), rows)
    held.done = done
    return True


def is_followed(workspace: Workspace) -> bool:
    """Whether customers and timeline are up to date; cheap enough to ask every few seconds."""
    kept = FollowedLake.objects.first()
    return kept is not None and (kept.fingerprint, kept.run) == state_of(workspace)
