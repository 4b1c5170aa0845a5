"""People who sign in, the links that let them in, their recovery codes, and where they are signed in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Lower

from custrata.web.rights import Role

ROLES = [role.value for role in Role]


def folded(username: str) -> str:
    """A user name without case, width and compatible forms: what spells the same person is the same text.

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
        """As a plain text: migrations fill it themselves."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class People(BaseUserManager["User"]):
    """Users by their user name, however it is spelt."""

    def get_by_natural_key(self, username: str | None) -> User:
        person = self.named(username or "")
        if person is None:
            raise self.model.DoesNotExist
        return person

    def named(self, username: str) -> User | None:
        """The person of a name: as it is stored, of two whose names became one when they were folded; else folded."""
        spelt = username.strip()
        people = self.filter(models.Q(username=spelt) | models.Q(folded=folded(spelt)))
        return min(people, key=lambda person: person.username != spelt, default=None)


class User(AbstractBaseUser):
    """A person with one role. People are deactivated, never deleted: what they did keeps its name."""

    # The first two are Django's, without its names for them, which differ by the language a migration is made in.
    password = models.CharField(max_length=128)
    last_login = models.DateTimeField(blank=True, null=True)
    username = models.CharField(max_length=150, unique=True)
    folded = FoldedName(max_length=500, unique=True, editable=False)  # what the name is looked up by
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)  # somebody else chose it
    joined_at = models.DateTimeField()

    objects: ClassVar[People] = People()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(role__in=ROLES), name="accounts_user_role_known"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_username_once"),
        )

    def __str__(self) -> str:
        return self.name or self.username


OPEN = models.Q(used_at__isnull=True, revoked_at__isnull=True)


class OneTimeLink(models.Model):
    """A link that lets somebody choose a password, once: the first administrator, one invited, one who forgot theirs.

    Only the digest of its secret is kept, so nobody who reads the database can use it.
    """

    class Kind(models.TextChoices):
        FIRST = "first"
        INVITATION = "invitation"
        PASSWORD = "password"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    username = models.CharField(max_length=150, blank=True)  # of an invitation: who will be made, and how
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

    def __str__(self) -> str:
        return f"{self.kind} {self.username}"


class SignIn(models.Model):
    """Where a person is signed in; it goes with its session."""

    session = models.OneToOneField(Session, models.CASCADE, related_name="sign_in")
    person = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    device = models.CharField(max_length=255, blank=True)  # as the browser names itself
    address = models.GenericIPAddressField(null=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} since {self.since:%Y-%m-%d}"


class RecoveryCode(models.Model):
    """A code that stands in, once, for the one of the authenticator; kept as a digest."""

    person = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_id} of {self.made_at:%Y-%m-%d}"
