"""Set and end overrides: tiers given to customers by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import lock_customer, record_with_timeline
from custrata.apps.customers.models import Customer
from custrata.apps.tiers.models import Override
from custrata.apps.tiers.queries.overrides import override
from custrata.errors import BadInput, Refused
from custrata.pipeline.decisions import AT_LEAST, EXACTLY
from custrata.web.schemes import tiers_of_scheme
from custrata.web.versions import Parts, ensure_unchanged

Unchanged = Callable[[object], None]


class NoSuchTier(BadInput):
    status = 404
    template = "The scheme {scheme} has no tier {tier}."


class OverrideNeedsReason(BadInput):
    template = "Give a reason, for those who read it later."


class OverrideEndsBefore(BadInput):
    template = "{until} is in the past. Choose a later day, or leave it empty."


class NoSuchMode(BadInput):
    status = 404
    template = "The mode of an override is at_least or exactly, not “{mode}”."


class NothingToEnd(Refused):
    template = "{customer_id} has no override in {scheme}, or it was ended already."


def accept_any(current: object) -> None:
    """Accept any current override: the default check."""


@transaction.atomic
def set_override(
    *,
    customer_id: str,
    scheme: str,
    tier: str,
    reason: str,
    until: datetime | None,
    actor: User | None,
    at: datetime,
    mode: str = AT_LEAST,
    opened: Parts | None = None,
    unchanged: Unchanged = accept_any,
) -> Override:
    """Set a customer's override in a scheme, replacing the previous one. It takes effect with the next refresh.

    `mode` is `at_least` (the better of this and the computed tier applies) or `exactly`. `opened` is the override as
    the form showed it; `unchanged` may refuse the current one by raising.

    Raises `ChangedMeanwhile`, `NoSuchTier`, `NoSuchCustomer`, `OverrideNeedsReason`, `OverrideEndsBefore`,
    `NoSuchMode`.
    """
    if mode not in (AT_LEAST, EXACTLY):
        raise NoSuchMode(mode=mode)
    if tier not in tiers_of_scheme(scheme):
        raise NoSuchTier(scheme=scheme, tier=tier)
    if not reason.strip():
        raise OverrideNeedsReason
    if until is not None and until <= at:
        raise OverrideEndsBefore(until=until.date().isoformat())
    lock_customer(customer_id)  # locks the customer: concurrent changes of their overrides wait
    before = override(customer_id, scheme)
    ensure_unchanged(opened, override_data(before))
    unchanged(override_data(before))
    facts = {"tier": tier, "mode": mode, "reason": reason.strip(), "until": until, "approver": actor, "approved_at": at}
    stored, _ = Override.objects.update_or_create(customer_id=customer_id, scheme=scheme, defaults=facts)
    record_with_timeline(
        stored,
        "tiers.override",
        override_data(before),
        override_data(stored),
        facts=_timeline_facts(stored),
        actor=actor,
        at=at,
    )
    return stored


@transaction.atomic
def end_override(
    *,
    customer_id: str,
    scheme: str,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
    unchanged: Unchanged = accept_any,
) -> None:
    """Remove an override, from the next refresh on. Raises `NothingToEnd`, `ChangedMeanwhile`."""
    Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    stored = Override.objects.select_for_update().filter(customer_id=customer_id, scheme=scheme).first()
    if stored is None:
        raise NothingToEnd(customer_id=customer_id, scheme=scheme)
    ensure_unchanged(opened, override_data(stored))
    unchanged(override_data(stored))
    stored.delete()
    record_with_timeline(
        stored, "tiers.override_ended", override_data(stored), facts=_timeline_facts(stored), actor=actor, at=at
    )


def delete_orphaned_overrides() -> int:
    """Delete the overrides of customers that no longer exist. Returns their number."""
    there = Customer.objects.filter(customer_id=OuterRef("customer_id"))
    return Override.objects.filter(~Exists(there)).delete()[0]


def override_data(override: Override | None) -> dict[str, object] | None:
    """An override as plain values; None without one."""
    if override is None:
        return None
    until = override.until.isoformat() if override.until else None
    return {
        "scheme": override.scheme,
        "tier": override.tier,
        "mode": override.mode,
        "reason": override.reason,
        "until": until,
    }


def _timeline_facts(override: Override) -> dict[str, object]:
    return {"scheme": override.scheme, "tier": override.tier, "reason": override.reason}
