"""Record events on a customer's timeline, which journeys, webhooks and pages read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from custrata.apps.accounts.models import User
from custrata.apps.customers.models import TimelineEntry


def record_on_timeline(
    *, customer_id: str, at: datetime, kind: str, facts: Mapping[str, object], actor: User | None
) -> TimelineEntry:
    """Add an entry, in the transaction of the event. An app declares the `kind` in its `apps.py`."""
    return TimelineEntry.objects.create(customer_id=customer_id, at=at, kind=kind, facts=dict(facts), actor=actor)
