"""Backup and restore: the workspace and its database at one consistent point, in one file.

The file is a plain tar: `backup.json` says what it is, `workspace/` holds the folder, `database/` every table as JSON
lines, `complete.json` comes last and holds the check sums. So a backup can be looked into, and restored into SQLite or
PostgreSQL alike.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from custrata.errors import BadInput, Refused
from custrata.lake import Workspace
from custrata.lake.archive import frozen
from custrata.lake.durable import sync

FORMAT = 1
HEAD, END = "backup.json", "complete.json"
FOLDERS = ("workspace", "database")
BLOCK = 2**20
NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
KEY = Path("server") / "secret_key"


class BackupExists(Refused):
    template = "{file} is there already. Name another file, or remove it first."


class CannotWriteBackup(Refused):
    template = "The backup cannot be written to {file}: {reason}. Nothing was changed."


class FolderNotEmpty(Refused):
    template = (
        "{folder} is not empty. Restore into a new folder, look at it, and then put it in the place of the old one."
    )


class NoSuchBackup(BadInput):
    template = "There is no file {file}. Nothing was restored."


class UnreadableBackup(Refused):
    template = "{file} cannot be read: {reason}. Nothing was restored."


class NotABackup(BadInput):
    template = "{file} is not a whole backup: it ends too early, or is something else. Nothing was restored."


class DamagedBackup(BadInput):
    template = "{file} is damaged: {part} is missing in it, or is not as it was written. Nothing was restored."


class UnsafeBackup(BadInput):
    template = (
        "{file} was not made by custrata backup: {part} in it is no plain file of a backup, or would be written "
        "outside of the new folder. Nothing was restored."
    )


class NewerBackup(Refused):
    template = "{file} was made by Custrata {theirs}, newer than this one ({ours}). Upgrade first, then restore."


def write_backup(workspace: Workspace, file: Path, *, at: datetime, wait: float = 60.0) -> Mapping[str, Any]:
    """Write everything into one file, which only its owner may read, and say what is in it.

    Imports and refreshes wait for the moment it takes to note the point; then they go on while the file is written.

    Raises `BackupExists`, `CannotWriteBackup`, `Busy`.
    """
    from custrata.config.tables import dump_tables  # Django is set up by now

    if file.exists():
        raise BackupExists(file=file)
    part = file.with_name(f".{file.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=workspace.folder) as scratch:
            home = Path(scratch)
            with ExitStack() as still:
                frozen(workspace, home / "workspace", still, wait=wait)
                tables = dump_tables(home / "database", release=still.close)
            if (workspace.folder / KEY).exists():
                (home / "workspace" / KEY).parent.mkdir()
                shutil.copy2(workspace.folder / KEY, home / "workspace" / KEY)
            head = {"format": FORMAT, "version": version("custrata"), "at": at.isoformat(), **tables}
            _pack(home, part, head)
        sync(part)
        part.rename(file)
        sync(file.absolute().parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CannotWriteBackup(file=file, reason=error.strerror or error) from error
    return head


def _pack(home: Path, part: Path, head: Mapping[str, Any]) -> None:
    sums: dict[str, str] = {}
    with (
        open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out,
        tarfile.open(fileobj=out, mode="w|", dereference=True) as tar,  # plain files only, whatever links they were
    ):
        _add(tar, HEAD, head)
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            name = path.relative_to(home).as_posix()
            with path.open("rb") as file:
                sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
            tar.add(path, name, recursive=False)
        _add(tar, END, sums)


def _add(tar: tarfile.TarFile, name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text), 0o600
    tar.addfile(info, io.BytesIO(text))


def unpack(file: Path, folder: Path) -> Mapping[str, Any]:
    """Unpack a backup into an empty folder after checking every byte of it; what `backup.json` says.

    Raises `NoSuchBackup`, `UnreadableBackup`, `NotABackup`, `UnsafeBackup`, `DamagedBackup`, `NewerBackup`.
    """
    if not file.exists():
        raise NoSuchBackup(file=file)
    try:
        with tarfile.open(file, "r:") as tar:
            names = _extract(tar, file, folder)
        head: Mapping[str, Any] = _object(folder / HEAD)
        sums = _object(folder / END)
    except (FileNotFoundError, tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError) as error:
        raise NotABackup(file=file) from error
    except OSError as error:
        raise UnreadableBackup(file=file, reason=error.strerror or error) from error
    if head.get("format") != FORMAT:
        raise NewerBackup(file=file, theirs=head.get("version"), ours=version("custrata"))
    for name in sorted(sums.keys() | (names - {HEAD, END})):
        if name not in names or not _is_as_written(folder / name, sums.get(name)):
            raise DamagedBackup(file=file, part=name)
    return head


def _extract(tar: tarfile.TarFile, file: Path, folder: Path) -> set[str]:
    """Write the members into a new folder; their names.

    Stricter than the filter `data` of `tarfile`, which came with Python 3.11.4 only: plain files under the names that a
    backup has, each once, so that nothing of the archive can lead out of the folder. Owners are left out, and of the
    permissions all but those to read, and the owner's to write.

    Raises `UnsafeBackup`.
    """
    folder.mkdir(mode=0o700)
    names: set[str] = set()
    for member in tar:
        name, content = member.name, tar.extractfile(member) if member.isreg() else None
        place = folder / name
        if content is None or member.issparse() or not _is_of_a_backup(name) or _is_taken(place, folder):
            raise UnsafeBackup(file=file, part=name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with content, open(os.open(place, NEW_FILE, member.mode & 0o644 | 0o600), "wb") as out:
            shutil.copyfileobj(content, out, BLOCK)
        os.utime(place, (member.mtime, member.mtime))
        names.add(name)
    return names


def _object(file: Path) -> dict[str, Any]:
    """The object in a file of JSON. Raises `ValueError` where it is none, `FileNotFoundError`."""
    found = json.loads(file.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{file.name} is no object")
    return found


def _is_of_a_backup(name: str) -> bool:
    """Whether a member may have this name: `backup.json`, `workspace/lake/…`, written without detours."""
    top, *below = name.split("/")
    plain = not any(part in ("", ".", "..") or "\0" in part for part in below)
    return plain and (top in FOLDERS if below else top in (HEAD, END))


def _is_taken(place: Path, folder: Path) -> bool:
    """Whether there is something in this place, or a file where a folder above it should be."""
    above = place.relative_to(folder).parents
    return place.exists() or any((folder / parent).is_file() for parent in above)


def _is_as_written(path: Path, expected: str | None) -> bool:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == expected


def empty_place(folder: Path) -> None:
    """Refuse a folder that holds anything. Raises `FolderNotEmpty`."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder)
