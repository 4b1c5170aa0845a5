"""Creating tasks from an action: for one customer, for each customer of a tier, or for the tier as a whole."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.server.playbooks.conftest import AT, audit_entries, database_state, ids_in, make, timeline_kinds

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import NoSuchCustomer
from custrata.apps.customers.actions.deletion import delete_customers
from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries.personal import personal_data
from custrata.apps.playbooks import actions
from custrata.apps.playbooks.actions import (
    DueBefore,
    NoSuchAction,
    NoSuchAssignee,
    TaskNeedsTitle,
    TaskThereAlready,
    TierHasChanged,
    make_tasks_for_tier,
)
from custrata.apps.playbooks.models import Task
from custrata.apps.playbooks.queries import tier_customers
from custrata.errors import CustrataError
from custrata.lake import Workspace
from custrata.tiering.playbooks import NoSuchPlaybook

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def for_tier(actor: User, shown_count: int, **other: Any) -> int:
    defaults = {
        "scheme": "value",
        "tier": "high",
        "action": "tailor_made",
        "title": "Make an offer",
        "confirmed": shown_count,
    }
    return make_tasks_for_tier(**{**defaults, **other}, actor=actor, at=AT)


def test_a_task_is_due_when_the_playbook_says_and_is_told(ann: User) -> None:
    task = make(ann, assignee_id=ann.pk)
    assert (task.due, task.kind, task.state, task.assignee) == (date(2025, 7, 15), "offer", "open", ann)
    assert (audit_entries(), timeline_kinds()) == ([("playbooks.make_task", "c007")], ["task"])


def test_a_task_for_the_tier_as_a_whole_is_nobodys_history(ann: User) -> None:
    assert make(ann, customer_id=None).customer is None
    assert (audit_entries(), timeline_kinds()) == ([("playbooks.make_task", None)], [])


def test_whoever_looks_after_the_customer_gets_it(ann: User, bob: User) -> None:
    Customer.objects.filter(customer_id="c007").update(owner=bob)
    assert make(ann, assignee_id=ann.pk, to_owner=True).assignee == bob
    assert make(ann, customer_id="c008", assignee_id=ann.pk, to_owner=True).assignee == ann


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"customer_id": "nobody"}, NoSuchCustomer),
        ({"tier": "golden"}, NoSuchPlaybook),
        ({"action": "sing"}, NoSuchAction),
        ({"title": "  "}, TaskNeedsTitle),
        ({"title": "x" * 501}, TaskNeedsTitle),
        ({"assignee_id": 999}, NoSuchAssignee),
        ({"due": date(2025, 6, 30)}, DueBefore),
    ],
)
def test_it_refuses_by_name_and_changes_nothing(
    ann: User, wrong: dict[str, object], refusal: type[CustrataError]
) -> None:
    before = database_state()
    with pytest.raises(refusal):
        make(ann, **wrong)
    assert database_state() == before


@pytest.mark.parametrize("customer_id", ["c007", None])
def test_the_same_task_is_not_made_twice(ann: User, customer_id: str | None) -> None:
    make(ann, customer_id=customer_id)
    before = database_state()
    with pytest.raises(TaskThereAlready, match="Make an offer"):
        make(ann, customer_id=customer_id, title="Again")
    assert database_state() == before


def test_each_customer_of_a_tier_gets_one_at_once(workspace: Workspace, ann: User) -> None:
    whom = ids_in(workspace, "value", "high")
    assert for_tier(ann, len(whom), assignee_id=ann.pk) == len(whom)
    assert {task.customer_id for task in Task.objects.all()} == set(whom)
    assert set(Task.objects.values_list("assignee", "due", "made_at")) == {(ann.pk, date(2025, 7, 15), AT)}
    assert (audit_entries(), timeline_kinds(whom[0])) == ([("playbooks.make_tasks", None)], ["task"])


def test_those_who_have_it_are_passed_over(workspace: Workspace, ann: User) -> None:
    whom = ids_in(workspace, "value", "high")
    make(ann, customer_id=whom[0])
    assert for_tier(ann, len(whom)) == len(whom) - 1
    before = database_state()
    with pytest.raises(actions.NobodyInTier):
        for_tier(ann, len(whom))
    assert database_state() == before


def test_each_goes_to_whoever_looks_after_the_customer(workspace: Workspace, ann: User, bob: User) -> None:
    whom = ids_in(workspace, "value", "high")
    Customer.objects.filter(customer_id=whom[0]).update(owner=bob)
    for_tier(ann, len(whom), to_owner=True, assignee_id=ann.pk)
    assert Task.objects.get(customer_id=whom[0]).assignee == bob
    assert Task.objects.filter(assignee=ann).count() == len(whom) - 1


def test_a_tier_that_is_not_what_was_shown_is_refused(workspace: Workspace, ann: User) -> None:
    before = database_state()
    with pytest.raises(TierHasChanged):
        for_tier(ann, 1)
    assert database_state() == before


def test_a_tier_too_large_for_a_task_each_is_refused(workspace: Workspace, ann: User) -> None:
    before = database_state()
    with pytest.raises(actions.TierTooLarge):
        for_tier(ann, tier_customers("value", "high"), most=1)
    assert database_state() == before


def test_it_asks_the_database_no_more_for_more_customers(
    workspace: Workspace, ann: User, django_assert_num_queries: Any
) -> None:
    # Savepoint, own playbook, four for the staged table, insert, timeline, drop, audit, release.
    with django_assert_num_queries(11):
        for_tier(ann, tier_customers("value", "low"), tier="low", action="entry_coupon")


def test_erasing_a_customer_removes_their_tasks(ann: User) -> None:
    make(ann)
    make(ann, customer_id="c008")
    delete_customers(customer_ids=["c007"], at=AT)
    assert [task.customer_id for task in Task.objects.all()] == ["c008"]


def test_what_is_kept_of_a_person_can_be_told_to_them(ann: User) -> None:
    make(ann)
    assert [row["title"] for row in personal_data("c007")["playbooks_task"]] == ["Make an offer"]
    assert "playbooks_task" not in personal_data("c008")
