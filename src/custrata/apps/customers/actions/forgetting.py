"""Forget customers: whoever was erased from the lake leaves the database too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.audit.actions import erase_customers
from custrata.apps.customers.actions.bulk import run, staged
from custrata.apps.customers.models import Customer

TIMELINE = "customers_timelineentry"  # knows its customer by a text, not by a key


@transaction.atomic
def forget(*, customer_ids: Sequence[str], at: datetime) -> int:
    """Take customers, and everything that was decided or written down about them, out of the database; how many."""
    erase_customers(customer_ids=customer_ids, at=at)
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in customer_ids)) as name:
        for table in (*_with_a_key(), TIMELINE):
            run(f"DELETE FROM {table} WHERE customer_id IN (SELECT customer_id FROM {name})")
        return run(f"DELETE FROM customers_customer WHERE customer_id IN (SELECT customer_id FROM {name})")


def _with_a_key() -> list[str]:
    """The tables with a key to customers, also those of the apps above: what they keep about a person goes, too."""
    fields = (found.field for found in Customer._meta.related_objects)
    return [field.model._meta.db_table for field in fields if field.attname == "customer_id"]
