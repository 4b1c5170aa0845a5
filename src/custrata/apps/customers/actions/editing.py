"""Say what an attribute of a customer is, against what the sources say; and take that back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.customers.actions.known import held_customer
from custrata.apps.customers.actions.timeline import record_on_timeline
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
    template = "“{value}” cannot be used here. Look at the hint beside the field and try again."


class NothingToUndo(Refused):
    template = "Nobody has edited this: what is shown comes from the sources."


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
    """Say what an attribute is; an empty value empties it. Whether anything changed.

    `source_value` is what the sources say, for the audit and for who undoes it. The list shows it at once, tiers and
    traits at the next refresh. `opened` is what the person saw, by the attribute's name.

    Raises `NoSuchCustomer`, `ChangedMeanwhile`, `NotEditable`, `UnusableValue`.
    """
    if attribute not in EDITABLE:
        raise NotEditable(attribute=attribute)
    said = usable_value(attribute, value)
    customer = held_customer(customer_id)
    held = Edit.objects.filter(customer_id=customer_id, attribute=attribute).first()
    before = held.value if held is not None else source_value
    if (before or None) == said:
        return False
    ensure_unchanged(opened, {attribute: before})
    fields = {"value": said, "at": at, "actor": actor}
    Edit.objects.update_or_create(customer_id=customer_id, attribute=attribute, defaults=fields)
    _show(customer, attribute, said)
    _tell(customer_id, "edit", attribute, before=before, after=said, actor=actor, at=at)
    return True


@transaction.atomic
def undo_edit(*, customer_id: str, attribute: str, source_value: str | None, actor: User | None, at: datetime) -> None:
    """Let an attribute be what the sources say again. Raises `NoSuchCustomer`, `NothingToUndo`."""
    customer = held_customer(customer_id)
    held = Edit.objects.filter(customer_id=customer_id, attribute=attribute).first()
    if held is None:
        raise NothingToUndo
    held.delete()
    _show(customer, attribute, source_value)
    _tell(customer_id, "undo", attribute, before=held.value, after=source_value, actor=actor, at=at)


def usable_value(attribute: str, value: str) -> str | None:
    """A value as it is kept; none where it says nothing. Raises `UnusableValue`."""
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
    """In international form where it says its country, else as it was typed; it has to have digits."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException as error:
        if sum(character.isdigit() for character in text) < 3:
            raise ValueError(text) from error
        return text


def _show(customer: Customer, attribute: str, value: str | None) -> None:
    """Search and lists show it at once."""
    if attribute not in CONTACT_COLUMNS:
        return
    setattr(customer, attribute, value or "")
    parts = [customer.customer_id, *(getattr(customer, name) for name in CONTACT_COLUMNS)]
    customer.search = searchable(*parts)[:LONGEST_SEARCH]
    customer.save(update_fields=[attribute, "search"])


def _tell(
    customer_id: str,
    verb: str,
    attribute: str,
    *,
    before: str | None,
    after: str | None,
    actor: User | None,
    at: datetime,
) -> None:
    facts: Mapping[str, object] = {"attribute": attribute, "before": before, "after": after}
    record_on_timeline(customer_id=customer_id, at=at, kind=verb, facts=facts, actor=actor)
    record_change(
        actor=actor,
        at=at,
        action=f"customers.{verb}",
        subject="customer",
        subject_id=customer_id,
        customer_id=customer_id,
        before={attribute: before},
        after={attribute: after},
    )
