"""Tokens of the REST API."""

from __future__ import annotations

from django.db import models

from custrata.apps.accounts.models import User

MARK = "cst"  # every token begins with it: programs that look for leaked secrets know it by that


class Token(models.Model):
    """A token: what it is for, what it is good for, whose rights it acts with. Of its secret only a digest is kept.

    A token that is over stays in the list: the audit speaks of it.
    """

    name = models.CharField(max_length=100)
    key = models.CharField(max_length=12, unique=True)  # the part of the token that may be shown
    digest = models.CharField(max_length=64)
    scopes: models.JSONField[list[str], list[str]] = models.JSONField()
    person: models.ForeignKey[User, User] = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)  # empty: it does not run out
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

    def __str__(self) -> str:
        return self.name

    @property
    def beginning(self) -> str:
        """What may be shown of its text."""
        return f"{MARK}_{self.key}_…"
