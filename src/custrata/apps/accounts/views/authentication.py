"""Completing a sign-in after the password, with the second step, and confirming the password again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from axes.conf import settings as axes
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from custrata.apps.accounts.actions import TooManyTries, WrongPassword, begin_session
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import second_factor, too_many_failures
from custrata.apps.accounts.views.session_activity import MARK
from custrata.web.addresses import client_address, counted_address
from custrata.web.security_log import record_event
from custrata.web.sessions import BEGAN

BACKEND = "django.contrib.auth.backends.ModelBackend"
PENDING = "second_step"  # in the session: whose password was right, when, and the URL to continue at
VERIFIED = "second_factor"  # in the session: the second step was taken
WITHIN = timedelta(minutes=5)


def admit(request: HttpRequest, person: User, next_url: str) -> HttpResponse:
    """Sign a person in after the password; with a second factor, ask for its code first."""
    if second_factor(person) is None:
        complete_sign_in(request, person)
        return redirect(next_url)
    request.session[PENDING] = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "wanted": next_url,
    }
    return redirect("accounts:sign_in_code")


def pending_person(request: HttpRequest) -> User | None:
    """The person who entered the right password in this browser shortly before, if active and unchanged."""
    pending = request.session.get(PENDING, {})
    if timezone.now() - datetime.fromtimestamp(pending.get("at", 0), UTC) > WITHIN:
        return None
    person = User.objects.filter(pk=pending["person"], is_active=True).first()
    same = person is not None and constant_time_compare(person.get_session_auth_hash(), pending["hash"])
    return person if same else None


def complete_sign_in(
    request: HttpRequest, person: User, since: datetime | None = None, *, verified: bool = False
) -> None:
    """Sign a person in under a new session key; `since` is given if they were signed in already."""
    request.session.pop(PENDING, None)
    if request.user.is_authenticated:  # otherwise Django changes the key itself
        request.session.cycle_key()
    login(request, person, backend=BACKEND)
    at = timezone.now()
    request.session[MARK] = True
    request.session[BEGAN] = (since or at).timestamp()
    request.session[VERIFIED] = verified
    request.session.save()
    begin_session(
        person=person,
        session_key=request.session.session_key or "",
        device=request.headers.get("User-Agent", ""),
        address=client_address(request),
        since=since or at,
        at=at,
    )
    if since is None:
        record_event(request, "signed_in", user=person.username)


def is_throttled(request: HttpRequest) -> bool:
    """Whether sign-ins are throttled, for this address or overall."""
    return too_many_failures(counted_address(request), client_address(request), timezone.now())


def confirm_password(request: HttpRequest, person: User, password: str) -> None:
    """Check the password of the signed-in person again; failures count as at the sign-in.

    Raises `WrongPassword`, `TooManyTries`.
    """
    minutes = int(axes.AXES_COOLOFF_TIME.total_seconds()) // 60
    if is_throttled(request):
        raise TooManyTries(minutes=minutes)
    if authenticate(request, username=person.username, password=password) is not None:
        return
    record_event(request, "password_wrong", user=person.username)
    if getattr(request, "axes_locked_out", False):
        raise TooManyTries(minutes=minutes)
    raise WrongPassword
