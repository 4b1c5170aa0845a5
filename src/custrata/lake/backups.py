"""Where backups of a workspace were written: they hold whoever is erased later, and kills leave residue there."""

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
MOST = 500  # the newest are remembered


@dataclass(frozen=True)
class Backup:
    """One backup that was begun: its file, and the moment it holds."""

    file: str
    at: datetime


@dataclass(frozen=True)
class Backups:
    """The backups of a workspace, in one small file of its folder."""

    folder: Path

    def all(self) -> list[Backup]:
        """Every backup that was begun, the oldest first, whether it is still there or not. Raises `Damaged`."""
        try:
            rows = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            return [Backup(str(row["file"]), datetime.fromisoformat(row["at"])) for row in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(file=self.folder / FILE, reason=error) from error

    def record(self, file: Path, *, at: datetime) -> None:
        """Remember that a backup is written to a file. Raises `Busy`, `NotWritable`, `Damaged`."""
        with locked(self.folder / LOCK, wait=WAIT):
            remaining = [backup for backup in self.all() if backup.file != str(file.absolute())]
            rows = [asdict(backup) for backup in [*remaining, Backup(str(file.absolute()), at)][-MOST:]]
            replace_file(self.folder / FILE, json.dumps(rows, default=datetime.isoformat, ensure_ascii=False, indent=1))

    def folders(self) -> Iterator[Path]:
        """The folders that backups were written into, each once, as far as they are there."""
        yield from (folder for folder in {Path(backup.file).parent: None for backup in self.all()} if folder.is_dir())

    def present(self, *, before: datetime) -> list[Backup]:
        """The backups whose files are still there and hold a moment before another. Raises `Damaged`."""
        return [backup for backup in self.all() if backup.at < before and Path(backup.file).exists()]
