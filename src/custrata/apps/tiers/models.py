"""What people decide here: tiers they gave by hand, and drafts of schemes."""

from __future__ import annotations

from django.db import models

from custrata.apps.accounts.models import User
from custrata.pipeline.decisions import AT_LEAST, EXACTLY


class Override(models.Model):
    """One customer's tier in one scheme, at least or exactly, until it ends; the next refresh takes it in.

    The customer is a text, not a key: the projection of customers comes and goes in bulk.
    """

    customer_id = models.TextField()
    scheme = models.CharField(max_length=64)
    tier = models.CharField(max_length=64)
    mode = models.CharField(max_length=8, default=AT_LEAST)
    reason = models.TextField()
    until = models.DateTimeField(null=True)  # empty: for good
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

    def __str__(self) -> str:
        return f"{self.customer_id} {self.scheme}: {self.tier}"


class Draft(models.Model):
    """A scheme that somebody is changing, or making: one draft of a scheme, perhaps unfinished, until it is published.

    `definition` is what `custrata.tiering.define` reads once it is finished; `at` is when it was saved last.
    """

    scheme = models.CharField(max_length=40)
    definition = models.JSONField()
    note = models.TextField(blank=True, default="")
    author: models.ForeignKey[User | None, User | None] = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["scheme"], name="tiers_draft_one_of_a_scheme"),
            models.CheckConstraint(condition=~models.Q(scheme=""), name="tiers_draft_names_its_scheme"),
        )

    def __str__(self) -> str:
        return self.scheme
