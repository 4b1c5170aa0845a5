"""Record what happened to a customer on their timeline, which journeys, webhooks and pages read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Audited
from custrata.apps.customers.models import TimelineEntry


def record_with_timeline(
    subject: Audited,
    verb: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    *,
    facts: Mapping[str, object],
    actor: User | None,
    at: datetime,
    kind: str = "",
) -> None:
    """Record a change in the audit log and on the timeline of the customer it concerns, if any.

    The `kind` of the timeline entry is the verb without its app, unless given. An app declares its kinds in its
    `apps.py`.
    """
    customer_id = subject.audit_subject.customer_id
    if customer_id is not None:
        kind = kind or verb.rpartition(".")[2]
        TimelineEntry.objects.create(customer_id=customer_id, at=at, kind=kind, facts=dict(facts), actor=actor)
    record(subject, verb, before, after, actor=actor, at=at)
