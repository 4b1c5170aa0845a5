"""Periodic clean-up of old jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from custrata.apps.jobs.actions import delete_old_jobs, every

RETENTION = timedelta(days=90)


@every(seconds=3600)
def purge_old_jobs(at: datetime) -> None:
    """Delete jobs that ended more than 90 days ago."""
    delete_old_jobs(before=at - RETENTION)
