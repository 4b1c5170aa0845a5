"""Write and remove notes about customers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.customers.actions.lookups import lock_customer
from custrata.apps.customers.actions.timeline import record_on_timeline
from custrata.apps.customers.models import Note
from custrata.errors import BadInput, Refused

LONGEST = 10_000


class EmptyNote(BadInput):
    template = "The note is empty. Write something first."


class NoteTooLong(BadInput):
    template = "The note is longer than {most} characters. Shorten it."


class NoSuchNote(BadInput):
    template = "This note is not there any more."


class NotYourNote(Refused):
    template = "Somebody else wrote this note. Only they, or who may assign owners, can remove it."


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
    _record(note, "write_note", actor, at, after={"text": stripped})
    return note


@transaction.atomic
def remove_note(*, customer_id: str, note_id: int, anybodys: bool, actor: User | None, at: datetime) -> None:
    """Remove a note: one's own, or with `anybodys` anyone's. Raises `NoSuchNote`, `NotYourNote`."""
    note = Note.objects.select_for_update().filter(customer_id=customer_id, pk=note_id).first()
    if note is None:
        raise NoSuchNote
    if not anybodys and (actor is None or note.actor_id != actor.pk):
        raise NotYourNote
    _record(note, "remove_note", actor, at, before={"text": note.text})
    note.delete()


def _record(
    note: Note,
    verb: str,
    actor: User | None,
    at: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    record_on_timeline(customer_id=note.customer_id, at=at, kind=verb, facts={"note": note.pk}, actor=actor)
    record_change(
        actor=actor,
        at=at,
        action=f"customers.{verb}",
        subject="note",
        subject_id=str(note.pk),
        customer_id=note.customer_id,
        before=before,
        after=after,
    )
