"""Queries on customers."""

from custrata.apps.customers.queries.customers import (
    contacts_of,
    customer_by_id,
    notes_of,
    owners,
    tag_groups,
    tags,
    tags_of,
    tags_with_customers,
)
from custrata.apps.customers.queries.decided import decisions
from custrata.apps.customers.queries.searching import SearchResult, search_customers
from custrata.apps.customers.queries.state import state_of

__all__ = [
    "SearchResult",
    "contacts_of",
    "customer_by_id",
    "decisions",
    "notes_of",
    "owners",
    "search_customers",
    "state_of",
    "tag_groups",
    "tags",
    "tags_of",
    "tags_with_customers",
]
