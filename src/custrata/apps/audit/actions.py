"""Write down what was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F

from custrata.apps.audit.models import Change

ERASED = "erased"  # stands where a customer's id stood
PORTION = 500  # ids in one statement
SECRET = re.compile(r"password|token|secret|session_key", re.IGNORECASE)


class Actor(Protocol):
    """Whoever did it: a user, seen from below."""

    @property
    def pk(self) -> int: ...

    @property
    def username(self) -> str: ...


def record_change(
    *,
    actor: Actor | None,
    at: datetime,
    action: str,
    subject: str,
    subject_id: str,
    customer_id: str | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Write down one change, in the transaction of the change itself.

    `action` is `<app>.<verb>`; the app's wording names it under `audit.<verb>`. `actor` is None where the server did
    it by itself. Raises `ValueError` when `before` or `after` names something that must never be written down.
    """
    for name in (*(before or ()), *(after or ())):
        if SECRET.search(name):
            raise ValueError(f"{name} is never written into the audit")
    Change.objects.create(
        at=at,
        actor_id=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        customer_id=customer_id,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )


@transaction.atomic
def erase_customers(*, customer_ids: Sequence[str], at: datetime) -> int:
    """Take what is known of erased customers out of the audit; how many rows spoke of them.

    That something was done, by whom and when, stays; of whom and what, goes.
    """
    rows = 0
    with opened(connection):
        for start in range(0, len(customer_ids), PORTION):
            theirs = Change.objects.filter(customer_id__in=customer_ids[start : start + PORTION])
            theirs.filter(subject_id=F("customer_id")).update(subject_id=ERASED)
            rows += theirs.update(customer_id=ERASED, before=None, after=None)
    if customer_ids:
        after = {"customers": len(customer_ids), "rows": rows}
        record_change(actor=None, at=at, action="audit.erase", subject="audit", subject_id="", after=after)
    return rows


@contextmanager
def opened(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The audit without its triggers, for as long as the block lasts; inside a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_change'")
            triggers = cursor.fetchall()
            closing = [sql for _, sql in triggers]
            opening = [f'DROP TRIGGER "{name}"' for name, _ in triggers]
        else:
            closing = ["ALTER TABLE audit_change ENABLE TRIGGER USER"]
            opening = ["ALTER TABLE audit_change DISABLE TRIGGER USER"]
        for statement in opening:
            cursor.execute(statement)
        yield
        for statement in closing:
            cursor.execute(statement)
