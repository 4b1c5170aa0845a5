"""Record exports of customers in the audit log."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject


@transaction.atomic
def record_export(*, chosen: str, customers: int, kind: str, actor: User, at: datetime) -> None:
    """Record who exported which customers, and how many."""
    after: dict[str, object] = {"chosen": chosen, "customers": customers, "kind": kind}
    record(Subject("customers"), "customers.export", after=after, actor=actor, at=at)
