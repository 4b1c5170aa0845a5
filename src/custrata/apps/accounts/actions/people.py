"""Create people, change their roles, deactivate and reactivate them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from custrata.apps.accounts.actions.passwords import check_password_rules, new_password
from custrata.apps.accounts.models import OneTimeLink, User
from custrata.apps.audit.actions import record
from custrata.errors import BadInput, Refused
from custrata.web.rights import Role
from custrata.web.versions import Parts, ensure_unchanged

USERNAME = re.compile(r"[\w.@+-]{1,150}")


class UserNameUnusable(BadInput):
    template = (
        "“{username}” cannot be used as a username. Use only letters, digits and . @ + - _, at most 150 characters."
    )


class UserNameTaken(Refused):
    template = "The username “{username}” is already in use. Choose another."


class UnknownRole(BadInput):
    template = "There is no role “{role}”. The roles are administrator, operator, analyst and agent."


class NoSuchPerson(Refused):
    status = 404
    template = "There is no such person. Look at the list again."


class LastAdministrator(Refused):
    template = "{name} is the last active administrator. Make someone else administrator first."


@dataclass(frozen=True)
class NewPerson:
    """A new person and their initial password, which is not stored in plain text."""

    user: User
    password: str


def username_of(text: str) -> str:
    """A user name in its stored form. Raises `UserNameUnusable`."""
    name = unicodedata.normalize("NFKC", text).strip()
    if not USERNAME.fullmatch(name):
        raise UserNameUnusable(username=name[:150])
    return name


def role_of(text: str) -> Role:
    """The role of that name. Raises `UnknownRole`."""
    if text not in set(Role):
        raise UnknownRole(role=text)
    return Role(text)


@transaction.atomic
def create_person(
    *,
    username: str,
    role: str,
    at: datetime,
    actor: User | None = None,
    name: str = "",
    email: str = "",
    language: str = "",
    password: str | None = None,
) -> NewPerson:
    """Create a person. Without a password a random one is set, to be changed at the first sign-in.

    Raises `UserNameUnusable`, `UserNameTaken`, `UnknownRole` and what the password's rules raise.
    """
    person = User(username=username_of(username), role=role_of(role), name=name.strip(), email=email.strip())
    person.language, person.joined_at, person.must_change_password = language, at, password is None
    secret = password if password is not None else new_password()
    check_password_rules(secret, person)
    person.set_password(secret)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError:
        raise UserNameTaken(username=person.username) from None
    record(person, "accounts.create_person", after=_audit_fields(person), actor=actor, at=at)
    return NewPerson(person, secret)


@transaction.atomic
def change_role(*, person_id: int, role: str, actor: User | None, at: datetime, opened: Parts | None = None) -> User:
    """Change the role of a person; `opened` is the role the actor saw.

    Raises `NoSuchPerson`, `UnknownRole`, `LastAdministrator`, `ChangedMeanwhile`.
    """
    new_role = role_of(role)
    person = _locked_person(person_id)
    if person.role == new_role:
        return person
    ensure_unchanged(opened, {"role": person.role})
    _ensure_an_administrator(person, stays=new_role == Role.ADMINISTRATOR)
    before, person.role = person.role, new_role
    person.save(update_fields=["role"])
    record(person, "accounts.change_role", before={"role": before}, after={"role": new_role}, actor=actor, at=at)
    return person


@transaction.atomic
def deactivate(*, person_id: int, actor: User | None, at: datetime) -> User:
    """Deactivate a person: their sessions end and their links become invalid; their records stay.

    Raises `NoSuchPerson`, `LastAdministrator`.
    """
    person = _locked_person(person_id)
    if not person.is_active:
        return person
    _ensure_an_administrator(person, stays=False)
    person.is_active = False
    person.save(update_fields=["is_active"])
    Session.objects.filter(sign_in__person=person).delete()
    OneTimeLink.objects.filter(person=person, used_at=None, revoked_at=None).update(revoked_at=at)
    record(person, "accounts.deactivate", before={"active": True}, after={"active": False}, actor=actor, at=at)
    return person


@transaction.atomic
def activate(*, person_id: int, actor: User | None, at: datetime) -> User:
    """Reactivate a person. Raises `NoSuchPerson`."""
    person = _locked_person(person_id)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
        record(person, "accounts.activate", before={"active": False}, after={"active": True}, actor=actor, at=at)
    return person


@transaction.atomic
def change_me(
    *, person: User, name: str, email: str, language: str, theme: str, at: datetime, opened: Parts | None = None
) -> None:
    """Change one's own name, e-mail address, language and theme; `opened` is the state that was shown.

    Raises `ChangedMeanwhile`.
    """
    locked_person = User.objects.select_for_update().get(pk=person.pk)
    new_values = {"name": name.strip(), "email": email.strip(), "language": language, "theme": theme}
    before = {
        key: getattr(locked_person, key) for key, value in new_values.items() if getattr(locked_person, key) != value
    }
    if not before:
        return
    ensure_unchanged(
        opened, {key: getattr(locked_person, key) for key in new_values} | {"theme": locked_person.theme or "auto"}
    )
    for key in before:
        setattr(person, key, new_values[key])
    person.save(update_fields=list(before))
    after = {key: new_values[key] for key in before}
    record(person, "accounts.change_me", before=before, after=after, actor=person, at=at)


def _locked_person(person_id: int) -> User:
    """The person, locked until the transaction ends, after all active administrators in a fixed order.

    So of two concurrent removals of administrators, the second sees the result of the first.
    """
    administrators = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    list(administrators.order_by("pk").values_list("pk"))
    person = User.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NoSuchPerson
    return person


def _ensure_an_administrator(person: User, *, stays: bool) -> None:
    """Raises `LastAdministrator` if no active administrator would remain."""
    if stays or person.role != Role.ADMINISTRATOR or not person.is_active:
        return
    if not User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk).exists():
        raise LastAdministrator(name=str(person))


def _audit_fields(person: User) -> dict[str, object]:
    return {"username": person.username, "name": person.name, "email": person.email, "role": person.role}
