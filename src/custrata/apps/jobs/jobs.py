"""What this app looks after itself: jobs that ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from custrata.apps.jobs.actions import every, forget_old

RETENTION = timedelta(days=90)


@every(seconds=3600)
def forget_jobs(at: datetime) -> None:
    """Delete jobs that ended more than 90 days ago."""
    forget_old(before=at - RETENTION)
