"""Overrides: tiers set by hand."""

from __future__ import annotations

from django.db import models

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Subject
from custrata.pipeline.decisions import AT_LEAST, EXACTLY


class Override(models.Model):
    """A tier set by hand for one customer in one scheme, as a minimum or exactly, applied by the next refresh.

    The customer is a text, not a foreign key: the customer projection is replaced in bulk.
    """

    customer_id = models.TextField()
    scheme = models.CharField(max_length=64)
    tier = models.CharField(max_length=64)
    mode = models.CharField(max_length=8, default=AT_LEAST)
    reason = models.TextField()
    until = models.DateTimeField(null=True)  # empty: no end
    approver: models.ForeignKey[User | None, User | None] = models.ForeignKey(User, models.SET_NULL, null=True)
    approved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer_id", "scheme"], name="tiers_override_one_of_a_scheme"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="tiers_override_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(mode__in=(AT_LEAST, EXACTLY)), name="tiers_override_at_least_or_exactly"
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gt=models.F("approved_at")),
                name="tiers_override_ends_later",
            ),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("customer", self.customer_id, self.customer_id)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.scheme}: {self.tier}"
