"""Sessions with two limits: idle time, and total age.

The row in the database says until when a session is good, so a session that is over is not even loaded. The cookie
lives as long as a session can at most.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

BEGAN = "began"  # in the session: the instant of the sign-in, in seconds


def expiry_of(began: datetime, at: datetime) -> datetime:
    """When a session expires that is used now and unused from then on."""
    longest = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return min(at + timedelta(hours=settings.IDLE_HOURS), began + longest)


class ExpiringSessions(DatabaseSessions):
    """Django's database sessions, which expire at the earlier of both limits."""

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        at = timezone.now()
        row.expire_date = expiry_of(datetime.fromtimestamp(data.get(BEGAN, at.timestamp()), UTC), at)
        return row
