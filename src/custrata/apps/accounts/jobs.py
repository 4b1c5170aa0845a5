"""What this app looks after itself: what has run out."""

from __future__ import annotations

from datetime import datetime

from custrata.apps.accounts.actions import delete_expired
from custrata.apps.jobs.actions import every


@every(seconds=3600)
def purge_expired(at: datetime) -> None:
    """Remove sessions, wrong passwords with their addresses, and links that have run out."""
    delete_expired(at=at)
