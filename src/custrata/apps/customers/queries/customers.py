"""Customers by id, tag and owner, and their notes and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count, QuerySet

from custrata.apps.accounts.models import User
from custrata.apps.customers.models import Customer, CustomerTag, Note, Tag, TagGroup


def customer_by_id(customer_id: str) -> Customer | None:
    """The customer with that id."""
    return Customer.objects.select_related("owner").filter(customer_id=customer_id).first()


def contacts_of(customer_ids: Sequence[str]) -> dict[str, Customer]:
    """Customers by id, with their owners."""
    customers = Customer.objects.select_related("owner").filter(customer_id__in=customer_ids).defer("search", "mark")
    return {customer.customer_id: customer for customer in customers}


def tags_of(customer_ids: Sequence[str]) -> dict[str, list[Tag]]:
    """The tags of customers, by name."""
    tags_by_customer: dict[str, list[Tag]] = {}
    rows = CustomerTag.objects.filter(customer_id__in=customer_ids).select_related("tag__group").order_by("tag__name")
    for row in rows:
        tags_by_customer.setdefault(row.customer_id, []).append(row.tag)
    return tags_by_customer


def tag_values(customers: Mapping[str, Customer]) -> dict[str, list[Tag]]:
    """The tags of customers by id, for the column `tags` of the list."""
    return tags_of(list(customers)) if customers else {}


def owner_values(customers: Mapping[str, Customer]) -> dict[str, User | None]:
    """The owners of customers by id, for the column `owner` of the list."""
    return {customer_id: customer.owner for customer_id, customer in customers.items()}


def notes_of(customer_id: str) -> QuerySet[Note]:
    """The notes on a customer, newest first."""
    return Note.objects.filter(customer_id=customer_id).select_related("actor").order_by("-at", "-id")


def tags() -> QuerySet[Tag]:
    """Every tag, by group and name."""
    return Tag.objects.select_related("group").order_by("group__name", "name")


def tags_with_customers() -> QuerySet[Tag]:
    """Every tag with how many customers have it, as `many`."""
    return tags().annotate(many=Count("customers"))


def tag_groups() -> QuerySet[TagGroup]:
    """Every group of tags."""
    return TagGroup.objects.order_by("name")


def owners() -> QuerySet[User]:
    """The people who can own customers."""
    return User.objects.filter(is_active=True).order_by("name", "username")
