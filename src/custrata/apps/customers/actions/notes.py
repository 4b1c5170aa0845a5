"""Write and remove notes about customers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions.lookups import lock_customer
from custrata.apps.customers.actions.timeline import record_with_timeline
from custrata.apps.customers.models import Note
from custrata.errors import BadInput, Refused

LONGEST = 10_000


class EmptyNote(BadInput):
    template = "The note is empty. Enter some text."


class NoteTooLong(BadInput):
    template = "The note is longer than {most} characters. Shorten it."


class NoSuchNote(BadInput):
    status = 404
    template = "This note no longer exists."


class NotYourNote(Refused):
    template = "Someone else wrote this note. Only its author, or people who may assign owners, can delete it."


@transaction.atomic
def write_note(*, customer_id: str, text: str, actor: User | None, at: datetime) -> Note:
    """Write a note. Raises `NoSuchCustomer`, `EmptyNote`, `NoteTooLong`."""
    stripped = text.strip()
    if not stripped:
        raise EmptyNote
    if len(stripped) > LONGEST:
        raise NoteTooLong(most=LONGEST)
    lock_customer(customer_id)
    note = Note.objects.create(customer_id=customer_id, text=stripped, actor=actor, at=at)
    after, facts = {"text": stripped}, {"note": note.pk}
    record_with_timeline(note, "customers.write_note", None, after, facts=facts, actor=actor, at=at)
    return note


@transaction.atomic
def remove_note(*, customer_id: str, note_id: int, anybodys: bool, actor: User | None, at: datetime) -> None:
    """Remove a note: one's own, or with `anybodys` anyone's. Raises `NoSuchNote`, `NotYourNote`."""
    note = Note.objects.select_for_update().filter(customer_id=customer_id, pk=note_id).first()
    if note is None:
        raise NoSuchNote
    if not anybodys and (actor is None or note.actor_id != actor.pk):
        raise NotYourNote
    before, facts = {"text": note.text}, {"note": note.pk}
    record_with_timeline(note, "customers.remove_note", before, facts=facts, actor=actor, at=at)
    note.delete()
