"""Create tasks from actions: for one customer, for every customer of a tier, or for the tier as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.customers.actions import record_with_timeline
from custrata.apps.customers.actions.bulk import instant, record_on_timelines, run, staged
from custrata.apps.customers.actions.lookups import lock_customer
from custrata.apps.customers.models import Customer
from custrata.apps.playbooks.models import State, Task
from custrata.apps.playbooks.queries import effective_playbook, possible_assignees, tier_customers, tier_ids, today
from custrata.errors import BadInput, Refused
from custrata.tiering.playbooks import Action

MOST_TASKS = 2_000
LONGEST_TITLE = 500
DEFAULT_DAYS = 7


class NoSuchAction(BadInput):
    status = 404
    template = "The playbook of {tier} has no action “{action}”. It may have been edited; look at it again."


class TaskNeedsTitle(BadInput):
    template = "A task needs a title of 1 to {most} characters."


class NoSuchAssignee(BadInput):
    status = 404
    template = "There is no such person, or they may not do tasks. Choose someone else."


class DueBefore(BadInput):
    template = "{due} is in the past. Choose today or a later day."


class TaskThereAlready(Refused):
    template = "The same task is already open: “{title}”. Complete it first, or do not create another."


class TierHasChanged(Refused):
    template = "The tier now has {now} customers, not {seen}. No task was created; review the number and confirm again."


class TierTooLarge(Refused):
    template = (
        "{customers} customers are too many for a task each (at most {most}). Create a single task for the whole tier."
    )


class NobodyInTier(Refused):
    template = "The tier has no customers, or all of them already have the task. No task was created."


@dataclass(frozen=True)
class TaskDraft:
    """The validated fields of a new task."""

    scheme: str
    tier: str
    action: Action
    title: str
    due: date
    assignee: User | None


def default_due_date(action: Action, at: datetime) -> date:
    """The default due date of a task for an action."""
    return today(at) + timedelta(days=action.due_days or DEFAULT_DAYS)


def _draft(
    scheme: str, tier: str, action: str, *, title: str, due: date | None, assignee_id: int | None, at: datetime
) -> TaskDraft:
    playbook_action = effective_playbook(scheme, tier).action(action)
    if playbook_action is None:
        raise NoSuchAction(tier=tier, action=action)
    normalized = " ".join(title.split())
    if not normalized or len(normalized) > LONGEST_TITLE:
        raise TaskNeedsTitle(most=LONGEST_TITLE)
    if due is not None and due < today(at):
        raise DueBefore(due=due.isoformat())
    return TaskDraft(
        scheme,
        tier,
        playbook_action,
        normalized,
        due or default_due_date(playbook_action, at),
        assignee_by_id(assignee_id),
    )


def assignee_by_id(assignee_id: int | None) -> User | None:
    """The assignee with that id; None for None. Raises `NoSuchAssignee`."""
    person = possible_assignees().filter(pk=assignee_id).first() if assignee_id is not None else None
    if assignee_id is not None and person is None:
        raise NoSuchAssignee
    return person


@transaction.atomic
def make_task(
    *,
    customer_id: str | None,
    scheme: str,
    tier: str,
    action: str,
    title: str,
    due: date | None = None,
    assignee_id: int | None = None,
    to_owner: bool = False,
    actor: User | None,
    at: datetime,
) -> Task:
    """Create a task for a customer, or without one for the tier as a whole.

    Without `due` the playbook determines the due date. `to_owner` assigns the task to the customer's owner, and to the
    assignee only if there is none.

    Raises `NoSuchPlaybook`, `NoSuchAction`, `TaskNeedsTitle`, `DueBefore`, `NoSuchAssignee`, `NoSuchCustomer`,
    `TaskThereAlready`.
    """
    draft = _draft(scheme, tier, action, title=title, due=due, assignee_id=assignee_id, at=at)
    customer = lock_customer(customer_id) if customer_id is not None else None
    owner = _owner_of(customer) if customer is not None and to_owner else None
    task = Task(customer=customer, assignee=owner or draft.assignee, made_by=actor, made_at=at, **_facts(draft))
    save_task(task)
    record_task_event(task, "make_task", "task", actor=actor, at=at, after=_audit_fields(task))
    return task


def _owner_of(customer: Customer) -> User | None:
    """The owner of a customer, if they can have tasks."""
    return possible_assignees().filter(pk=customer.owner_id).first() if customer.owner_id is not None else None


@transaction.atomic
def make_tasks_for_tier(
    *,
    scheme: str,
    tier: str,
    action: str,
    title: str,
    due: date | None = None,
    assignee_id: int | None = None,
    to_owner: bool = False,
    confirmed: int,
    most: int = MOST_TASKS,
    actor: User | None,
    at: datetime,
) -> int:
    """Create a task for every customer of a tier without an open one of the action; return how many.

    `confirmed` is the number of customers that the person confirmed; more than `most` are refused.

    Raises what `make_task` raises, and `TierHasChanged`, `TierTooLarge`, `NobodyInTier`.
    """
    draft = _draft(scheme, tier, action, title=title, due=due, assignee_id=assignee_id, at=at)
    now = tier_customers(scheme, tier)
    if now > most:
        raise TierTooLarge(customers=now, most=most)
    if now != confirmed:
        raise TierHasChanged(now=now, seen=confirmed)
    with _customers_without_task(tier_ids(scheme, tier), draft) as fresh:
        inserted = _insert(fresh, draft, to_owner=to_owner, actor=actor, at=at)
        facts: dict[str, object] = {"title": draft.title}
        names, person = f"SELECT customer_id FROM {fresh}", actor.pk if actor else None
        record_on_timelines(names, [], kind="task", facts=facts, actor_id=person, at=at)
    if not inserted:
        raise NobodyInTier
    after = {"title": draft.title, "due": draft.due.isoformat(), "customers": inserted}
    subject = Subject("tier", f"{scheme}.{tier}.{action}")
    record(subject, "playbooks.make_tasks", after=after, actor=actor, at=at)
    return inserted


@contextmanager
def _customers_without_task(customer_ids: list[str], draft: TaskDraft) -> Iterator[str]:
    """The existing customers without an open task of the action, as a temporary table."""
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in customer_ids)) as name:
        run(
            f"DELETE FROM {name} WHERE customer_id NOT IN (SELECT customer_id FROM customers_customer) "
            "OR customer_id IN (SELECT customer_id FROM playbooks_task WHERE customer_id IS NOT NULL "
            "AND state = 'open' AND scheme = %s AND tier = %s AND action = %s)",
            [draft.scheme, draft.tier, draft.action.key],
        )
        yield name


def _insert(fresh: str, draft: TaskDraft, *, to_owner: bool, actor: User | None, at: datetime) -> int:
    """Insert one task per customer, with `to_owner` assigned to owners that can have tasks."""
    owners = list(possible_assignees().values_list("pk", flat=True)) if to_owner else []
    theirs = f"CASE WHEN c.owner_id IN ({', '.join(str(int(owner_id)) for owner_id in owners)}) THEN c.owner_id END, "
    due = connection.ops.adapt_datefield_value(draft.due)
    assignee = f"COALESCE({theirs if owners else ''}CAST(%s AS bigint), NULL)"
    return run(
        "INSERT INTO playbooks_task (customer_id, scheme, tier, action, kind, title, due, state, result, "
        "made_at, made_by_id, assignee_id) "
        f"SELECT c.customer_id, %s, %s, %s, %s, %s, %s, 'open', '', %s, CAST(%s AS bigint), {assignee} "
        f"FROM {fresh} AS f JOIN customers_customer AS c ON c.customer_id = f.customer_id ORDER BY c.customer_id",
        [
            *(draft.scheme, draft.tier, draft.action.key, draft.action.kind, draft.title, due),
            *(instant(at), actor.pk if actor else None, draft.assignee.pk if draft.assignee else None),
        ],
    )


def _facts(draft: TaskDraft) -> dict[str, object]:
    return {
        "scheme": draft.scheme,
        "tier": draft.tier,
        "action": draft.action.key,
        "kind": draft.action.kind,
        "title": draft.title,
        "due": draft.due,
    }


def save_task(task: Task) -> None:
    """Save an open task. Raises `TaskThereAlready` if there is another open one of the same action."""
    try:
        with transaction.atomic():
            task.save()
    except IntegrityError as error:
        same = Task.objects.filter(customer=task.customer, scheme=task.scheme, tier=task.tier)
        there = same.filter(action=task.action, state=State.OPEN).exclude(pk=task.pk).first()
        if there is None:
            raise
        raise TaskThereAlready(title=there.title) from error


def _audit_fields(task: Task) -> dict[str, object]:
    assignee = str(task.assignee) if task.assignee else None
    return {"title": task.title, "due": task.due.isoformat(), "assignee": assignee}


def record_task_event(
    task: Task,
    verb: str,
    kind: str,
    *,
    actor: User | None,
    at: datetime,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """Record a change of a task in the audit log and on the customer's timeline."""
    facts = {"task": task.pk, "title": task.title, "result": task.result}
    record_with_timeline(task, f"playbooks.{verb}", before, after, facts=facts, kind=kind, actor=actor, at=at)
