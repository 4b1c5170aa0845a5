"""`flush` empties every table, the audit's too, whose triggers would otherwise refuse it."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction

from custrata.apps.audit.actions import opened


class Command(flush.Command):
    """Django's command with the audit opened while it runs; both happen or neither."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        with transaction.atomic(using=connection.alias), opened(connection):
            super().handle(**options)
