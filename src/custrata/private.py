"""Files and folders that only their owner may read, independent of the umask of the process.

DuckDB and Delta Lake create files themselves, so the modes are set by the umask of the process. Programs set it once,
by `set_private_umask`; the library sets it while it writes a workspace, by `private_files`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

UMASK = 0o077
FOLDER = 0o700
GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def set_private_umask() -> None:
    """Set the umask of the process so that new files are accessible to their owner only."""
    os.umask(UMASK)


class _Writers:
    """The blocks of all threads that write; the umask is the process's, so the last to leave restores it."""

    def __init__(self) -> None:
        self._lock, self._count, self._former = Lock(), 0, UMASK

    def enter(self) -> None:
        with self._lock:
            if self._count == 0:
                self._former = os.umask(UMASK)
            self._count += 1

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                os.umask(self._former)


_writers = _Writers()


@contextmanager
def private_files() -> Iterator[None]:
    """Create files within the block that are accessible to their owner only.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "orders"
    >>> with private_files():
    ...     path.touch()
    >>> oct(path.stat().st_mode & 0o777)
    '0o600'
    """
    _writers.enter()
    try:
        yield
    finally:
        _writers.leave()


def restrict_folder(folder: Path) -> None:
    """Restrict a folder to its owner; a folder of another user is left unchanged.

    Everything below it becomes inaccessible to others, too.
    """
    with suppress(PermissionError):
        if folder.stat().st_mode & GROUP_AND_OTHERS:
            folder.chmod(FOLDER)


@dataclass(frozen=True)
class OpenPath:
    """A file or folder that others may read or write; `ours` is whether this user may change its mode."""

    path: Path
    mode: int
    ours: bool

    def close(self) -> None:
        """Remove all permissions but the owner's."""
        self.path.chmod(self.mode & ~GROUP_AND_OTHERS)


def open_paths(folder: Path) -> list[OpenPath]:
    """Every path in a folder, itself included, that others can access; links are not followed."""
    return [open_path for path in (folder, *_below(folder)) if (open_path := _open_path(path)) is not None]


def _below(folder: Path) -> Iterator[Path]:
    for home, folders, files in os.walk(folder):
        yield from (Path(home) / name for name in (*folders, *files))


def _open_path(path: Path) -> OpenPath | None:
    try:
        status = path.lstat()
    except FileNotFoundError:  # a server at work removed it meanwhile
        return None
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode) or not mode & GROUP_AND_OTHERS:
        return None
    return OpenPath(path, mode, os.geteuid() in (0, status.st_uid))
