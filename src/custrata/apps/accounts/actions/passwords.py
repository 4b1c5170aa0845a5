"""Password rules, and changing one's own password."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from custrata.apps.accounts.models import User, folded
from custrata.apps.audit.actions import record
from custrata.errors import BadInput, CustrataError, Refused
from custrata.web.workspace import workspace

PRODUCT = "custrata"
OWN_SHARE = 8  # characters a password needs besides such names
# Without characters that are easily confused when read aloud or typed from paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class PasswordTooShort(BadInput):
    template = "This password is too short. Use at least {minimum} characters."


class PasswordTooCommon(BadInput):
    template = "This password is too common. Use several unrelated words."


class PasswordOnlyDigits(BadInput):
    template = "This password has only digits. Add letters."


class PasswordTooLikeName(BadInput):
    template = "This password is too similar to the name or email address. Choose another."


class PasswordTooLikeWorkspace(BadInput):
    template = "This password is little more than the name of the product or the workspace. Choose another."


class WrongPassword(Refused):
    template = "The current password is incorrect. Nothing was changed."


class PasswordUnchanged(BadInput):
    template = "This is your current password. Choose another."


class TooManyTries(Refused):
    template = "Too many wrong passwords. Nothing was changed. Try again in {minutes} minutes."


FAULTS: dict[str | None, type[BadInput]] = {
    "password_too_short": PasswordTooShort,
    "password_too_common": PasswordTooCommon,
    "password_entirely_numeric": PasswordOnlyDigits,
    "password_too_similar": PasswordTooLikeName,
}


def check_password_rules(password: str, person: User) -> None:
    """Raises `PasswordTooShort`, `PasswordTooCommon`, `PasswordOnlyDigits`, `PasswordTooLikeName`.

    Also `PasswordTooLikeWorkspace`, where too little is left without the names of product and workspace.
    """
    try:
        validate_password(password, person)
    except ValidationError as error:
        first = error.error_list[0]
        facts = {"minimum": first.params["min_length"]} if first.code == "password_too_short" and first.params else {}
        raise FAULTS[first.code](**facts) from None
    left = folded(password)
    for name in _obvious_names():
        left = left.replace(name, "")
    if len(left) < OWN_SHARE and left != folded(password):
        raise PasswordTooLikeWorkspace


def _obvious_names() -> list[str]:
    """The names of product and workspace, in full and word by word."""
    try:
        name = folded(workspace().settings.name)
    except CustrataError:
        name = ""
    return sorted({word for word in (PRODUCT, name, *name.split()) if len(word) > 2}, key=len, reverse=True)


def new_password() -> str:
    """A random password: four groups of four characters, about 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def replace_password(person: User, password: str, *, keep: str | None = None) -> None:
    """Check and store a password, and end every session of the person but `keep`. For use in an action."""
    check_password_rules(password, person)
    person.set_password(password)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])
    Session.objects.filter(sign_in__person=person).exclude(session_key=keep or "").delete()


@transaction.atomic
def change_password(*, person: User, present: str, password: str, keep: str | None, at: datetime) -> None:
    """Change one's own password; every session but the one named `keep` ends.

    Raises `WrongPassword`, `PasswordUnchanged` and what `check_password_rules` raises.
    """
    locked_person = User.objects.select_for_update().get(pk=person.pk)
    if not locked_person.check_password(present):
        raise WrongPassword
    if password == present:
        raise PasswordUnchanged
    replace_password(locked_person, password, keep=keep)
    person.password, person.must_change_password = locked_person.password, False
    record(person, "accounts.change_password", actor=person, at=at)
