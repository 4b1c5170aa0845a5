"""Tasks found by whose they are, how they stand and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from custrata.analytics.moments import AsOf
from custrata.apps.accounts.models import User
from custrata.apps.playbooks.models import State, Task
from custrata.web.rights import RIGHTS, Right
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
    rows = _whose(search, person).select_related("customer", "assignee", "ended_by")
    rows = rows.filter(scheme=search.scheme) if search.scheme else rows
    if search.stands == "overdue":
        return rows.filter(state=State.OPEN, due__lt=day)
    return rows.filter(state=search.stands)


def _whose(search: Search, person: User | None) -> QuerySet[Task]:
    rows = Task.objects.all()
    if search.whose == "mine":
        return rows.filter(assignee=person)
    return rows.filter(assignee__isnull=True) if search.whose == "nobody" else rows


def counts(search: Search, person: User | None, day: date) -> Counts:
    """How many of whom one looks for stand how."""
    rows = _whose(search, person)
    rows = rows.filter(scheme=search.scheme) if search.scheme else rows
    stands = {state: Count("pk", filter=Q(state=state)) for state in ("open", "done", "dropped")}
    overdue = Count("pk", filter=Q(state=State.OPEN, due__lt=day))
    return Counts(**rows.aggregate(**stands, overdue=overdue))


def due_tasks(person: User, day: date) -> tuple[int, int, int]:
    """Of a person's open tasks how many were due before a day, how many are due on it, and how many there are."""
    rows = Task.objects.filter(assignee=person, state=State.OPEN)
    late, due = Count("pk", filter=Q(due__lt=day)), Count("pk", filter=Q(due=day))
    totals = rows.aggregate(late=late, due=due, all=Count("pk"))
    return totals["late"], totals["due"], totals["all"]


def is_overdue(task: Task, day: date) -> bool:
    """Whether a task should have been done before a day."""
    return task.state == State.OPEN and task.due < day


def task(task_id: int) -> Task | None:
    """One task with everybody concerned."""
    return Task.objects.select_related("customer", "assignee", "made_by", "ended_by").filter(pk=task_id).first()


def open_tasks_of(customer_id: str) -> list[Task]:
    """What is still to be done for a customer, the most urgent first."""
    rows = Task.objects.select_related("assignee").filter(customer_id=customer_id, state=State.OPEN)
    return list(rows.order_by("due", "id")[:MOST_SHOWN])


def possible_assignees() -> QuerySet[User]:
    """The people who may have tasks."""
    roles = [role for role, rights in RIGHTS.items() if Right.DO_TASKS in rights]
    return User.objects.filter(is_active=True, role__in=roles).order_by("name", "username")


def personal_data(customer_id: str) -> list[dict[str, object]]:
    """Everything that is kept about a customer here, for who asks what is known of them."""
    columns = ("title", "scheme", "tier", "due", "state", "result", "made_at", "ended_at")
    return list(Task.objects.filter(customer_id=customer_id).order_by("id").values(*columns))
