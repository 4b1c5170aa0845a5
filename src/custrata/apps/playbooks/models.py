"""A workspace's own playbooks, and tasks created from actions."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from custrata.apps.audit.models import Subject
from custrata.apps.customers.models import Customer
from custrata.tiering.playbooks import KINDS

PERSON = settings.AUTH_USER_MODEL


class OwnPlaybook(models.Model):
    """A workspace's replacement of the shipped playbook of a tier."""

    scheme = models.CharField(max_length=64)
    tier = models.CharField(max_length=64)
    content = models.JSONField()  # in the format of `custrata.tiering.playbooks.as_data`
    at = models.DateTimeField()
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scheme", "tier"], name="playbooks_ownplaybook_one_of_a_tier"),)

    def __str__(self) -> str:
        return f"{self.scheme} {self.tier}"


class State(models.TextChoices):
    """The state of a task."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


ENDED = models.Q(ended_at__isnull=False)
IS_OPEN = models.Q(state=State.OPEN)


class Task(models.Model):
    """A task with a due date: for one customer, or (without one) for a tier as a whole."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, to_field="customer_id", null=True, related_name="tasks"
    )  # deleted when the customer is erased
    scheme = models.CharField(max_length=64)
    tier = models.CharField(max_length=64)
    action = models.CharField(max_length=64)  # the key of the action in the playbook
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=500)
    due = models.DateField()
    assignee = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="tasks")
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in State], default=State.OPEN)
    result = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~models.Q(title=""), name="playbooks_task_titled"),
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="playbooks_task_kind_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="playbooks_task_state_known"
            ),
            models.CheckConstraint(
                condition=(IS_OPEN & ~ENDED) | (~IS_OPEN & ENDED), name="playbooks_task_open_or_ended"
            ),
            models.UniqueConstraint(
                fields=["customer", "scheme", "tier", "action"],
                condition=models.Q(state="open", customer__isnull=False),
                name="playbooks_task_open_once_per_customer",
            ),
            models.UniqueConstraint(
                fields=["scheme", "tier", "action"],
                condition=models.Q(state="open", customer__isnull=True),
                name="playbooks_task_open_once_per_tier",
            ),
        )
        indexes = (
            models.Index(fields=["state", "due", "id"], name="playbooks_task_by_day"),
            models.Index(fields=["assignee", "state", "due", "id"], name="playbooks_task_persons_by_day"),
            models.Index(fields=["state", "ended_at", "id"], name="playbooks_task_by_end"),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("task", self.pk, self.customer_id)

    def __str__(self) -> str:
        return self.title
