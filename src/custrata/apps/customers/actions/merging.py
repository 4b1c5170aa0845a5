"""Move what stands in the database about one customer to another, where both are the same person."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from custrata.apps.customers.queries.personal import personal_models

CUSTOMER = "customer", "customer_id"


@transaction.atomic
def move_rows(*, source: str, target: str) -> dict[str, int]:
    """Give the rows about one customer to another, in every table whose rows move; how many did, by table.

    Where the table allows a row only once per customer and the other has it already, theirs stays and this one goes.
    """
    moved: dict[str, int] = {}
    for model, declared in personal_models():
        if declared.moves:
            rows = model._base_manager.filter(customer_id=source)
            for duplicate in _duplicates(model, target):
                rows.filter(duplicate).delete()
            moved[model._meta.db_table] = rows.update(customer_id=target)
    return {table: count for table, count in moved.items() if count}


def _duplicates(model: type[models.Model], target: str) -> list[Q]:
    """Of each unique constraint with the customer in it: rows that the target has a like of."""
    found: list[Q] = []
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and set(CUSTOMER) & set(constraint.fields):
            same = {name: OuterRef(name) for name in constraint.fields if name not in CUSTOMER}
            condition = constraint.condition or Q()
            found.append(condition & Q(Exists(model._base_manager.filter(condition, customer_id=target, **same))))
    return found
