"""Tasks found by whose they are, how they stand and what they are about."""

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
class Search:
    """What one looks for: whose tasks, how they stand, of which scheme; an empty scheme is every one."""

    whose: str = "all"
    stands: str = "open"
    scheme: str = ""


@dataclass(frozen=True)
class Counts:
    """How many tasks there are in each tab."""

    open: int
    overdue: int
    done: int
    dropped: int


def today(at: datetime) -> date:
    """The day of the workspace that holds an instant."""
    return AsOf.of(at, workspace().settings.timezone).date


def tasks(search: Search, person: User | None, day: date) -> QuerySet[Task]:
    """The tasks one looks for, in no order. Overdue is what is open and was due before `day`."""
    found = _whose(search, person).select_related("customer", "assignee", "ended_by")
    found = found.filter(scheme=search.scheme) if search.scheme else found
    if search.stands == "overdue":
        return found.filter(state=State.OPEN, due__lt=day)
    return found.filter(state=search.stands)


def _whose(search: Search, person: User | None) -> QuerySet[Task]:
    found = Task.objects.all()
    if search.whose == "mine":
        return found.filter(assignee=person)
    return found.filter(assignee__isnull=True) if search.whose == "nobody" else found


def counts(search: Search, person: User | None, day: date) -> Counts:
    """How many of whom one looks for stand how."""
    found = _whose(search, person)
    found = found.filter(scheme=search.scheme) if search.scheme else found
    stands = {state: Count("pk", filter=Q(state=state)) for state in ("open", "done", "dropped")}
    overdue = Count("pk", filter=Q(state=State.OPEN, due__lt=day))
    return Counts(**found.aggregate(**stands, overdue=overdue))


def due_tasks(person: User, day: date) -> tuple[int, int, int]:
    """Of a person's open tasks how many were due before a day, how many are due on it, and how many there are."""
    found = Task.objects.filter(assignee=person, state=State.OPEN)
    late, due = Count("pk", filter=Q(due__lt=day)), Count("pk", filter=Q(due=day))
    told = found.aggregate(late=late, due=due, all=Count("pk"))
    return told["late"], told["due"], told["all"]


def tasks_due(person: Any, at: datetime) -> list[Attention]:
    """A person's own tasks, where any are overdue or due today; nothing for those who do no tasks."""
    if not may(person, DO_TASKS):
        return []
    late, due, still_open = due_tasks(person, today(at))
    if not late and not due:
        return []
    title = count("playbooks.attention.tasks", late) if late else count("playbooks.attention.tasks_due", due)
    query = "?whose=mine&stands=overdue" if late else "?whose=mine"
    details = text("playbooks.attention.tasks_text", open=still_open)
    return [
        Attention("checklist", "danger" if late else "info", title, details, f"{reverse('playbooks:tasks')}{query}")
    ]


def is_overdue(found: Task, day: date) -> bool:
    """Whether a task should have been done before a day."""
    return found.state == State.OPEN and found.due < day


def task(task_id: int) -> Task | None:
    """One task with everybody concerned."""
    return Task.objects.select_related("customer", "assignee", "made_by", "ended_by").filter(pk=task_id).first()


def open_tasks_of(customer_id: str) -> list[Task]:
    """What is still to be done for a customer, the most urgent first."""
    found = Task.objects.select_related("assignee").filter(customer_id=customer_id, state=State.OPEN)
    return list(found.order_by("due", "id")[:MOST_SHOWN])


def doers() -> QuerySet[User]:
    """The people who may have tasks."""
    return User.objects.filter(is_active=True, role__in=DO_TASKS.roles).order_by("name", "username")
