"""People, one-time links, recovery codes and sign-ins."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Lower

from custrata.apps.audit.models import Subject
from custrata.web.rights import Role

ROLES = [role.value for role in Role]


def folded(username: str) -> str:
    """A user name without case, width and compatibility variants, for comparison.

    >>> folded(" AnalyſT "), folded("ａｎａｌｙｓｔ")
    ('analyst', 'analyst')
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold()).strip()


class FoldedName(models.CharField):  # type: ignore[type-arg]  # of plain text, as its base is
    """The folded user name, set whenever the person is saved, in bulk too."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = folded(str(getattr(model_instance, "username", "")))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """As a plain `CharField`: migrations fill it themselves."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class UserManager(BaseUserManager["User"]):
    """Users by their user name, regardless of case and width."""

    def get_by_natural_key(self, username: str | None) -> User:
        person = self.named(username or "")
        if person is None:
            raise self.model.DoesNotExist
        return person

    def named(self, username: str) -> User | None:
        """The person of a user name: an exact match before a folded one."""
        spelt = username.strip()
        people = self.filter(models.Q(username=spelt) | models.Q(folded=folded(spelt)))
        return min(people, key=lambda person: person.username != spelt, default=None)


class User(AbstractBaseUser):
    """A person with one role. People are deactivated, never deleted, so that their records keep their name."""

    # The first two are Django's, without verbose names, which depend on the language a migration is made in.
    password = models.CharField(max_length=128)
    last_login = models.DateTimeField(blank=True, null=True)
    username = models.CharField(max_length=150, unique=True)
    folded = FoldedName(max_length=500, unique=True, editable=False)  # for look-ups of the user name
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)  # somebody else chose it
    joined_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="accounts_user_role_known"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_username_once"),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("person", self.username)

    def __str__(self) -> str:
        return self.name or self.username


OPEN = models.Q(used_at__isnull=True, revoked_at__isnull=True)


class OneTimeLink(models.Model):
    """A link to choose a password once: for the first administrator, an invitation, or a password reset.

    Only the digest of its secret is stored, so that a reader of the database cannot use it.
    """

    class Kind(models.TextChoices):
        FIRST = "first"
        INVITATION = "invitation"
        PASSWORD = "password"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    username = models.CharField(max_length=150, blank=True)  # of an invitation: the person to create
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, blank=True)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="links")  # of a password link: whose
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="links_made")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="first", person__isnull=True, role="", username="")
                | (models.Q(kind="invitation", person__isnull=True, role__in=ROLES) & ~models.Q(username=""))
                | models.Q(kind="password", person__isnull=False, role="", username=""),
                name="accounts_link_says_for_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="accounts_link_used_or_revoked",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=OPEN & models.Q(kind="first"), name="accounts_link_one_first"
            ),
            models.UniqueConstraint(
                Lower("username"), condition=OPEN & models.Q(kind="invitation"), name="accounts_link_one_invitation"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=OPEN & models.Q(kind="password"), name="accounts_link_one_password"
            ),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("invitation", self.username)

    def __str__(self) -> str:
        return f"{self.kind} {self.username}"


class SignIn(models.Model):
    """A sign-in of a person; deleted with its session."""

    session = models.OneToOneField(Session, models.CASCADE, related_name="sign_in")
    person = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    device = models.CharField(max_length=255, blank=True)  # the user agent
    address = models.GenericIPAddressField(null=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} since {self.since:%Y-%m-%d}"


class RecoveryCode(models.Model):
    """A single-use code in place of one of the authenticator; stored as a digest."""

    person = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_id} of {self.made_at:%Y-%m-%d}"
