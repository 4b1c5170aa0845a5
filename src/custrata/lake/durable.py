"""Files that are there in full or not at all, and stay there when the power goes."""

from __future__ import annotations

import os
from pathlib import Path

from custrata.errors import Refused
from custrata.wording import LazyPhrase

# What reading a damaged file may raise, whatever it was damaged to.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Damaged(Refused):
    """A file of the workspace is missing, or not as it was written.

    `reason` is a phrase, or the error it was read with.
    """

    template = (
        "{file} cannot be read: {reason}. `custrata doctor` names everything that is damaged, `custrata repair` mends "
        "what can be mended; otherwise restore the workspace from a backup."
    )

    def __init__(self, *, file: Path, reason: object) -> None:
        reason = _in_words(reason) if isinstance(reason, BaseException) else reason
        super().__init__(file=file, reason=reason)


def _in_words(error: BaseException) -> LazyPhrase:
    """Why a file could not be read, without the words of the library that tried."""
    if isinstance(error, FileNotFoundError):
        return LazyPhrase("lake", "damage.gone")
    if isinstance(error, PermissionError):
        return LazyPhrase("lake", "damage.forbidden")
    return LazyPhrase("lake", "damage.disk" if isinstance(error, OSError) else "damage.form")


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, text: str) -> None:
    """Put `text` in the place of the file: a reader sees the former text or this one, whenever it looks.

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
