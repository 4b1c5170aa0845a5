"""Who is signed in: the person whose row came with the session."""

from __future__ import annotations

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from custrata.apps.accounts.models import User
from custrata.apps.accounts.views.authentication import BACKEND


class IdentificationMiddleware(AuthenticationMiddleware):
    """Sets `request.user` as Django does, without a query for the person."""

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`, found when it is first used."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: signed_in_person(request))  # type: ignore[assignment]  # as Django does


def signed_in_person(request: HttpRequest) -> User | AnonymousUser:
    """The signed-in person.

    The person of the session's sign-in, under Django's conditions: active, the same person, and the password unchanged
    since the sign-in. Where one of them does not hold, Django finds the person, or ends the session.
    """
    session = request.session
    key, password = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY, "")
    person: User | None = getattr(session, "person", None)
    if (
        person is not None
        and person.is_active
        and key == str(person.pk)
        and session.get(BACKEND_SESSION_KEY) == BACKEND
        and constant_time_compare(password, person.get_session_auth_hash())
    ):
        request._cached_user = person  # type: ignore[attr-defined]  # as Django's `get_user` leaves it for others
        return person
    return get_user(request)
