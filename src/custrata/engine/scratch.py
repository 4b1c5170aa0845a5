"""The folder an engine spills to: removed when it closes, or by a later engine where its process was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

PREFIX = "custrata-"
LOCK = "lock"
JUST_MADE = 60  # seconds in which a folder may not have its lock yet


class Scratch:
    """A temporary folder in `parent` (default: the system's). Its lock ends with the process that made it.

    >>> scratch = Scratch()
    >>> (scratch.folder / "part.parquet").write_text("…") > 0
    True
    >>> scratch.remove()
    >>> scratch.folder.exists()
    False
    """

    def __init__(self, parent: Path | str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._finalize = weakref.finalize(self, _remove, self.folder, lock)
        if parent is not None:
            self._remove_orphans()

    def remove(self) -> None:
        """Delete the folder and all in it; at the latest when the process ends."""
        self._finalize()

    def _remove_orphans(self) -> None:
        now = self.folder.stat().st_mtime
        for other in self.folder.parent.glob(f"{PREFIX}*"):
            if other != self.folder and _orphaned(other, now):
                shutil.rmtree(other, ignore_errors=True)


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _orphaned(folder: Path, now: float) -> bool:
    try:
        if now - folder.stat().st_mtime < JUST_MADE:
            return False
        with (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return folder.exists()
    except OSError:
        return False  # in use, or not ours
    return True
