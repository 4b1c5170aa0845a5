"""Queries on tasks by assignee, state and scheme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from custrata.analytics.moments import AsOf
from custrata.apps.accounts.models import User
from custrata.apps.playbooks.models import State, Task
from custrata.apps.playbooks.rights import DO_TASKS
from custrata.web.attention import Attention
from custrata.web.rights import may
from custrata.web.texts import count, text
from custrata.web.workspace import workspace

STANDS = ("open", "overdue", "done", "dropped")
WHOSE = ("mine", "all", "nobody")
MOST_SHOWN = 20


@dataclass(frozen=True)
class TaskSearch:
    """A search for tasks by assignee, state and scheme; an empty scheme means all."""

    whose: str = "all"
    stands: str = "open"
    scheme: str = ""


@dataclass(frozen=True)
class Counts:
    """The number of tasks in each tab."""

    open: int
    overdue: int
    done: int
    dropped: int


def today(at: datetime) -> date:
    """The date of an instant in the workspace's time zone."""
    return AsOf.of(at, workspace().settings.timezone).date


def tasks(search: TaskSearch, person: User | None, day: date) -> QuerySet[Task]:
    """The tasks of a search, unordered. Open tasks due before `day` are overdue."""
    rows = _whose(search, person).select_related("customer", "assignee", "ended_by")
    rows = rows.filter(scheme=search.scheme) if search.scheme else rows
    if search.stands == "overdue":
        return rows.filter(state=State.OPEN, due__lt=day)
    return rows.filter(state=search.stands)


def _whose(search: TaskSearch, person: User | None) -> QuerySet[Task]:
    rows = Task.objects.all()
    if search.whose == "mine":
        return rows.filter(assignee=person)
    return rows.filter(assignee__isnull=True) if search.whose == "nobody" else rows


def counts(search: TaskSearch, person: User | None, day: date) -> Counts:
    """The number of tasks of a search by state."""
    rows = _whose(search, person)
    rows = rows.filter(scheme=search.scheme) if search.scheme else rows
    stands = {state: Count("pk", filter=Q(state=state)) for state in ("open", "done", "dropped")}
    overdue = Count("pk", filter=Q(state=State.OPEN, due__lt=day))
    return Counts(**rows.aggregate(**stands, overdue=overdue))


def due_tasks(person: User, day: date) -> tuple[int, int, int]:
    """A person's open tasks: the number of overdue ones, of those due on a day, and of all."""
    rows = Task.objects.filter(assignee=person, state=State.OPEN)
    late, due = Count("pk", filter=Q(due__lt=day)), Count("pk", filter=Q(due=day))
    totals = rows.aggregate(late=late, due=due, all=Count("pk"))
    return totals["late"], totals["due"], totals["all"]


def tasks_due(person: Any, at: datetime) -> list[Attention]:
    """A person's own tasks as an attention item, if any are overdue or due today, and the person may do tasks."""
    if not may(person, DO_TASKS):
        return []
    late, due, still_open = due_tasks(person, today(at))
    if not late and not due:
        return []
    title = count("playbooks.attention.tasks", late) if late else count("playbooks.attention.tasks_due", due)
    href = reverse("playbooks:tasks") + ("?whose=mine&stands=overdue" if late else "?whose=mine")
    details = text("playbooks.attention.tasks_text", open=still_open)
    return [Attention("checklist", "danger" if late else "info", title, details, href)]


def is_overdue(task: Task, day: date) -> bool:
    """Whether a task is open and was due before a day."""
    return task.state == State.OPEN and task.due < day


def task(task_id: int) -> Task | None:
    """One task with its customer and people."""
    return Task.objects.select_related("customer", "assignee", "made_by", "ended_by").filter(pk=task_id).first()


def open_tasks_of(customer_id: str) -> list[Task]:
    """The open tasks for a customer, most urgent first."""
    rows = Task.objects.select_related("assignee").filter(customer_id=customer_id, state=State.OPEN)
    return list(rows.order_by("due", "id")[:MOST_SHOWN])


def possible_assignees() -> QuerySet[User]:
    """The people who may have tasks."""
    return User.objects.filter(is_active=True, role__in=DO_TASKS.roles).order_by("name", "username")
