"""Periodic clean-up of expired sessions, failed sign-ins and links."""

from __future__ import annotations

from datetime import datetime

from custrata.apps.accounts.actions import delete_expired
from custrata.apps.jobs.actions import every


@every(seconds=3600)
def purge_expired(at: datetime) -> None:
    """Delete expired sessions, failed sign-ins with their addresses, and links."""
    delete_expired(at=at)
