"""What was changed; rows are only ever added, and triggers in the database refuse anything else."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Change(models.Model):
    """One change: who, when, what to which subject, and how it looked before and after.

    The actor is a number and a name, not a key: the row outlives the person, and this app stands below theirs.
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
