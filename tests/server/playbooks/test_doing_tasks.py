"""Tasks are finished, dropped, reopened and handed over: each once, and recorded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.server.playbooks.conftest import AT, audit_entries, database_state, make, timeline_kinds

from custrata.apps.accounts.models import User
from custrata.apps.playbooks.actions import (
    DropNeedsReason,
    DueBefore,
    NoSuchAssignee,
    NoSuchTask,
    TaskEndedAlready,
    TaskOpenAlready,
    TaskThereAlready,
    finish_task,
    hand_over_task,
    reopen_task,
)
from custrata.apps.playbooks.models import Task
from custrata.errors import CustrataError

pytestmark = [pytest.mark.django_db, pytest.mark.database]
LATER = AT + timedelta(days=3)


def finish(task: Task, actor: User, **more: Any) -> Task:
    return finish_task(task_id=task.pk, actor=actor, at=LATER, **more)


def test_a_task_is_done_with_a_result(ann: User, bob: User) -> None:
    finish(make(ann, assignee_id=ann.pk), bob, result=" They liked it ")
    task = Task.objects.get()
    assert (task.state, task.result, task.ended_by, task.ended_at) == ("done", "They liked it", bob, LATER)
    assert (audit_entries()[-1], timeline_kinds()) == (("playbooks.finish_task", "c007"), ["task", "task_done"])


def test_a_task_is_dropped_for_a_reason(ann: User) -> None:
    finish(make(ann), ann, dropped=True, result="Moved away")
    assert Task.objects.get().state == "dropped"
    assert (audit_entries()[-1][0], timeline_kinds()[-1]) == ("playbooks.drop_task", "task_dropped")


def test_recurring_tasks_are_created_again(ann: User) -> None:
    visit = make(ann, action="quarterly_visit", assignee_id=ann.pk)
    finish(visit, ann, again=True)
    following = Task.objects.get(state="open")
    assert (following.due, following.assignee, following.title) == (date(2025, 10, 2), ann, visit.title)


def test_one_time_tasks_are_not_created_again(ann: User) -> None:
    finish(make(ann), ann, again=True)
    assert not Task.objects.filter(state="open").exists()


def test_the_next_one_is_nobodys_where_the_person_has_left(ann: User, bob: User) -> None:
    visit = make(ann, action="quarterly_visit", assignee_id=bob.pk)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    finish(visit, ann, again=True)
    assert Task.objects.get(state="open").assignee is None


def test_it_is_opened_again_and_keeps_its_result(ann: User) -> None:
    task = finish(make(ann), ann, result="Not yet")
    reopen_task(task_id=task.pk, actor=ann, at=LATER)
    reloaded = Task.objects.get()
    assert (reloaded.state, reloaded.result, reloaded.ended_at) == ("open", "Not yet", None)
    assert timeline_kinds()[-1] == "task_reopened"


def test_it_is_handed_over_with_another_day(ann: User, bob: User) -> None:
    task = make(ann, assignee_id=ann.pk)
    assert hand_over_task(task_id=task.pk, assignee_id=bob.pk, due=date(2025, 8, 1), actor=ann, at=LATER)
    reloaded = Task.objects.get()
    assert (reloaded.assignee, reloaded.due) == (bob, date(2025, 8, 1))
    assert (audit_entries()[-1][0], timeline_kinds()[-1]) == ("playbooks.hand_over_task", "task_handed_over")


def test_handing_over_to_the_same_person_changes_nothing(ann: User) -> None:
    task = make(ann, assignee_id=ann.pk)
    before = database_state()
    assert not hand_over_task(task_id=task.pk, assignee_id=ann.pk, actor=ann, at=LATER)
    assert database_state() == before


def assert_refused(refusal: type[CustrataError], act: Any) -> None:
    before = database_state()
    with pytest.raises(refusal):
        act()
    assert database_state() == before


def test_a_task_is_ended_once(ann: User) -> None:
    task = finish(make(ann), ann)
    assert_refused(TaskEndedAlready, lambda: finish(task, ann, dropped=True, result="Twice"))
    assert_refused(TaskEndedAlready, lambda: hand_over_task(task_id=task.pk, assignee_id=None, actor=ann, at=LATER))


def test_dropping_needs_a_reason(ann: User) -> None:
    task = make(ann)
    assert_refused(DropNeedsReason, lambda: finish(task, ann, dropped=True, result=" "))


def test_an_open_task_is_not_opened_again(ann: User) -> None:
    task = make(ann)
    assert_refused(TaskOpenAlready, lambda: reopen_task(task_id=task.pk, actor=ann, at=LATER))


def test_it_is_not_opened_again_beside_a_newer_one(ann: User) -> None:
    task = finish(make(ann), ann)
    make(ann, title="A newer one")
    assert_refused(TaskThereAlready, lambda: reopen_task(task_id=task.pk, actor=ann, at=LATER))


def test_it_is_not_handed_to_who_may_not_do_it_or_into_the_past(ann: User) -> None:
    task = make(ann, assignee_id=ann.pk)
    assert_refused(NoSuchAssignee, lambda: hand_over_task(task_id=task.pk, assignee_id=999, actor=ann, at=LATER))
    assert_refused(
        DueBefore,
        lambda: hand_over_task(task_id=task.pk, assignee_id=ann.pk, due=date(2025, 7, 3), actor=ann, at=LATER),
    )


def test_what_is_not_there_cannot_be_ended_or_opened(ann: User) -> None:
    assert_refused(NoSuchTask, lambda: finish_task(task_id=999, actor=ann, at=LATER))
    assert_refused(NoSuchTask, lambda: reopen_task(task_id=999, actor=ann, at=LATER))
    assert_refused(NoSuchTask, lambda: hand_over_task(task_id=999, assignee_id=None, actor=ann, at=LATER))
