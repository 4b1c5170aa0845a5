"""Save the columns of a person's customer list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.customers.models import ListColumns

MOST = 40


@transaction.atomic
def choose_columns(*, columns: Sequence[str], actor: User, at: datetime) -> list[str]:
    """Save the columns without duplicates; an empty list restores the defaults.

    A preference, so not recorded in the audit log.
    """
    chosen = list(dict.fromkeys(columns))[:MOST]
    if chosen:
        ListColumns.objects.update_or_create(person=actor, defaults={"columns": chosen})
    else:
        ListColumns.objects.filter(person=actor).delete()
    return chosen
