"""Exclude customers from grading, and include them again; the command line uses the same list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Subject
from custrata.apps.customers.actions.lookups import lock_customer
from custrata.apps.customers.actions.timeline import record_with_timeline
from custrata.lake import Workspace


@transaction.atomic
def exclude_customers(
    workspace: Workspace, *, customer_ids: Sequence[str], reason: str, actor: User | None, at: datetime
) -> list[str]:
    """Exclude customers from grading from the next refresh on; those that were not before.

    Raises `NoSuchCustomer`, `NoReason`, `Busy`.
    """
    for customer_id in customer_ids:
        lock_customer(customer_id)
    added = workspace.exclusions.add(customer_ids, reason=reason, by=str(actor or ""), at=at)
    for customer_id in added:
        subject, facts = Subject("customer", customer_id, customer_id), {"reason": reason.strip()}
        record_with_timeline(subject, "customers.exclude", after=facts, facts=facts, actor=actor, at=at)
    return added


@transaction.atomic
def include_customers(
    workspace: Workspace, *, customer_ids: Sequence[str], actor: User | None, at: datetime
) -> list[str]:
    """Grade customers again from the next refresh on; return those that were excluded. Raises `Busy`."""
    removed = workspace.exclusions.remove(customer_ids)
    for customer_id in removed:
        subject = Subject("customer", customer_id, customer_id)
        record_with_timeline(subject, "customers.include", facts={}, actor=actor, at=at)
    return removed
