"""What the workspace and the server's database take on the disk, and what compacting did last."""

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
class Row:
    """A part of the workspace: its phrase, its bytes, its share of all, and how many bytes of it would be freed."""

    phrase: str
    size: int
    share: float
    freeable: int


def compacting() -> Job | None:
    """The compacting that runs, else the one that waits."""
    return running(KIND)


def last_compacting() -> Job | None:
    """The compacting that was done last."""
    return Job.objects.filter(kind=KIND, status=Status.DONE).order_by("-pk").first()


def use(at: datetime) -> DiskUse:
    """What everything takes at an instant; PostgreSQL says itself how large the database is. Raises `Damaged`."""
    found = disk_use(workspace(), at=at)
    if connection.vendor != "postgresql":
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = int(cursor.fetchone()[0])
    return replace(found, parts={**found.parts, "database": found.parts["database"] + size})


def rows(found: DiskUse) -> list[Row]:
    """The parts that take anything, the largest first."""
    parts = sorted(found.parts.items(), key=lambda part: -part[1])
    whole = max(found.total, 1)
    return [
        Row(f"upkeep.parts.{part}", size, size / whole, found.freeable.get(part, 0)) for part, size in parts if size
    ]


def nearly_full() -> tuple[int, int] | None:
    """Free and usable bytes of the disk, where less than a tenth of it is free."""
    room = disk_room(workspace().folder)
    return (room.free, room.size) if room.nearly_full else None
