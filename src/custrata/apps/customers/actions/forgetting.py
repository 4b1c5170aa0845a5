"""Forget customers: whoever was erased from the lake leaves the database too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from custrata.apps.audit.actions import erase_customers
from custrata.apps.customers.actions.bulk import run, staged

OF_CUSTOMERS = ("customers_edit", "customers_customertag", "customers_note", "customers_timelineentry")


@transaction.atomic
def forget(*, customer_ids: Sequence[str], at: datetime) -> int:
    """Take customers, and everything that was decided or written down about them, out of the database; how many."""
    erase_customers(customer_ids=customer_ids, at=at)
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in customer_ids)) as name:
        for table in OF_CUSTOMERS:
            run(f"DELETE FROM {table} WHERE customer_id IN (SELECT customer_id FROM {name})")
        return run(f"DELETE FROM customers_customer WHERE customer_id IN (SELECT customer_id FROM {name})")
