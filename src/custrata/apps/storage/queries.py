"""Disk usage of the workspace and the server's database, and the compaction jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import running
from custrata.pipeline.upkeep import DiskUse, disk_room, disk_use
from custrata.web.workspace import workspace

KIND = "compact"


@dataclass(frozen=True)
class UsageRow:
    """A part of the workspace: wording key, size in bytes, share of the total, and bytes that can be freed."""

    phrase: str
    size: int
    share: float
    freeable: int


def current_compaction() -> Job | None:
    """The running compaction job, else the queued one."""
    return running(KIND)


def last_compaction() -> Job | None:
    """The last compaction job that succeeded."""
    return Job.objects.filter(kind=KIND, status=Status.DONE).order_by("-pk").first()


def disk_usage(at: datetime) -> DiskUse:
    """Disk usage at an instant, including the size of a PostgreSQL database. Raises `Damaged`."""
    usage = disk_use(workspace(), at=at)
    if connection.vendor != "postgresql":
        return usage
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = int(cursor.fetchone()[0])
    return replace(usage, parts={**usage.parts, "database": usage.parts["database"] + size})


def usage_rows(usage: DiskUse) -> list[UsageRow]:
    """The parts with a size above zero, the largest first."""
    parts = sorted(usage.parts.items(), key=lambda part: -part[1])
    whole = max(usage.total, 1)
    return [
        UsageRow(f"upkeep.parts.{part}", size, size / whole, usage.freeable.get(part, 0))
        for part, size in parts
        if size
    ]


def nearly_full() -> tuple[int, int] | None:
    """Free and usable bytes of the disk if less than a tenth of it is free, else None."""
    room = disk_room(workspace().folder)
    return (room.free, room.size) if room.nearly_full else None
