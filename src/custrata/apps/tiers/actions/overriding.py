"""Put a customer into a tier by hand, and take that back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.customers.actions import lock_customer, record_on_timeline
from custrata.apps.customers.models import Customer
from custrata.apps.tiers.models import Override
from custrata.apps.tiers.queries.overrides import override
from custrata.errors import BadInput, Refused
from custrata.pipeline.decisions import AT_LEAST, EXACTLY
from custrata.web.schemes import tiers_of_scheme
from custrata.web.versions import Parts, ensure_unchanged

Unchanged = Callable[[object], None]


class NoSuchTier(BadInput):
    template = "The scheme {scheme} has no tier {tier}."


class OverrideNeedsReason(BadInput):
    template = "Say why: whoever reads it later cannot ask you."


class OverrideEndsBefore(BadInput):
    template = "{until} is over already. Choose a later day, or leave it empty."


class NoSuchMode(BadInput):
    template = "A tier is given at_least or exactly, not “{mode}”."


class NothingToEnd(Refused):
    template = "Nobody gave {customer_id} a tier in {scheme} by hand, or it was taken back already."


def as_it_is(held: object) -> None:
    """Whatever stands there may be changed."""


@transaction.atomic
def put_by_hand(
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
    unchanged: Unchanged = as_it_is,
) -> Override:
    """Give a customer a tier, with a reason; from the next refresh on, and instead of what was given before.

    `mode` is `at_least`, the better of it and the customer's own tier counts, or `exactly`. `opened` is what the person
    saw, `unchanged` may refuse what stands there now.

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
    lock_customer(customer_id)  # whoever sets or takes back a tier of theirs waits for the other
    before = override(customer_id, scheme)
    ensure_unchanged(opened, said_of(before))
    unchanged(said_of(before))
    facts = {"tier": tier, "mode": mode, "reason": reason.strip(), "until": until, "approver": actor, "approved_at": at}
    held, _ = Override.objects.update_or_create(customer_id=customer_id, scheme=scheme, defaults=facts)
    _tell(held, "override", before=said_of(before), after=said_of(held), actor=actor, at=at)
    return held


@transaction.atomic
def end_override(
    *,
    customer_id: str,
    scheme: str,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
    unchanged: Unchanged = as_it_is,
) -> None:
    """Let the numbers decide again, from the next refresh on. Raises `NothingToEnd`, `ChangedMeanwhile`."""
    Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    held = Override.objects.select_for_update().filter(customer_id=customer_id, scheme=scheme).first()
    if held is None:
        raise NothingToEnd(customer_id=customer_id, scheme=scheme)
    ensure_unchanged(opened, said_of(held))
    unchanged(said_of(held))
    held.delete()
    _tell(held, "override_ended", before=said_of(held), after=None, actor=actor, at=at)


def forget_erased() -> int:
    """Drop what was given to customers who are not there any more; how many."""
    there = Customer.objects.filter(customer_id=OuterRef("customer_id"))
    return Override.objects.filter(~Exists(there)).delete()[0]


def said_of(held: Override | None) -> dict[str, object] | None:
    """What somebody decided, as plain values; nothing where nobody did."""
    if held is None:
        return None
    until = held.until.isoformat() if held.until else None
    return {"scheme": held.scheme, "tier": held.tier, "mode": held.mode, "reason": held.reason, "until": until}


def _tell(
    held: Override,
    kind: str,
    *,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
    actor: User | None,
    at: datetime,
) -> None:
    facts = {"scheme": held.scheme, "tier": held.tier, "reason": held.reason}
    record_on_timeline(customer_id=held.customer_id, at=at, kind=kind, facts=facts, actor=actor)
    record_change(
        actor=actor,
        at=at,
        action=f"tiers.{kind}",
        subject="customer",
        subject_id=held.customer_id,
        customer_id=held.customer_id,
        before=before,
        after=after,
    )
