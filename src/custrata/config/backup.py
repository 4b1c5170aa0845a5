"""Backup and restore: the workspace and its database at one consistent point, in one file.

The file is an uncompressed tar: `backup.json` has the metadata, `workspace/` the folder, `database/` every table as
JSON lines, and `complete.json`, the last member, the checksums. So a backup can be inspected with standard tools, and
restored into SQLite or PostgreSQL.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from custrata.cli.language import LANGUAGE, current_language
from custrata.cli.session import WORKSPACE
from custrata.engine.scratch import Scratch
from custrata.errors import BadInput, Refused
from custrata.lake import Workspace
from custrata.lake.archive import freeze
from custrata.lake.durable import sync
from custrata.private import private_files

FORMAT = 1
HEAD, END = "backup.json", "complete.json"
FOLDERS = ("workspace", "database")
BLOCK = 2**20
NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
PREFIX, DATABASE = ".backup-", "DATABASE_URL"
STATE, NOTE = "server", ".restoring"  # marks an unfinished restore: config/restoring.py
KEY = Path(STATE) / "secret_key"
CHILD = """
from custrata.apps.jobs.management.processes import end_with_parent
end_with_parent({pid})
from custrata.__main__ import main
main()
"""


class BackupExists(Refused):
    template = "{file} already exists. Name another file, or remove it first."


class CannotWriteBackup(Refused):
    template = "The backup cannot be written to {file}: {reason}. Nothing was changed."


class FolderNotEmpty(Refused):
    template = "{folder} is not empty. Restore into a new folder, check it, and then replace the old folder with it."


class NoSuchBackup(BadInput):
    template = "There is no file {file}. Nothing was restored."


class UnreadableBackup(Refused):
    template = "{file} cannot be read: {reason}. Nothing was restored."


class NotABackup(BadInput):
    template = "{file} is not a complete backup: it ends too early, or is another kind of file. Nothing was restored."


class DamagedBackup(BadInput):
    template = "{file} is damaged: {part} is missing, or differs from what was written. Nothing was restored."


class UnsafeBackup(BadInput):
    template = (
        "{file} was not made by custrata backup: {part} in it is not a plain file of a backup, or would be written "
        "outside the new folder. Nothing was restored."
    )


class NewerBackup(Refused):
    template = "{file} was made by Custrata {theirs}, newer than this one ({ours}). Upgrade first, then restore."


class BackupNotRestorable(Refused):
    template = (
        "The backup was written but cannot be restored, so it was removed: {reason} `--no-verify` skips this check."
    )


def write_backup(
    workspace: Workspace,
    file: Path,
    *,
    at: datetime,
    wait: float = 60.0,
    verify: bool = True,
    on_step: Callable[[str], None] = lambda step: None,
) -> Mapping[str, Any]:
    """Write everything into one file, which only its owner may read; returns its metadata.

    Imports and refreshes wait only while the snapshot is taken, then go on while the file is written. With `verify`,
    the file is first restored into a temporary folder and SQLite database; it gets its final name only if that
    succeeds. `on_step` is called repeatedly with the current step (`reading`, `writing` or `verifying`); an exception
    that it raises aborts the backup.

    Raises `BackupExists`, `CannotWriteBackup`, `BackupNotRestorable`, `Busy`.
    """
    from custrata.config.tables import dump_tables  # Django is set up by now

    if file.exists():
        raise BackupExists(file=file)
    workspace.backups.record(file, at=at)
    try:
        with Scratch(file.absolute().parent, prefix=PREFIX) as scratch:
            part = scratch / file.name
            with Scratch(workspace.folder, prefix=PREFIX) as home:
                on_step("reading")
                with ExitStack() as still:
                    freeze(workspace, home / "workspace", still, wait=wait)
                    tables = dump_tables(home / "database", release=still.close)
                if (workspace.folder / KEY).exists():
                    (home / "workspace" / KEY).parent.mkdir()
                    shutil.copy2(workspace.folder / KEY, home / "workspace" / KEY)
                head = {"format": FORMAT, "version": version("custrata"), "at": at.isoformat(), **tables}
                head["facts"], head["folder"] = _facts(home / "workspace"), str(workspace.folder)
                on_step("writing")
                _pack(home, part, head)
            sync(part)
            if verify:
                _verify(part, scratch / "restored", on_step)
            _publish(part, file)
    except OSError as error:
        raise CannotWriteBackup(file=file, reason=error.strerror or error) from error
    return head


def _facts(folder: Path) -> dict[str, int]:
    """The number of rows of each table of the lake."""
    return {name: state.rows for name, state in Workspace.open(folder).lake.snapshot().manifest.tables.items()}


def _verify(file: Path, folder: Path, on_step: Callable[[str], None]) -> None:
    """Test the backup with the restore command, in a child process that ends with this one.

    Raises `BackupNotRestorable`.
    """
    elsewhere = {name: value for name, value in os.environ.items() if name not in (DATABASE, WORKSPACE)}
    command = [sys.executable, "-P", "-c", CHILD.format(pid=os.getpid()), "restore", str(file), "-w", str(folder)]
    with tempfile.TemporaryFile(dir=file.parent) as complaint:
        child = subprocess.Popen(command, env={**elsewhere, LANGUAGE: current_language()}, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=complaint)  # fmt: skip
        try:
            while child.poll() is None:
                on_step("verifying")
                with suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=1)
        finally:
            child.kill()
            child.wait()
        if child.returncode:
            complaint.seek(0)
            lines = complaint.read().decode(errors="replace").strip().splitlines() or [f"exit code {child.returncode}."]
            raise BackupNotRestorable(reason=lines[-1])
    shutil.rmtree(folder)


def _publish(part: Path, file: Path) -> None:
    """Give a file its final name, without replacing another file. Raises `BackupExists`."""
    try:
        os.link(part, file)
    except FileExistsError as error:
        raise BackupExists(file=file) from error
    except OSError:  # a disk without links
        part.rename(file)
    sync(file.absolute().parent)


class _HashingReader(io.RawIOBase):
    """A reader that computes the checksum of what is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.sum.update(block)
        return block


