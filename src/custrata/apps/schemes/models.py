"""Drafts of schemes."""

from __future__ import annotations

from django.db import models

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Subject


class SchemeDraft(models.Model):
    """The unpublished draft of a new or existing scheme, possibly incomplete; at most one per scheme.

    `definition` is input for `custrata.tiering.define` once it is complete; `at` is the time of the last save.
    """

    scheme = models.CharField(max_length=40)
    definition = models.JSONField()
    note = models.TextField(blank=True, default="")
    author: models.ForeignKey[User | None, User | None] = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "tiers_draft"  # made by the app `tiers`, which had the model first
        constraints = (
            models.UniqueConstraint(fields=["scheme"], name="tiers_draft_one_of_a_scheme"),
            models.CheckConstraint(condition=~models.Q(scheme=""), name="tiers_draft_names_its_scheme"),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("scheme", self.scheme)

    def __str__(self) -> str:
        return self.scheme
