"""The audit log: list, search and export."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.audit.actions import record
from custrata.apps.audit.forms import SearchForm
from custrata.apps.audit.models import Change, Subject
from custrata.apps.audit.queries import (
    Search,
    action_name,
    actions,
    actors,
    as_json,
    changes,
    differences,
    subject_name,
)
from custrata.apps.audit.rights import SEE_AUDIT
from custrata.web.exports import Cell, csv_response, excel_response
from custrata.web.gate import needs
from custrata.web.paging import Cursor, keyset, page
from custrata.web.texts import text
from custrata.web.workspace import workspace

NEWEST_FIRST = ("-at", "-id")
LIMIT = 50
FILES = {"csv": csv_response, "xlsx": excel_response}
COLUMNS = ("at", "who", "what", "subject", "subject_id", "customer", "before", "after")


@needs(SEE_AUDIT)
@require_safe
def changes_list(request: HttpRequest) -> HttpResponse:
    """Changes, the newest first."""
    form = SearchForm(request.GET, actors(), actions())
    search = form.search()
    cursor = Cursor.read(request.GET, of="audit")
    rows = keyset(changes(search, _zone()), NEWEST_FIRST, cursor, limit=LIMIT)
    listing = page(rows, query=request.GET, cursor=cursor, limit=LIMIT, key=lambda row: (row.at, row.pk), of="audit")
    rows_with_names = [
        (row, action_name(row.action), subject_name(row), list(differences(row))) for row in listing.rows
    ]
    context = {
        "form": form,
        "page": listing,
        "found": rows_with_names,
        "searched": search != Search(),
        "query": _query(request),
    }
    return render(request, "audit/list.html", context)


@needs(SEE_AUDIT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the matching changes as a file. The export itself is recorded, and is part of the file."""
    respond = FILES.get(request.POST.get("file", ""))
    if respond is None:
        raise Http404
    assert not isinstance(request.user, AnonymousUser)
    all_actions = actions()
    form = SearchForm(request.GET, actors(), all_actions)
    search = form.search()
    filters = {key: value for key, value in form.cleaned_data.items() if value}
    record(Subject("audit"), "audit.export", after=filters, actor=request.user, at=timezone.now())
    # Translated here: the reader's language is no longer active while the rows are streamed.
    names = {action: action_name(action) for action in {*all_actions, "audit.export"}}
    server, selected = text("audit.server"), changes(search, _zone()).order_by(*NEWEST_FIRST)
    header = [text(f"audit.column.{name}") for name in COLUMNS]
    return respond(text("audit.file"), header, (_row(row, names, server) for row in selected.iterator(chunk_size=2000)))


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


def _query(request: HttpRequest) -> str:
    """The search as a query string without the cursor, for the export links."""
    query = request.GET.copy()
    query.pop("cursor", None)
    return query.urlencode()