def _pack(home: Path, part: Path, head: Mapping[str, Any]) -> None:
    sums: dict[str, str] = {}
    with (
        open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out,
        tarfile.open(fileobj=out, mode="w|", dereference=True, bufsize=BLOCK) as tar,  # links become plain files
    ):
        _add(tar, HEAD, head)
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            name = path.relative_to(home).as_posix()
            with path.open("rb") as file:
                reader = _HashingReader(file)
                info = tar.gettarinfo(arcname=name, fileobj=file)
                if not info.isreg():  # a second link to the same file
                    info.type, info.linkname, info.size = tarfile.REGTYPE, "", path.stat().st_size
                tar.addfile(info, reader)
            sums[name] = reader.sum.hexdigest()
        _add(tar, END, sums)


def _add(tar: tarfile.TarFile, name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text), 0o600
    tar.addfile(info, io.BytesIO(text))


def unpack(file: Path, folder: Path) -> Mapping[str, Any]:
    """Unpack a backup into an empty folder and verify all checksums; returns the content of `backup.json`.

    Raises `NoSuchBackup`, `UnreadableBackup`, `NotABackup`, `UnsafeBackup`, `DamagedBackup`, `NewerBackup`.
    """
    if not file.exists():
        raise NoSuchBackup(file=file)
    try:
        with tarfile.open(file, "r:") as tar, private_files():
            names = _extract(tar, file, folder)
        head: Mapping[str, Any] = _object(folder / HEAD)
        sums = _object(folder / END)
    except (FileNotFoundError, tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError) as error:
        raise NotABackup(file=file) from error
    except OSError as error:
        raise UnreadableBackup(file=file, reason=error.strerror or error) from error
    if head.get("format") != FORMAT:
        raise NewerBackup(file=file, theirs=head.get("version"), ours=version("custrata"))
    parts = {name: checksum for name, checksum in names.items() if name not in (HEAD, END)}
    for name in sorted(sums.keys() | parts):
        if name not in parts or parts[name] != sums.get(name):
            raise DamagedBackup(file=file, part=name)
    return head


def _extract(tar: tarfile.TarFile, file: Path, folder: Path) -> dict[str, str]:
    """Write the members into a new folder; returns their checksums by name.

    Stricter than the filter `data` of `tarfile`, which needs Python 3.11.4: only plain files with the names of a
    backup, each once, so that no member can be written outside the folder. Owners and permissions are not restored:
    files are readable by the current user only.

    Raises `UnsafeBackup`.
    """
    folder.mkdir(mode=0o700)
    names: dict[str, str] = {}
    for member in tar:
        name, content = member.name, tar.extractfile(member) if member.isreg() else None
        place = folder / name
        if content is None or member.issparse() or not _is_backup_member(name) or _is_occupied(place, folder):
            raise UnsafeBackup(file=file, part=name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with content, open(os.open(place, NEW_FILE, 0o600), "wb") as out:
            reader = _HashingReader(content)
            shutil.copyfileobj(reader, out, BLOCK)
        os.utime(place, (member.mtime, member.mtime))
        names[name] = reader.sum.hexdigest()
    return names


def _object(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `ValueError`, `FileNotFoundError`."""
    data = json.loads(file.read_text("utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{file.name} is no object")
    return data


def _is_backup_member(name: str) -> bool:
    """Whether a member name is allowed: `backup.json`, `workspace/lake/…`, without `.` and `..`."""
    top, *below = name.split("/")
    plain = not any(part in ("", ".", "..") or "\0" in part for part in below)
    return plain and (top in FOLDERS if below else top in (HEAD, END))


def _is_occupied(place: Path, folder: Path) -> bool:
    """Whether the path exists, or one of its parents is a file."""
    above = place.relative_to(folder).parents
    return place.exists() or any((folder / parent).is_file() for parent in above)


def ensure_empty(folder: Path) -> None:
    """Raises `FolderNotEmpty` for a folder with content."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder)
