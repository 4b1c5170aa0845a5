"""Files that are there in full or not at all, and stay there when the power goes."""

from __future__ import annotations

import os
from pathlib import Path

from custrata.errors import Refused


class Damaged(Refused):
    template = "{file} cannot be read: {reason}. Restore the workspace from a backup."


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
