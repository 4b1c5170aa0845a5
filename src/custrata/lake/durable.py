"""Atomic and durable file writes."""

from __future__ import annotations

import os
from pathlib import Path

from custrata.errors import Refused
from custrata.wording import LazyPhrase

# What reading a damaged file may raise, whatever it was damaged to.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Damaged(Refused):
    """A file of the workspace is missing or damaged.

    `reason` is a phrase, or the error raised in reading the file.
    """

    template = (
        "{file} cannot be read: {reason}. `custrata doctor` names everything that is damaged, `custrata repair` mends "
        "what can be mended; otherwise restore the workspace from a backup."
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

    Only its owner may read it.

    >>> import tempfile
    >>> note = Path(tempfile.mkdtemp()) / "note"
    >>> replace_file(note, "seen")
    >>> note.read_text()
    'seen'
    """
    fresh = path.with_name(f"{path.name}.new")
    with open(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)
