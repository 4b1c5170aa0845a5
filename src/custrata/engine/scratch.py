"""Folders for what is gone when the work ends, and the removal of those that killed processes left behind.

Whoever makes such a folder locks it: the kernel lets go of the lock when the process ends, however it ends. So what
can be locked belongs to nobody any more, and is removed by whoever next makes one in that place.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX = "custrata-scratch-"


class Scratch:
    """A temporary folder in `parent` (default: the system's), which only its owner may read.

    Raises `OSError` where `parent` cannot be written to.

    >>> scratch = Scratch()
    >>> (scratch.folder / "part.parquet").write_text("…") > 0
    True
    >>> scratch.remove()
    >>> scratch.folder.exists()
    False

    As a context it gives its folder:

    >>> with Scratch() as folder:
    ...     folder.is_dir()
    True
    """

    def __init__(self, parent: Path | str | None = None, *, prefix: str = PREFIX) -> None:
        home = Path(parent or tempfile.gettempdir())
        remove_abandoned(home, prefix)
        self.folder, lock = _make(home, prefix)
        self._finalize = weakref.finalize(self, _remove, self.folder, lock, os.getpid())

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, *error: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Delete the folder and all in it; at the latest when the process ends."""
        self._finalize()


def remove_abandoned(home: Path, *prefixes: str) -> int:
    """Remove the files and folders in `home` whose names begin so and that no living process has locked; how many.

    Those of other users are left alone, and so is everything where `home` cannot be read or written to.
    """
    removed = 0
    with suppress(OSError):
        for path in [Path(entry.path) for entry in os.scandir(home) if entry.name.startswith(prefixes)]:
            removed += remove_unlocked(path)
    return removed


def remove_unlocked(path: Path) -> bool:
    """Remove a file or folder of ours unless a process has locked it; whether it is gone."""
    lock = _claim(path)
    if lock is None:
        return False
    try:
        _delete(path)
    finally:
        os.close(lock)
    return not path.exists()


def _make(home: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # taken for abandoned between the two lines
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # just being taken for abandoned
            os.close(lock)
            continue
        except OSError:  # a disk without locks: then nobody takes anything for abandoned there
            return folder, lock
        if folder.exists():
            return folder, lock
        os.close(lock)


def _claim(path: Path) -> int | None:
    """A lock on what nobody has locked; None where somebody has, or where it is not ours."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        info = os.fstat(lock)
        if info.st_uid == os.geteuid() and (stat.S_ISDIR(info.st_mode) or stat.S_ISREG(info.st_mode)):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove(folder: Path, lock: int, maker: int) -> None:
    if os.getpid() != maker:  # a child of the process that made it has come to its end
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
