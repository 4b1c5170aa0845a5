"""Pages of tasks: the list, its export, one task and its actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.rights import EXPORT
from custrata.apps.playbooks.actions import finish_task, hand_over_task, record_export, reopen_task
from custrata.apps.playbooks.forms import FinishForm, HandOverForm, TaskSearchForm
from custrata.apps.playbooks.models import State, Task
from custrata.apps.playbooks.queries import (
    STANDS,
    WHOSE,
    TaskSearch,
    counts,
    has_playbook,
    is_overdue,
    possible_assignees,
    repeat_days,
    tasks,
    today,
)
from custrata.apps.playbooks.rights import DO_TASKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.lookups import task_or_404
from custrata.apps.playbooks.views.playbooks import ICONS
from custrata.tiering import BUILT_IN
from custrata.tiering.names import scheme_name, tier_name
from custrata.web.exports import Cell, export_kind, file_response
from custrata.web.forms import select
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns, query_string
from custrata.web.posting import redirect_after, show_message
from custrata.web.rights import may
from custrata.web.schemes import scheme_named
from custrata.web.texts import language, text
from custrata.web.versions import opened

COLUMNS = ("title", "kind", "customer", "name", "scheme", "tier", "due", "assignee", "state", "result", "ended")
NAMES = ("title", "who", "tier", "assignee")
OPEN_TASKS = Listing(
    "playbooks.tasks.title",
    columns("playbooks.column", *NAMES, "due"),
    "playbooks/parts/task_row.html",
    order=("due", "id"),
)
ENDED_TASKS = replace(OPEN_TASKS, columns=columns("playbooks.column", *NAMES, "ended"), order=("-ended_at", "-id"))


class TaskRow(NamedTuple):
    """A task of the list."""

    task: Task
    icon: str
    is_overdue: bool


@needs(SEE_PLAYBOOKS)
@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """Tasks, one's own by default: open ones by due date, ended ones newest first."""
    search, person, day = _search(request), current_user(request), today(timezone.now())
    listing, number = _listing(search), counts(search, person, day)
    page = listing.page(request, tasks(search, person, day))
    rows = [TaskRow(task, ICONS[task.kind], is_overdue(task, day)) for task in page.rows]
    empty = Empty(
        "checklist", "playbooks.tasks.none", "playbooks.tasks.none_text", "playbooks.title", reverse("playbooks:list")
    )
    facts = {
        "page": page,
        "table": listing.table(rows, page=page, empty=empty),
        "today": day,
        "search": search,
        "filters": _filters(search),
        "stands": [(value, text(f"playbooks.stands.{value}"), getattr(number, value)) for value in STANDS],
        "export": f"{reverse('playbooks:export')}?{query_string(request.GET)}" if may(request.user, EXPORT) else "",
        "may_do": may(request.user, DO_TASKS),
    }
    return render(request, "playbooks/tasks.html", facts)


@needs(EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Export the selected tasks; recorded in the audit log."""
    kind = export_kind(request)
    search, person, at = _search(request), current_user(request), timezone.now()
    chosen = {"whose": search.whose, "stands": search.stands, "scheme": search.scheme}
    record_export(chosen=chosen, kind=kind, actor=person, at=at)
    # Before streaming: the language is no longer active while the rows are sent.
    header = [text(f"playbooks.column.{name}") for name in COLUMNS]
    rows = tasks(search, person, today(at)).order_by(*_listing(search).order).iterator(chunk_size=2_000)
    return file_response(kind, text("playbooks.tasks.title"), header, _rows(rows, language()))


def _rows(tasks: Iterator[Task], spoken: str) -> Iterator[Sequence[Cell]]:
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
        for row in tasks
    )


@needs(SEE_PLAYBOOKS)
@require_safe
def task_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One task."""
    task, day = task_or_404(number), today(timezone.now())
    facts = {
        "task": task,
        "icon_name": ICONS[task.kind],
        "kind": text(f"playbooks.kinds.{task.kind}"),
        "state": text(f"playbooks.state.{task.state}"),
        "overdue": is_overdue(task, day),
        "today": day,
        "has_playbook": has_playbook(task.scheme, task.tier),
        "rhythm": repeat_days(task) if task.state == State.OPEN else None,
        "finish": FinishForm(initial={"result": task.result}, auto_id="%s"),
        "hand_over": _hand_over_form(task) if may(request.user, DO_TASKS) and task.state == State.OPEN else None,
        "may_do": may(request.user, DO_TASKS),
        "shown": {"assignee": str(task.assignee or ""), "due": task.due},
    }
    return render(request, "playbooks/task.html", facts)


@needs(DO_TASKS)
@require_POST
def finish(request: HttpRequest, number: int) -> HttpResponse:
    """End a task, done or dropped."""
    form, dropped = FinishForm(request.POST), "drop" in request.POST
    task_or_404(number)
    if not form.is_valid():
        return _back(request, number, None, text("playbooks.unusable"))
    fields = {"result": form.cleaned_data["result"], "again": form.cleaned_data["again"], "dropped": dropped}
    message = text("playbooks.said.dropped" if dropped else "playbooks.said.done")
    return _back(request, number, lambda who: finish_task(task_id=number, **fields, **who), message)


@needs(DO_TASKS)
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Reopen a task."""
    task_or_404(number)
    return _back(request, number, lambda who: reopen_task(task_id=number, **who), text("playbooks.said.reopened"))


@needs(DO_TASKS)
@require_POST
def hand_over(request: HttpRequest, number: int) -> HttpResponse:
    """Reassign or reschedule a task."""
    form = HandOverForm(request.POST)
    task_or_404(number)
    if not form.is_valid():
        return _back(request, number, None, text("playbooks.unusable"))
    fields = {"assignee_id": form.cleaned_data["assignee"], "due": form.cleaned_data["due"], "opened": opened(request)}
    message = text("playbooks.said.handed_over")
    return _back(request, number, lambda who: hand_over_task(task_id=number, **fields, **who), message)


def _hand_over_form(task: Task) -> HandOverForm:
    initial = {"assignee": task.assignee_id or "", "due": task.due}
    return HandOverForm(initial=initial, people=possible_assignees(), auto_id="%s")


def _back(
    request: HttpRequest, number: int, act: Callable[[dict[str, Any]], object] | None, message: str
) -> HttpResponse:
    """Run an action, or show the error if there is none, and redirect to the task."""
    back = reverse("playbooks:task", args=[number])
    if act is None:
        show_message(request, message, "error")
        return HttpResponseRedirect(back)
    who = {"actor": current_user(request), "at": timezone.now()}
    return redirect_after(request, lambda: act(who), message, to=back)


def _filters(search: TaskSearch) -> list[BoundField]:
    whose = [(value, text(f"playbooks.whose.{value}")) for value in WHOSE]
    of_schemes = [("", text("playbooks.all_schemes")), *((key, scheme_named(key)) for key in BUILT_IN)]
    return [
        select("whose", whose, search.whose, label=text("playbooks.audit_field.whose"), submits=True),
        select("scheme", of_schemes, search.scheme, label=text("playbooks.column.scheme"), submits=True),
    ]


def _search(request: HttpRequest) -> TaskSearch:
    usual = "mine" if may(request.user, DO_TASKS) else "all"
    return TaskSearchForm(request.GET).search(usual)


def _listing(search: TaskSearch) -> Listing:
    """Open tasks by due date, ended ones newest first; cursors are those of the search."""
    listing = OPEN_TASKS if search.stands in ("open", "overdue") else ENDED_TASKS
    return replace(listing, name=f"tasks {search.whose} {search.stands} {search.scheme}")
