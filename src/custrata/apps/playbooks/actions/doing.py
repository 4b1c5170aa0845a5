"""Finish, drop, reopen and reassign tasks."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.playbooks.actions.making import DueBefore, assignee_by_id, make_task, record_task_event, save_task
from custrata.apps.playbooks.models import State, Task
from custrata.apps.playbooks.queries import possible_assignees, repeat_days, today
from custrata.errors import BadInput, Refused
from custrata.web.versions import Parts, ensure_unchanged


class NoSuchTask(BadInput):
    status = 404
    template = "This task no longer exists."


class TaskEndedAlready(Refused):
    template = "This task has already ended. Reopen it first if there is more to do."


class TaskOpenAlready(Refused):
    template = "This task is already open."


class DropNeedsReason(BadInput):
    template = "Give a reason for dropping the task, for those who read it later."


@transaction.atomic
def finish_task(
    *, task_id: int, result: str = "", dropped: bool = False, again: bool = False, actor: User | None, at: datetime
) -> Task:
    """End a task: done, or `dropped` with the reason in `result`.

    `again` creates the next task for the same person if the action recurs.

    Raises `NoSuchTask`, `TaskEndedAlready`, `DropNeedsReason`.
    """
    stripped = result.strip()
    if dropped and not stripped:
        raise DropNeedsReason
    state = State.DROPPED if dropped else State.DONE
    # A conditional update: of two concurrent requests only one ends the task.
    mine = Task.objects.filter(pk=task_id, state=State.OPEN)
    if mine.update(state=state, result=stripped, ended_at=at, ended_by=actor) != 1:
        raise (TaskEndedAlready if Task.objects.filter(pk=task_id).exists() else NoSuchTask)
    task = _locked_task(task_id)
    kind = "task_dropped" if dropped else "task_done"
    record_task_event(
        task, "drop_task" if dropped else "finish_task", kind, actor=actor, at=at, after={"result": stripped}
    )
    if again and not dropped:
        _make_next(task, actor=actor, at=at)
    return task


def _make_next(task: Task, *, actor: User | None, at: datetime) -> None:
    days = repeat_days(task)
    if days is None:
        return
    still = task.assignee_id is not None and possible_assignees().filter(pk=task.assignee_id).exists()
    make_task(
        customer_id=task.customer_id,
        scheme=task.scheme,
        tier=task.tier,
        action=task.action,
        title=task.title,
        due=today(at) + timedelta(days=days),
        assignee_id=task.assignee_id if still else None,
        actor=actor,
        at=at,
    )


@transaction.atomic
def reopen_task(*, task_id: int, actor: User | None, at: datetime) -> Task:
    """Reopen an ended task; its result stays until it is ended again.

    Raises `NoSuchTask`, `TaskOpenAlready`, `TaskThereAlready`.
    """
    task = _locked_task(task_id)
    if task.state == State.OPEN:
        raise TaskOpenAlready
    before: dict[str, object] = {"state": task.state}
    task.state, task.ended_at, task.ended_by = State.OPEN, None, None
    save_task(task)
    record_task_event(
        task, "reopen_task", "task_reopened", actor=actor, at=at, before=before, after={"state": task.state}
    )
    return task


@transaction.atomic
def hand_over_task(
    *,
    task_id: int,
    assignee_id: int | None,
    due: date | None = None,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
) -> bool:
    """Reassign or reschedule an open task; return whether anything changed.

    `opened` is the state the person saw: `assignee` and `due`.

    Raises `NoSuchTask`, `ChangedMeanwhile`, `TaskEndedAlready`, `NoSuchAssignee`, `DueBefore`.
    """
    task = _locked_task(task_id)
    if task.state != State.OPEN:
        raise TaskEndedAlready
    person, day = assignee_by_id(assignee_id), due or task.due
    if day != task.due and day < today(at):
        raise DueBefore(due=day.isoformat())
    if (person.pk if person else None, day) == (task.assignee_id, task.due):
        return False
    ensure_unchanged(opened, {"assignee": str(task.assignee or ""), "due": task.due})
    before = {"assignee": str(task.assignee) if task.assignee else None, "due": task.due.isoformat()}
    task.assignee, task.due = person, day
    task.save(update_fields=["assignee", "due"])
    after = {"assignee": str(person) if person else None, "due": day.isoformat()}
    record_task_event(
        task, "hand_over_task", "task_handed_over", actor=actor, at=at, before=dict(before), after=dict(after)
    )
    return True


@transaction.atomic
def record_export(*, chosen: dict[str, str], kind: str, actor: User | None, at: datetime) -> None:
    """Record an export of tasks in the audit log."""
    after: dict[str, object] = {**chosen, "format": kind}
    record(Subject("task"), "playbooks.export", after=after, actor=actor, at=at)


def _locked_task(task_id: int) -> Task:
    task = Task.objects.select_for_update(of=("self",)).select_related("assignee").filter(pk=task_id).first()
    if task is None:
        raise NoSuchTask
    return task
