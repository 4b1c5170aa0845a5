"""Scheduled backups: a job that writes into a folder and keeps the newest files."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

from django.conf import settings

from custrata.apps.jobs.actions import Running, handler
from custrata.config.backup import write_backup
from custrata.lake.locks import Busy
from custrata.web.workspace import workspace

NAME, ANY = "custrata-{at:%Y%m%dT%H%M%SZ}-{job}.tar", "custrata-*Z-*.tar"


@handler("backup", attempts=3, longest=timedelta(hours=12), waits_for=(Busy,), title="server.kinds.backup",
         schedulable=True)  # fmt: skip
def backup(running: Running) -> dict[str, object]:
    """Write and verify a backup, and remove all but the newest.

    Idempotent: the file is named after the job and written atomically, so a restarted job finds it.
    """
    folder = Path(settings.BACKUPS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / NAME.format(at=running.job.asked_at.astimezone(UTC), job=running.job.pk)
    if not (running.again and file.exists()):
        progress = {"reading": 0.0, "writing": 0.2, "verifying": 0.5}
        write_backup(workspace(), file, at=running.clock(),
                     on_step=lambda step: running.tell(progress[step], f"server.backing_up.{step}"))  # fmt: skip
    files = sorted(folder.glob(ANY))
    for old in files[: max(len(files) - settings.BACKUPS_KEPT, 0)]:
        old.unlink(missing_ok=True)
    return {"file": file.name, "megabytes": round(file.stat().st_size / 2**20, 1)}
