"""The audit: to be read, searched and taken along."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.audit.actions import record_change
from custrata.apps.audit.forms import SearchForm
from custrata.apps.audit.models import Change
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
    shown = page(rows, query=request.GET, cursor=cursor, limit=LIMIT, key=lambda row: (row.at, row.pk), of="audit")
    found = [(row, action_name(row.action), subject_name(row), list(differences(row))) for row in shown.rows]
    told = {"form": form, "page": shown, "found": found, "searched": search != Search(), "query": _query(request)}
    return render(request, "audit/list.html", told)


@needs(SEE_AUDIT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The changes one looked for as a file; that somebody took them along is written down, and stands in it."""
    respond = FILES.get(request.POST.get("file", ""))
    if respond is None:
        raise Http404
    assert not isinstance(request.user, AnonymousUser)
    known = actions()
    form = SearchForm(request.GET, actors(), known)
    search = form.search()
    looked_for = {key: value for key, value in form.cleaned_data.items() if value}
    record_change(
        actor=request.user, at=timezone.now(), action="audit.export", subject="audit", subject_id="", after=looked_for
    )
    # Here, not while the rows are sent: by then the reader's language is forgotten.
    names = {action: action_name(action) for action in {*known, "audit.export"}}
    server, found = text("audit.server"), changes(search, _zone()).order_by(*NEWEST_FIRST)
    header = [text(f"audit.column.{name}") for name in COLUMNS]
    return respond(text("audit.file"), header, (_row(row, names, server) for row in found.iterator(chunk_size=2000)))


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
    """What is looked for, as the addresses of the exports carry it."""
    asked = request.GET.copy()
    asked.pop("cursor", None)
    return asked.urlencode()
