"""Atomic and durable file writes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from custrata.engine.scratch import remove_unlocked
from custrata.errors import Refused
from custrata.lake.single_reads import forget
from custrata.wording import LazyPhrase

# What reading a damaged file may raise, whatever it was damaged to.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)
HALF_WRITTEN = ".new"  # the suffix of a file until it takes the place of the old one


class Damaged(Refused):
    """A file of the workspace is missing or damaged.

    `reason` is a phrase, or the error raised in reading the file.
    """

    status = 500
    template = (
        "{file} cannot be read: {reason}. `custrata doctor` lists all damage, `custrata repair` repairs what it can; "
        "otherwise restore the workspace from a backup."
    )

    def __init__(self, *, file: Path, reason: object) -> None:
        reason = _in_words(reason) if isinstance(reason, BaseException) else reason
        super().__init__(file=file, reason=reason)


def _in_words(error: BaseException) -> LazyPhrase:
    """The reason why a file could not be read, without the message of the library."""
    if isinstance(error, FileNotFoundError):
        return LazyPhrase("lake", "damage.gone")
    if isinstance(error, PermissionError):
        return LazyPhrase("lake", "damage.forbidden")
    return LazyPhrase("lake", "damage.disk" if isinstance(error, OSError) else "damage.form")


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, text: str) -> None:
    """Replace the file with `text` atomically: a reader sees either the old text or the new one.

    Only its owner may read it. A writer that is killed leaves NAME.new; it is locked while it is written, so that
    `remove_half_written` can tell such a file from one being written.

    >>> import tempfile
    >>> note = Path(tempfile.mkdtemp()) / "note"
    >>> replace_file(note, "seen")
    >>> note.read_text()
    'seen'
    """
    fresh = path.with_name(f"{path.name}{HALF_WRITTEN}")
    with open(open_locked(fresh), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        fresh.replace(path)  # still locked
    forget(path)
    sync(path.parent)


def remove_half_written(paths: Iterable[Path]) -> int:
    """Remove the files that killed writers left among `paths`; how many. Those being written stay."""
    return sum(remove_unlocked(path) for path in paths if path.name.endswith(HALF_WRITTEN))


def open_locked(path: Path) -> int:
    """A new, empty file to write to, locked; whoever took it for abandoned in between has removed it."""
    while True:
        handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        with suppress(OSError):  # a disk without locks: then nobody takes anything for abandoned there
            fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                os.ftruncate(handle, 0)
                return handle
        os.close(handle)
