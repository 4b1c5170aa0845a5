"""Sessions, and lock-outs after too many wrong passwords."""

from __future__ import annotations

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import transaction

from custrata.apps.accounts.actions.people import NoSuchPerson
from custrata.apps.accounts.models import OneTimeLink, SignIn, User
from custrata.apps.accounts.queries import person_named
from custrata.apps.audit.actions import record
from custrata.web.sessions import expiry_of

ATTEMPTS_KEPT = timedelta(days=1)
LINKS_KEPT = timedelta(days=90)


@transaction.atomic
def begin_session(
    *, person: User, session_key: str, device: str, address: str | None, since: datetime, at: datetime
) -> None:
    """Record a sign-in; `since` is earlier than `at` if an existing session continues under a new key."""
    SignIn.objects.create(
        session_id=session_key,
        person=person,
        device=device.replace("\0", "")[:255],
        address=address,
        since=since,
        seen_at=at,
    )
    if since == at:
        record(person, "accounts.sign_in", actor=person, at=at)


def touch_session(*, session_key: str, at: datetime) -> None:
    """Update the last use of a session and extend it. Not recorded in the audit log."""
    since = SignIn.objects.filter(session_id=session_key).values_list("since", flat=True).first()
    if since is not None:
        SignIn.objects.filter(session_id=session_key).update(seen_at=at)
        Session.objects.filter(session_key=session_key).update(expire_date=expiry_of(since, at))


@transaction.atomic
def end_session(*, person: User, sign_in_id: int, actor: User | None, at: datetime) -> bool:
    """End one session of a person; return whether it existed."""
    ended, _ = Session.objects.filter(sign_in__pk=sign_in_id, sign_in__person=person).delete()
    if ended:
        record(person, "accounts.end_sessions", before={"sessions": 1}, actor=actor, at=at)
    return bool(ended)


@transaction.atomic
def end_other_sessions(*, person: User, keep: str | None, actor: User | None, at: datetime) -> int:
    """End every session of a person but `keep`; return how many."""
    other_sign_ins = SignIn.objects.filter(person=person).exclude(session_id=keep or "")
    keys = list(other_sign_ins.values_list("session_id", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    if keys:
        record(person, "accounts.end_sessions", before={"sessions": len(keys)}, actor=actor, at=at)
    return len(keys)


def record_lock_out(*, username: str, at: datetime) -> None:
    """Record a lock-out after too many wrong passwords; unknown user names are not stored."""
    person = person_named(username)
    if person:
        record(person, "accounts.lock_out", actor=None, at=at)


@transaction.atomic
def unlock(*, person_id: int, actor: User | None, at: datetime) -> None:
    """Clear the failed sign-ins of a person, from every address. Raises `NoSuchPerson`."""
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        raise NoSuchPerson
    if AccessAttempt.objects.filter(username=person.folded).delete()[0]:
        record(person, "accounts.unlock", actor=actor, at=at)


@transaction.atomic
def delete_expired(*, at: datetime) -> None:
    """Delete expired sessions, failed sign-ins with their addresses, and links."""
    Session.objects.filter(expire_date__lt=at).delete()
    AccessAttempt.objects.filter(attempt_time__lt=at - ATTEMPTS_KEPT).delete()
    OneTimeLink.objects.filter(expires_at__lt=at - LINKS_KEPT).delete()
