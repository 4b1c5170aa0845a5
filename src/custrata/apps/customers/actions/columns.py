"""Keep which columns a person sees in the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.customers.models import ListColumns

MOST = 40


@transaction.atomic
def choose_columns(*, columns: Sequence[str], actor: User, at: datetime) -> list[str]:
    """Keep the columns, in their order and each once; none: those everybody sees at first. A matter of taste, so it is
    not audited."""
    chosen = list(dict.fromkeys(columns))[:MOST]
    if chosen:
        ListColumns.objects.update_or_create(person=actor, defaults={"columns": chosen})
    else:
        ListColumns.objects.filter(person=actor).delete()
    return chosen
