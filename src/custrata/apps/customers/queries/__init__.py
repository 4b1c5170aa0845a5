"""What there is to read of customers."""

from custrata.apps.customers.queries.customers import (
    contacts_of,
    found_customer,
    notes_of,
    owners,
    tag_groups,
    tags,
    tags_of,
    tags_with_customers,
)
from custrata.apps.customers.queries.decided import decisions
from custrata.apps.customers.queries.searching import Found, found_customers
from custrata.apps.customers.queries.state import state_of

__all__ = [
    "Found",
    "contacts_of",
    "decisions",
    "found_customer",
    "found_customers",
    "notes_of",
    "owners",
    "state_of",
    "tag_groups",
    "tags",
    "tags_of",
    "tags_with_customers",
]
