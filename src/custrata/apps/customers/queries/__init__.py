"""Queries on customers."""

from custrata.apps.customers.queries.customers import (
    contacts_of,
    customer_by_id,
    notes_of,
    owned,
    owned_by,
    owners,
    tag_groups,
    tagged,
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
    "owned",
    "owned_by",
    "owners",
    "search_customers",
    "state_of",
    "tag_groups",
    "tagged",
    "tags",
    "tags_of",
    "tags_with_customers",
]
