"""The audit log: list, search and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.audit.actions import record
from custrata.apps.audit.forms import AuditSearchForm
from custrata.apps.audit.models import Change, Subject
from custrata.apps.audit.queries import (
    AuditSearch,
    FieldChange,
    action_name,
    actions,
    actors,
    as_json,
    changes,
    differences,
    subject_name,
)
from custrata.apps.audit.rights import SEE_AUDIT
from custrata.web.exports import Cell, export_kind, file_response
from custrata.web.gate import needs
from custrata.web.lists import Column, Empty, Listing, columns, query_string
from custrata.web.texts import text
from custrata.web.workspace import workspace

COLUMNS = ("at", "who", "what", "subject", "subject_id", "customer", "before", "after")
CHANGES = Listing(
    "audit.title",
    (*columns("audit.column", "at", "who", "what"), Column("audit.changed")),
    "audit/row.html",
    order=("-at", "-id"),
    name="audit",
)
EMPTY = Empty("history", "audit.empty", "audit.empty_text")


class ChangeRow(NamedTuple):
    """A change of the list, with its names in the reader's language."""

    change: Change
    action: str
    subject: str
    differences: list[FieldChange]


@needs(SEE_AUDIT)
@require_safe
def changes_list(request: HttpRequest) -> HttpResponse:
    """Changes, the newest first."""
    form = AuditSearchForm(request.GET, actors(), actions())
    search = form.search()
    page = CHANGES.page(request, changes(search, _zone()))
    rows = [
        ChangeRow(change, action_name(change.action), subject_name(change), list(differences(change)))
        for change in page.rows
    ]
    none = Empty("history", "audit.none_found", "audit.none_found_text", "audit.all", reverse("audit:list"))
    context = {
        "form": form,
        "page": page,
        "table": CHANGES.table(rows, page=page, empty=none if search != AuditSearch() else EMPTY),
        "export": f"{reverse('audit:export')}?{query_string(request.GET)}",
    }
    return render(request, "audit/list.html", context)


@needs(SEE_AUDIT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the matching changes as a file. The export itself is recorded, and is part of the file."""
    kind = export_kind(request)
    assert not isinstance(request.user, AnonymousUser)
    all_actions = actions()
    form = AuditSearchForm(request.GET, actors(), all_actions)
    search = form.search()
    filters = {key: value for key, value in form.cleaned_data.items() if value}
    record(Subject("audit"), "audit.export", after=filters, actor=request.user, at=timezone.now())
    # Translated here: the reader's language is no longer active while the rows are streamed.
    names = {action: action_name(action) for action in {*all_actions, "audit.export"}}
    server, selected = text("audit.server"), changes(search, _zone()).order_by(*CHANGES.order)
    header = [text(f"audit.column.{name}") for name in COLUMNS]
    rows = (_row(row, names, server) for row in selected.iterator(chunk_size=2000))
    return file_response(kind, text("audit.file"), header, rows)


def _row(change: Change, names: dict[str, str], server: str) -> Sequence[Cell]:
    return (
        change.at,
        change.actor_name or server,
        names.get(change.action, change.action),
        change.subject,
        change.subject_id,
        change.customer_id,
        as_json(change.before),
        as_json(change.after),
    )


def _zone() -> str:
    return workspace().settings.timezone
