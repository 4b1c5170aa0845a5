"""Filters of the list of customers by what the database knows: those that the apps declare, and those of this app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.db.models import Q, QuerySet

from custrata.apps.customers.models import Customer, Tag
from custrata.apps.customers.queries.customers import owners, tags
from custrata.web.manifest import ListFilter, function, manifests
from custrata.web.texts import text

UNOWNED = "none"


@dataclass(frozen=True)
class Selection:
    """Whom a filter lets through: the customers of a condition, or all but those. No customer meets it twice."""

    condition: Q
    excluded: bool = False

    def within(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        """Those of these customers."""
        return customers.exclude(self.condition) if self.excluded else customers.filter(self.condition)

    def ids(self) -> list[str]:
        """The ids of the customers of the condition."""
        return list(Customer.objects.filter(self.condition).order_by().values_list("customer_id", flat=True))


@cache
def list_filters() -> dict[str, ListFilter]:
    """Every filter that an app declares, by its name in the address."""
    return {declared.name: declared for app in manifests() for declared in app.list_filters}


def selection_of(name: str, value: str) -> Selection | None:
    """Whom a value of a filter lets through; none where the value makes no sense."""
    selection: Selection | None = function(list_filters()[name].customers)(value)
    return selection


def whole_number(written: str) -> int | None:
    """The number that a value of an address is; none where it is none."""
    return int(written) if written.isdecimal() and len(written) < 19 else None


def tag_choices() -> list[tuple[str, str]]:
    """Every tag."""
    return [(str(tag.pk), tag.name) for tag in tags()]


def tagged(value: str) -> Selection | None:
    """Customers with a tag."""
    tag_id = whole_number(value)
    return Selection(Q(tags__tag_id=tag_id)) if tag_id is not None else None


def tag_chip(value: str) -> str:
    """The tag by name."""
    tag = Tag.objects.filter(pk=value).first()
    return text("customers.chip.tag", tag=tag.name if tag else "?")


def owner_choices() -> list[tuple[str, str]]:
    """Nobody, and everybody who may look after customers."""
    return [(UNOWNED, text("customers.owner.nobody")), *((str(person.pk), str(person)) for person in owners())]


def owned(value: str) -> Selection | None:
    """Customers whom a person looks after; or whom nobody does, which holds for those the database lacks too."""
    if value == UNOWNED:
        return Selection(Q(owner__isnull=False), excluded=True)
    person_id = whole_number(value)
    return Selection(Q(owner_id=person_id)) if person_id is not None else None


def owner_chip(value: str) -> str:
    """The owner by name."""
    if value == UNOWNED:
        return text("customers.chip.unowned")
    person = owners().filter(pk=value).first()
    return text("customers.chip.owner", owner=str(person) if person else "?")
