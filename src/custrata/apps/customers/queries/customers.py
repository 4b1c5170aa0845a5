"""Customers by id, tag and owner, and their notes and tags."""

from __future__ import annotations

from collections.abc import Sequence

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


def tagged(tag_id: int) -> list[str]:
    """The ids of the customers that have a tag."""
    return list(CustomerTag.objects.filter(tag_id=tag_id).order_by().values_list("customer__customer_id", flat=True))


def owned_by(person_id: int) -> list[str]:
    """The ids of the customers that a person owns."""
    return list(Customer.objects.filter(owner_id=person_id).order_by().values_list("customer_id", flat=True))


def owned() -> list[str]:
    """The ids of the customers that have an owner."""
    return list(Customer.objects.filter(owner__isnull=False).order_by().values_list("customer_id", flat=True))


def owners() -> QuerySet[User]:
    """The people who can own customers."""
    return User.objects.filter(is_active=True).order_by("name", "username")
