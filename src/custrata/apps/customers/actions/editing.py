"""Override an attribute of a customer, and undo the override."""

from __future__ import annotations

from datetime import date, datetime

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions.lookups import lock_customer
from custrata.apps.customers.actions.timeline import record_with_timeline
from custrata.apps.customers.models import Customer, Edit
from custrata.errors import BadInput, Refused
from custrata.identity.folding import searchable
from custrata.identity.golden import EDITABLE
from custrata.pipeline.reading.contacts import CONTACT_COLUMNS, LONGEST_SEARCH
from custrata.web.versions import Parts, ensure_unchanged

CHOICES = {"kind": ("person", "company"), "gender": ("female", "male", "other")}
LONGEST = 1_000


class NotEditable(BadInput):
    template = "“{attribute}” cannot be edited here."


class UnusableValue(BadInput):
    template = "“{value}” cannot be used here. Check the hint next to the field and try again."


class NothingToUndo(Refused):
    template = "There is no edit to undo: the value comes from the sources."


@transaction.atomic
def edit_attribute(
    *,
    customer_id: str,
    attribute: str,
    value: str,
    source_value: str | None,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
) -> bool:
    """Override an attribute; an empty value clears it. Return whether anything changed.

    `source_value` is the value from the sources, for the audit log. Lists show the edit at once, tiers and traits at
    the next refresh. `opened` is the state the person saw, by the attribute's name.

    Raises `NoSuchCustomer`, `ChangedMeanwhile`, `NotEditable`, `UnusableValue`.
    """
    if attribute not in EDITABLE:
        raise NotEditable(attribute=attribute)
    new_value = usable_value(attribute, value)
    customer = lock_customer(customer_id)
    existing = Edit.objects.filter(customer_id=customer_id, attribute=attribute).first()
    before = existing.value if existing is not None else source_value
    if (before or None) == new_value:
        return False
    ensure_unchanged(opened, {attribute: before})
    fields = {"value": new_value, "at": at, "actor": actor}
    Edit.objects.update_or_create(customer_id=customer_id, attribute=attribute, defaults=fields)
    _update_customer(customer, attribute, new_value)
    facts = {"attribute": attribute, "before": before, "after": new_value}
    changed = {attribute: before}, {attribute: new_value}
    record_with_timeline(customer, "customers.edit", *changed, facts=facts, actor=actor, at=at)
    return True


@transaction.atomic
def undo_edit(*, customer_id: str, attribute: str, source_value: str | None, actor: User | None, at: datetime) -> None:
    """Restore the value of the sources. Raises `NoSuchCustomer`, `NothingToUndo`."""
    customer = lock_customer(customer_id)
    existing = Edit.objects.filter(customer_id=customer_id, attribute=attribute).first()
    if existing is None:
        raise NothingToUndo
    existing.delete()
    _update_customer(customer, attribute, source_value)
    facts = {"attribute": attribute, "before": existing.value, "after": source_value}
    changed = {attribute: existing.value}, {attribute: source_value}
    record_with_timeline(customer, "customers.undo", *changed, facts=facts, actor=actor, at=at)


def usable_value(attribute: str, value: str) -> str | None:
    """A value in its stored form; None if empty. Raises `UnusableValue`."""
    text = " ".join(value.split())
    if not text:
        return None
    if len(text) > LONGEST or text not in CHOICES.get(attribute, (text,)):
        raise UnusableValue(value=text[:80])
    try:
        match attribute:
            case "birthday":
                return date.fromisoformat(text).isoformat()
            case "email":
                validate_email(text)
                return text.lower()
            case "phone":
                return _phone(text)
    except (ValueError, ValidationError) as error:
        raise UnusableValue(value=text[:80]) from error
    return text


def _phone(text: str) -> str:
    """In E.164 form if it has a country code, else as typed; it must have digits."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException as error:
        if sum(character.isdigit() for character in text) < 3:
            raise ValueError(text) from error
        return text


def _update_customer(customer: Customer, attribute: str, value: str | None) -> None:
    """Update the customer, so that search and lists show the value at once."""
    if attribute not in CONTACT_COLUMNS:
        return
    setattr(customer, attribute, value or "")
    parts = [customer.customer_id, *(getattr(customer, name) for name in CONTACT_COLUMNS)]
    customer.search = searchable(*parts)[:LONGEST_SEARCH]
    customer.save(update_fields=[attribute, "search"])
