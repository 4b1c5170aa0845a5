"""`flush` empties every table, the audit's too, whose triggers would otherwise refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


class Command(flush.Command):
    """Django's command with the audit opened while it runs; both happen or neither."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        with transaction.atomic(using=connection.alias), _opened(connection):
            super().handle(**options)


@contextmanager
def _opened(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The audit without its triggers."""
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
