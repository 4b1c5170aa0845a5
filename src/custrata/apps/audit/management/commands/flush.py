"""Override of `flush` that also empties the audit table, whose triggers would refuse it."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction

from custrata.apps.audit.actions import triggers_disabled


class Command(flush.Command):
    """Django's command with the audit triggers disabled, in one transaction."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        with transaction.atomic(using=connection.alias), triggers_disabled(connection):
            super().handle(**options)
