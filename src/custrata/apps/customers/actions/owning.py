"""Assign owners to customers: to one, or to all that match a filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.customers.actions.bulk import record_on_timelines, run, staged
from custrata.apps.customers.actions.tagging import BulkResult
from custrata.apps.customers.models import Customer
from custrata.errors import BadInput
from custrata.web.versions import Parts, ensure_unchanged


class NoSuchOwner(BadInput):
    status = 404
    template = "There is no such person, or they were deactivated. Choose someone else."


@transaction.atomic
def assign_owner(
    *,
    customer_ids: Sequence[str],
    owner_id: int | None,
    actor: User | None,
    at: datetime,
    selection: str = "",
    opened: Parts | None = None,
) -> BulkResult:
    """Assign an owner to customers, or remove it if `owner_id` is None. Unknown ids are ignored.

    `selection` describes for the audit log how the customers were chosen; `opened` is the owner that was shown for a
    single customer.

    Raises `NoSuchOwner`, `ChangedMeanwhile`.
    """
    owner = User.objects.filter(pk=owner_id, is_active=True).first() if owner_id is not None else None
    if owner_id is not None and owner is None:
        raise NoSuchOwner
    single_id = customer_ids[0] if len(customer_ids) == 1 else None
    before = None
    if single_id is not None:
        Customer.objects.select_for_update().filter(customer_id=single_id).first()
        before = _owner_of(single_id)
        if before != (str(owner) if owner else None):
            ensure_unchanged(opened, {"owner": before})
    other = "c.owner_id IS DISTINCT FROM CAST(%s AS bigint)"
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in set(customer_ids))) as name:
        sql = f"SELECT c.customer_id FROM customers_customer AS c JOIN {name} USING (customer_id) WHERE {other}"
        facts: dict[str, object] = {"owner": str(owner) if owner else None}
        many = record_on_timelines(
            sql, [owner_id], kind="own", facts=facts, actor_id=actor.pk if actor else None, at=at
        )
        run(
            "UPDATE customers_customer SET owner_id = CAST(%s AS bigint) "
            f"WHERE customer_id IN (SELECT customer_id FROM {name})",
            [owner_id],
        )
    if many:
        record(
            Subject("customer", single_id or "", single_id),
            "customers.own",
            {"owner": before} if single_id is not None else None,
            {**facts, "customers": many} | ({"chosen": selection} if selection else {}),
            actor=actor,
            at=at,
        )
    return BulkResult(many, len(customer_ids))


def _owner_of(customer_id: str) -> str | None:
    owner = User.objects.filter(customers__customer_id=customer_id).first()
    return str(owner) if owner else None
