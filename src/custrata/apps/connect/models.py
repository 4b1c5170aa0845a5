"""Tokens of the REST API."""

from __future__ import annotations

from django.db import models

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Subject

MARK = "cst"  # prefix of every token, so that secret scanners recognise leaked ones


class Token(models.Model):
    """An API token: name, scopes, and the user whose rights it acts with. Only a digest of its secret is stored.

    Expired and revoked tokens are kept, since the audit log refers to them.
    """

    name = models.CharField(max_length=100)
    key = models.CharField(max_length=12, unique=True)  # the public part of the token
    digest = models.CharField(max_length=64)
    scopes: models.JSONField[list[str], list[str]] = models.JSONField()
    person: models.ForeignKey[User, User] = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)  # empty: does not expire
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~models.Q(name=""), name="connect_token_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("made_at")),
                name="connect_token_expires_later",
            ),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("token", f"{self.name} ({self.key})")

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """The public start of the token's text."""
        return f"{MARK}_{self.key}_…"
