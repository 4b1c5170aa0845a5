"""Customer look-up for actions."""

from __future__ import annotations

from custrata.apps.customers.models import Customer
from custrata.errors import BadInput


class NoSuchCustomer(BadInput):
    status = 404
    template = "There is no customer “{customer}”. Look at the list again."


def lock_customer(customer_id: str) -> Customer:
    """The customer, locked until the transaction ends. Raises `NoSuchCustomer`."""
    customer = Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    if customer is None:
        raise NoSuchCustomer(customer=customer_id)
    return customer
