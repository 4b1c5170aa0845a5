"""One-time links: first administrator, invitation, and password reset."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.urls import reverse

from custrata.apps.accounts.actions.passwords import replace_password
from custrata.apps.accounts.actions.people import NoSuchPerson, UserNameTaken, create_person, role_of, username_of
from custrata.apps.accounts.models import OneTimeLink, User
from custrata.apps.accounts.queries import digest, has_active_administrator, person_named, usable_links
from custrata.apps.audit.actions import record
from custrata.errors import Refused
from custrata.web.rights import Role

VALID = timedelta(days=7)
Kind = OneTimeLink.Kind


class LinkOver(Refused):
    template = "This link is no longer valid: it was used, withdrawn, or is older than {days} days. Ask for a new link."


class AlreadyInvited(Refused):
    template = "Someone else has just created a link for the same person. Look at the list again."


def first_sign_in_link(at: datetime) -> str | None:
    """The path of a new link for the first administrator; None if there is an active administrator.

    It invalidates the previous one; `take_first_link` uses it.
    """
    if has_active_administrator():
        return None
    return reverse("accounts:first", args=[_issue(OneTimeLink(kind=Kind.FIRST), at=at)])


@transaction.atomic
def take_first_link(*, secret: str, username: str, name: str, password: str, at: datetime) -> User:
    """Become the first administrator. Raises `LinkOver` and what `create_person` raises."""
    _redeem(secret, Kind.FIRST, at)
    if has_active_administrator():
        raise LinkOver(days=VALID.days)
    created = create_person(username=username, role=Role.ADMINISTRATOR, name=name, password=password, actor=None, at=at)
    return created.user


@transaction.atomic
def invite(*, username: str, email: str, role: str, actor: User | None, at: datetime) -> str:
    """Invite a person; return the secret of the link, which is not stored. Invalidates an earlier invitation.

    Raises `UserNameUnusable`, `UserNameTaken`, `UnknownRole`, `AlreadyInvited`.
    """
    normalized = username_of(username)
    if person_named(normalized):
        raise UserNameTaken(username=normalized)
    link = OneTimeLink(
        kind=Kind.INVITATION, username=normalized, email=email.strip(), role=role_of(role), made_by=actor
    )
    secret = _issue(link, at=at)
    record(link, "accounts.invite", after={"email": link.email, "role": link.role}, actor=actor, at=at)
    return secret


@transaction.atomic
def accept_invitation(*, secret: str, name: str, password: str, at: datetime) -> User:
    """Create the invited person. Raises `LinkOver` and what `create_person` raises."""
    link = _redeem(secret, Kind.INVITATION, at)
    created = create_person(
        username=link.username,
        role=link.role,
        name=name,
        email=link.email,
        password=password,
        actor=link.made_by,
        at=at,
    )
    return created.user


@transaction.atomic
def make_password_link(*, person_id: int, actor: User | None, at: datetime) -> str:
    """Make a link to set a new password; return its secret. Raises `NoSuchPerson`, `AlreadyInvited`."""
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        raise NoSuchPerson
    link = OneTimeLink(kind=Kind.PASSWORD, person=person, made_by=actor)
    secret = _issue(link, at=at)
    record(person, "accounts.make_password_link", actor=actor, at=at)
    return secret


@transaction.atomic
def set_password_by_link(*, secret: str, password: str, at: datetime) -> User:
    """Set the password of the person the link is for; all their sessions end.

    Raises `LinkOver` and what the password's rules raise.
    """
    link = _redeem(secret, Kind.PASSWORD, at)
    person = User.objects.select_for_update().filter(pk=link.person_id or 0, is_active=True).first()
    if person is None:
        raise LinkOver(days=VALID.days)
    replace_password(person, password)
    record(person, "accounts.set_password_by_link", actor=person, at=at)
    return person


@transaction.atomic
def revoke_link(*, link_id: int, actor: User | None, at: datetime) -> None:
    """Withdraw an invitation. Raises `LinkOver` where there is nothing to withdraw."""
    open_links = OneTimeLink.objects.filter(pk=link_id, kind=Kind.INVITATION, used_at=None, revoked_at=None)
    if open_links.update(revoked_at=at) != 1:
        raise LinkOver(days=VALID.days)
    link = OneTimeLink.objects.get(pk=link_id)
    record(link, "accounts.revoke_invitation", actor=actor, at=at)


def _redeem(secret: str, kind: str, at: datetime) -> OneTimeLink:
    """Mark a link as used, once even under concurrent requests. Raises `LinkOver`."""
    if usable_links(secret, kind, at).update(used_at=at) != 1:
        raise LinkOver(days=VALID.days)
    return OneTimeLink.objects.select_related("made_by").get(digest=digest(secret))


def _issue(link: OneTimeLink, *, at: datetime) -> str:
    """Save a new link, invalidate the open one for the same purpose, and return its secret."""
    secret = secrets.token_urlsafe(32)
    link.digest, link.made_at, link.expires_at = digest(secret), at, at + VALID
    earlier_links = OneTimeLink.objects.annotate(lowered=Lower("username")).filter(kind=link.kind, person=link.person)
    try:
        with transaction.atomic():
            earlier_links.filter(lowered=link.username.lower(), used_at=None, revoked_at=None).update(revoked_at=at)
            link.save(force_insert=True)
    except IntegrityError:
        raise AlreadyInvited from None
    return secret
