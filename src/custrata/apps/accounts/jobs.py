"""What this app looks after itself: what has run out."""

from __future__ import annotations

from datetime import datetime

from custrata.apps.accounts.actions import forget_expired
from custrata.apps.jobs.actions import every


@every(seconds=3600)
def forget_what_has_run_out(at: datetime) -> None:
    """Remove sessions, wrong passwords with their addresses, and links that have run out."""
    forget_expired(at=at)
