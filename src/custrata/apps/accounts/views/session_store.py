"""Sessions that are loaded together with the person who is signed in, in one query."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from custrata.apps.accounts.models import User
from custrata.web.sessions import ExpiringSessions


class SessionStore(ExpiringSessions):
    """Sessions with two limits (see `custrata.web.sessions`); `person` is whose sign-in the session belongs to."""

    person: User | None = None

    def load(self) -> dict[str, Any]:
        """The content of the session; empty where there is none, or none any more."""
        sessions = Session.objects.select_related("sign_in__person")
        try:
            session = sessions.get(session_key=self.session_key, expire_date__gt=timezone.now())
        except Session.DoesNotExist:
            self._session_key = None
            return {}
        self.person = _person_of(session)
        return self.decode(session.session_data)


def _person_of(session: Session) -> User | None:
    try:
        return session.sign_in.person
    except ObjectDoesNotExist:
        return None
