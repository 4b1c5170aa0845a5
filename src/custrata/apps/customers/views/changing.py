"""Changes to one customer: each form calls one action and redirects to the customer's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from custrata.apps.accounts.models import User
from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers import actions
from custrata.apps.customers.forms import (
    CustomerForm,
    EditForm,
    ExcludeForm,
    NoteForm,
    OwnOneForm,
    RemoveNoteForm,
    TagOneForm,
    UndoForm,
)
from custrata.apps.customers.models import Tag
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS
from custrata.apps.customers.views.lookups import TYPED, reading_or_404
from custrata.web.gate import needs
from custrata.web.posting import run_action
from custrata.web.rights import may
from custrata.web.texts import text
from custrata.web.versions import ChangedMeanwhile, opened
from custrata.web.workspace import workspace

Sent = dict[str, Any]
Act = Callable[[Sent, User, datetime], object]


def _change(request: HttpRequest, kind: type[CustomerForm], act: Act, phrase_key: str) -> HttpResponse:
    """Run the action of a form, report the result, and redirect to the customer."""
    form = kind(request.POST)
    if not form.is_valid():
        raise BadRequest("a form of ours has all its fields")
    sent = form.cleaned_data
    run_action(
        request,
        lambda: act(sent, current_user(request), timezone.now()),
        lambda changed: "" if changed is False else text(phrase_key),
    )
    again = request.session.get(TYPED, {}).get("attribute")
    query = {"edit": again} if again else {"tab": sent["tab"]} if sent["tab"] else {}
    address = reverse("customers:customer", args=[sent["customer_id"]])
    return HttpResponseRedirect(f"{address}?{urlencode(query)}" if query else address)


def _source_value(customer_id: str, attribute: str) -> str | None:
    """The value of an attribute in the sources, as text."""
    reading = reading_or_404()
    source_value = (reading.source_values(customer_id) if reading is not None else {}).get(attribute)
    return None if source_value is None else str(source_value.value)


@needs(EDIT_CUSTOMERS)
@require_POST
def edit(request: HttpRequest) -> HttpResponse:
    """Override an attribute."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        source = _source_value(sent["customer_id"], sent["attribute"])
        named = {name: sent[name] for name in ("customer_id", "attribute", "value")}
        try:
            return actions.edit_attribute(**named, source_value=source, actor=actor, at=at, opened=opened(request))
        except ChangedMeanwhile:
            request.session[TYPED] = named  # the form opens again with the input
            raise

    return _change(request, EditForm, act, "customers.said.edited")


@needs(EDIT_CUSTOMERS)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Undo the override of an attribute."""

    def act(sent: Sent, actor: User, at: datetime) -> None:
        source = _source_value(sent["customer_id"], sent["attribute"])
        whom = {name: sent[name] for name in ("customer_id", "attribute")}
        actions.undo_edit(**whom, source_value=source, actor=actor, at=at)

    return _change(request, UndoForm, act, "customers.said.undone")


@needs(EDIT_CUSTOMERS)
@require_POST
def tag(request: HttpRequest) -> HttpResponse:
    """Tag a customer; a new name creates the tag."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        name, chosen = sent["name"].strip(), sent["tag"]
        if name:
            existing = Tag.objects.filter(name__iexact=name).first()
            chosen = (existing or actions.make_tag(name=name, actor=actor, at=at)).pk
        done = actions.tag_customers(customer_ids=[sent["customer_id"]], tag_id=chosen or 0, actor=actor, at=at)
        return done.changed > 0

    return _change(request, TagOneForm, act, "customers.said.tagged")


@needs(EDIT_CUSTOMERS)
@require_POST
def untag(request: HttpRequest) -> HttpResponse:
    """Untag a customer."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        ids, number = [sent["customer_id"]], sent["tag"] or 0
        return actions.untag_customers(customer_ids=ids, tag_id=number, actor=actor, at=at).changed > 0

    return _change(request, TagOneForm, act, "customers.said.untagged")


@needs(ASSIGN_OWNERS)
@require_POST
def own(request: HttpRequest) -> HttpResponse:
    """Assign the owner of a customer."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        ids = [sent["customer_id"]]
        owner: dict[str, Any] = {"owner_id": sent["owner"], "opened": opened(request)}
        return actions.assign_owner(customer_ids=ids, **owner, actor=actor, at=at).changed > 0

    return _change(request, OwnOneForm, act, "customers.said.owned")


@needs(ASSIGN_OWNERS)
@require_POST
def exclude(request: HttpRequest) -> HttpResponse:
    """Exclude a customer from grading."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        ids = [sent["customer_id"]]
        return bool(actions.exclude_customers(workspace(), customer_ids=ids, reason=sent["reason"], actor=actor, at=at))

    return _change(request, ExcludeForm, act, "customers.said.excluded")


@needs(ASSIGN_OWNERS)
@require_POST
def include(request: HttpRequest) -> HttpResponse:
    """Grade a customer again."""

    def act(sent: Sent, actor: User, at: datetime) -> bool:
        return bool(actions.include_customers(workspace(), customer_ids=[sent["customer_id"]], actor=actor, at=at))

    return _change(request, CustomerForm, act, "customers.said.included")


@needs(EDIT_CUSTOMERS)
@require_POST
def write_note(request: HttpRequest) -> HttpResponse:
    """Write a note."""

    def act(sent: Sent, actor: User, at: datetime) -> None:
        actions.write_note(customer_id=sent["customer_id"], text=sent["text"], actor=actor, at=at)

    return _change(request, NoteForm, act, "customers.said.noted")


@needs(EDIT_CUSTOMERS)
@require_POST
def remove_note(request: HttpRequest) -> HttpResponse:
    """Remove a note."""

    def act(sent: Sent, actor: User, at: datetime) -> None:
        anybodys = may(actor, ASSIGN_OWNERS)
        whom = {"customer_id": sent["customer_id"], "note_id": sent["note"]}
        actions.remove_note(**whom, anybodys=anybodys, actor=actor, at=at)

    return _change(request, RemoveNoteForm, act, "customers.said.note_removed")
