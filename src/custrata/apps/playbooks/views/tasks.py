"""Tasks: the list, a file of it, one task and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.customers.rights import EXPORT
from custrata.apps.playbooks.actions import finish_task, hand_over_task, record_export, reopen_task
from custrata.apps.playbooks.forms import FinishForm, HandOverForm, SearchForm
from custrata.apps.playbooks.models import State, Task
from custrata.apps.playbooks.queries import (
    STANDS,
    WHOSE,
    Search,
    counts,
    doers,
    has_playbook,
    is_overdue,
    rhythm_of,
    tasks,
    today,
)
from custrata.apps.playbooks.rights import DO_TASKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.asking import asking_person, done, known_task
from custrata.apps.playbooks.views.playbooks import ICONS
from custrata.tiering import BUILT_IN
from custrata.tiering.names import scheme_name, tier_name
from custrata.web.exports import Cell, csv_response, excel_response
from custrata.web.gate import needs
from custrata.web.paging import Cursor, keyset, page
from custrata.web.rights import may
from custrata.web.texts import language, text
from custrata.web.versions import opened

LIMIT = 50
FILES = {"csv": csv_response, "xlsx": excel_response}
COLUMNS = ("title", "kind", "customer", "name", "scheme", "tier", "due", "assignee", "state", "result", "ended")
SOONEST, NEWEST = ("due", "id"), ("-ended_at", "-id")


@needs(SEE_PLAYBOOKS)
@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """Tasks: one's own by default, the soonest first; ended ones the newest first."""
    search, person, day = _search(request), asking_person(request), today(timezone.now())
    of, order = f"tasks {search.whose} {search.stands} {search.scheme}", _order(search)
    cursor = Cursor.read(request.GET, of=of)
    rows = keyset(tasks(search, person, day), order, cursor, limit=LIMIT)
    shown = page(rows, query=request.GET, cursor=cursor, limit=LIMIT, key=_key(search), of=of)
    number = counts(search, person, day)
    facts = {
        "page": shown,
        "found": [(row, ICONS[row.kind], is_overdue(row, day)) for row in shown.rows],
        "today": day,
        "search": search,
        "whose": [(one, text(f"playbooks.whose.{one}")) for one in WHOSE],
        "stands": [(one, text(f"playbooks.stands.{one}"), getattr(number, one)) for one in STANDS],
        "schemes": list(BUILT_IN),
        "query": _query(request),
        "may_export": may(request.user, EXPORT),
        "may_do": may(request.user, DO_TASKS),
    }
    return render(request, "playbooks/tasks.html", facts)


@needs(EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The tasks one looks for as a file; that somebody took them along is written down."""
    kind = request.POST.get("file", "")
    if kind not in FILES:
        raise Http404
    search, person, at = _search(request), asking_person(request), timezone.now()
    chosen = {"whose": search.whose, "stands": search.stands, "scheme": search.scheme}
    record_export(chosen=chosen, kind=kind, actor=person, at=at)
    # Here, not while the rows are sent: by then the reader's language is forgotten.
    header = [text(f"playbooks.column.{name}") for name in COLUMNS]
    rows = tasks(search, person, today(at)).order_by(*_order(search)).iterator(chunk_size=2_000)
    return FILES[kind](text("playbooks.tasks.title"), header, _rows(rows, language()))


def _rows(found: Iterator[Task], spoken: str) -> Iterator[Sequence[Cell]]:
    kinds = {kind: text(f"playbooks.kinds.{kind}") for kind in ICONS}
    states = {state: text(f"playbooks.state.{state}") for state in State.values}
    return (
        (
            row.title,
            kinds[row.kind],
            row.customer_id,
            row.customer.name if row.customer else None,
            scheme_name(row.scheme, spoken),
            tier_name(row.scheme, row.tier, spoken),
            row.due,
            str(row.assignee) if row.assignee else None,
            states[row.state],
            row.result,
            row.ended_at,
        )
        for row in found
    )


@needs(SEE_PLAYBOOKS)
@require_safe
def one_task(request: HttpRequest, number: int) -> HttpResponse:
    """One task: what, for whom, by whom, and what came of it."""
    found, day = known_task(number), today(timezone.now())
    facts = {
        "task": found,
        "icon_name": ICONS[found.kind],
        "kind": text(f"playbooks.kinds.{found.kind}"),
        "state": text(f"playbooks.state.{found.state}"),
        "overdue": is_overdue(found, day),
        "today": day,
        "has_playbook": has_playbook(found.scheme, found.tier),
        "rhythm": rhythm_of(found) if found.state == State.OPEN else None,
        "people": list(doers()) if may(request.user, DO_TASKS) and found.state == State.OPEN else [],
        "may_do": may(request.user, DO_TASKS),
        "shown": {"assignee": str(found.assignee or ""), "due": found.due},
    }
    return render(request, "playbooks/task.html", facts)


@needs(DO_TASKS)
@require_POST
def finish(request: HttpRequest, number: int) -> HttpResponse:
    """End a task, done or dropped."""
    form, dropped = FinishForm(request.POST), "drop" in request.POST
    known_task(number)
    if not form.is_valid():
        return _back(request, number, None, text("playbooks.unusable"))
    told = {"result": form.cleaned_data["result"], "again": form.cleaned_data["again"], "dropped": dropped}
    said = text("playbooks.said.dropped" if dropped else "playbooks.said.done")
    return _back(request, number, lambda who: finish_task(task_id=number, **told, **who), said)


@needs(DO_TASKS)
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Open a task again."""
    known_task(number)
    return _back(request, number, lambda who: reopen_task(task_id=number, **who), text("playbooks.said.reopened"))


@needs(DO_TASKS)
@require_POST
def hand_over(request: HttpRequest, number: int) -> HttpResponse:
    """Give a task to somebody else, or another day."""
    form = HandOverForm(request.POST)
    known_task(number)
    if not form.is_valid():
        return _back(request, number, None, text("playbooks.unusable"))
    told = {"assignee_id": form.cleaned_data["assignee"], "due": form.cleaned_data["due"], "opened": opened(request)}
    said = text("playbooks.said.handed_over")
    return _back(request, number, lambda who: hand_over_task(task_id=number, **told, **who), said)


def _back(request: HttpRequest, number: int, act: Callable[[dict[str, Any]], object] | None, said: str) -> HttpResponse:
    """Do it (or say what is wrong with what was sent), and go back to the task."""
    if act is None:
        messages.error(request, said)
    else:
        who = {"actor": asking_person(request), "at": timezone.now()}
        done(request, lambda: act(who), said)
    return HttpResponseRedirect(reverse("playbooks:task", args=[number]))


def _search(request: HttpRequest) -> Search:
    usual = "mine" if may(request.user, DO_TASKS) else "all"
    return SearchForm(request.GET).search(usual)


def _order(search: Search) -> tuple[str, str]:
    return SOONEST if search.stands in ("open", "overdue") else NEWEST


def _key(search: Search) -> Callable[[Task], tuple[date | None, int]]:
    if _order(search) == SOONEST:
        return lambda row: (row.due, row.pk)
    return lambda row: (row.ended_at, row.pk)


def _query(request: HttpRequest) -> str:
    """What is looked for, as the address of the export carries it."""
    asked = request.GET.copy()
    asked.pop("cursor", None)
    return asked.urlencode()
