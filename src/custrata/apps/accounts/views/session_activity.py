"""Record the last use of a session, at most once a minute and after the response is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from custrata.apps.accounts.actions import touch_session

MARK = "signed_in_here"
EVERY = 60


class SessionActivityMiddleware:
    """Keeps `SignIn.seen_at` up to date without delaying responses."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if request.session.accessed and request.session.get(MARK):
            key = request.session.session_key
            if key and cache.add(f"seen:{key}", 1, EVERY):
                # On SQLite a long import may lock the database; after the response is closed, no client waits for it.
                response._resource_closers.append(partial(_note, key))  # type: ignore[attr-defined]  # Django's own list
        return response


def _note(key: str) -> None:
    with suppress(DatabaseError):  # recorded next time
        touch_session(session_key=key, at=timezone.now())
