"""Record changes in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F

from custrata.apps.audit.models import Audited, Change, Subject

ERASED = "erased"  # replaces the id of an erased customer
BATCH_SIZE = 500  # ids per statement
SECRET = re.compile(r"password|token|secret|session_key", re.IGNORECASE)


@dataclass(frozen=True)
class SystemUser:
    """The operating-system user of a command: an actor without an account."""

    username: str
    pk: None = None


class Actor(Protocol):
    """The user who made a change. A protocol, since this app must not import the accounts app."""

    @property
    def pk(self) -> int | None: ...

    @property
    def username(self) -> str: ...


def record(
    subject: Audited,
    verb: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    *,
    actor: Actor | None,
    at: datetime,
) -> None:
    """Record one change, in the same transaction as the change itself.

    `verb` is `<app>.<verb>`; the app's wording names it under `audit.<verb>`. `actor` is None for changes the server
    makes by itself. Raises `ValueError` when `before` or `after` has a field whose name marks it as secret.
    """
    for name in (*(before or ()), *(after or ())):
        if SECRET.search(name):
            raise ValueError(f"{name} is never written into the audit")
    named = subject.audit_subject
    Change.objects.create(
        at=at,
        actor_id=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        action=verb,
        subject=named.kind,
        subject_id=str(named.id),
        customer_id=named.customer_id,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )


@transaction.atomic
def erase_customers(*, customer_ids: Sequence[str], at: datetime, removed: int = 0) -> int:
    """Remove the data of erased customers from the audit log. Returns the number of rows changed.

    Action, actor and time are kept; the customer id and the values before and after are removed. The erasure itself is
    recorded unless it changes nothing here and `removed`, the number of rows removed elsewhere, is 0: then it was
    killed after its work was done, and stands in the log already.
    """
    rows = 0
    with triggers_disabled(connection):
        for start in range(0, len(customer_ids), BATCH_SIZE):
            theirs = Change.objects.filter(customer_id__in=customer_ids[start : start + BATCH_SIZE])
            theirs.filter(subject_id=F("customer_id")).update(subject_id=ERASED)
            rows += theirs.update(customer_id=ERASED, before=None, after=None)
    if rows or removed:
        after = {"customers": len(customer_ids), "rows": rows}
        record(Subject("audit"), "audit.erase", after=after, actor=None, at=at)
    return rows


@contextmanager
def triggers_disabled(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Disable the triggers of the audit table for the duration of the block. Use inside a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_change'")
            triggers = cursor.fetchall()
            enable = [sql for _, sql in triggers]
            disable = [f'DROP TRIGGER "{name}"' for name, _ in triggers]
        else:
            enable = ["ALTER TABLE audit_change ENABLE TRIGGER USER"]
            disable = ["ALTER TABLE audit_change DISABLE TRIGGER USER"]
        for statement in disable:
            cursor.execute(statement)
        yield
        for statement in enable:
            cursor.execute(statement)
