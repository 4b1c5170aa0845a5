"""The audit log. Rows are only ever inserted; database triggers refuse updates and deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


@dataclass(frozen=True)
class Subject:
    """What a change is about: its kind, its id where there are several, and the customer it concerns, if any."""

    kind: str
    id: object = ""
    customer_id: str | None = None

    @property
    def audit_subject(self) -> Subject:
        return self


class Audited(Protocol):
    """A row of another app that says how it is named in the audit log."""

    @property
    def audit_subject(self) -> Subject: ...


class Change(models.Model):
    """One change: actor, time, action, subject, and the values before and after.

    The actor is stored as an id and a name, not as a foreign key: the row outlives the user, and this app must not
    depend on the accounts app.
    """

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)  # empty: the server itself
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=255)
    customer_id = models.CharField(max_length=255, null=True)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        indexes = (
            models.Index(fields=["at", "id"], name="audit_change_at"),
            models.Index(fields=["actor_name", "at", "id"], name="audit_change_actor"),
            models.Index(fields=["action", "at", "id"], name="audit_change_action"),
            models.Index(
                fields=["customer_id", "at", "id"],
                name="audit_change_customer",
                condition=models.Q(customer_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject} {self.subject_id}"
