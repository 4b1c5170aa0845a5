"""The list of backups of a workspace: they may contain customers erased later, and leftovers of killed backups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from custrata.lake.durable import Damaged, replace_file
from custrata.lake.locks import locked

FILE, LOCK = "backups.json", ".backups.lock"
WAIT = 10.0
MOST = 500  # only the newest are listed


@dataclass(frozen=True)
class Backup:
    """One started backup: its file, and the moment whose state it contains."""

    file: str
    at: datetime


@dataclass(frozen=True)
class Backups:
    """The backups of a workspace, in one small file of its folder."""

    folder: Path

    def all(self) -> list[Backup]:
        """Every started backup, the oldest first, whether its file still exists or not. Raises `Damaged`."""
        try:
            rows = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            return [Backup(str(row["file"]), datetime.fromisoformat(row["at"])) for row in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=self.folder / FILE, reason=error) from error

    def record(self, file: Path, *, at: datetime) -> None:
        """Record that a backup is written to a file. Raises `Busy`, `NotWritable`, `Damaged`."""
        with locked(self.folder / LOCK, wait=WAIT):
            remaining = [backup for backup in self.all() if backup.file != str(file.absolute())]
            rows = [asdict(backup) for backup in [*remaining, Backup(str(file.absolute()), at)][-MOST:]]
            replace_file(self.folder / FILE, json.dumps(rows, default=datetime.isoformat, ensure_ascii=False, indent=1))

    def folders(self) -> Iterator[Path]:
        """The existing folders that backups were written into, each once."""
        yield from (folder for folder in {Path(backup.file).parent: None for backup in self.all()} if folder.is_dir())

    def present(self, *, before: datetime) -> list[Backup]:
        """The backups whose files exist and whose moment is before `before`. Raises `Damaged`."""
        return [backup for backup in self.all() if backup.at < before and Path(backup.file).exists()]
