"""Recovery after a killed writer, and removal of unreferenced files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

from custrata.lake.delta import LOG, check_log, files_of, purge_history, roll_back
from custrata.lake.durable import Damaged, replace_file, sync
from custrata.lake.manifest import FILE, Manifest
from custrata.schema import TABLES
from custrata.wording import LazyPhrase

JOURNAL = ".writing"
MARK = re.compile("[0-9a-f]{8}")


@contextmanager
def journal(folder: Path) -> Iterator[str]:
    """A token for the files of one change, kept on the disk until the change has succeeded."""
    token = token_hex(4)
    replace_file(folder / JOURNAL, token)
    yield token
    (folder / JOURNAL).unlink()


def recover(folder: Path) -> Manifest:
    """Restore the tables to the state in the manifest after a writer was killed or failed.

    Raises `Damaged` where a table exists that is neither in the manifest nor left by such a writer.
    """
    manifest, note = Manifest.read(folder), folder / JOURNAL
    pinned = manifest.tables.items()
    for name, state in pinned:
        check_log(folder / name, state)
    healed = {name: replace(state, version=roll_back(folder / name, state.version)) for name, state in pinned}
    if healed != manifest.tables:
        manifest = replace(manifest, tables=healed)
        manifest.write(folder)
    token = _token(note)
    for table in (folder / name for name in TABLES.keys() - manifest.tables.keys()):
        if _was_created_by(table, token):
            shutil.rmtree(table, ignore_errors=True)
        elif (table / LOG).exists():
            raise Damaged(file=folder / FILE, reason=LazyPhrase("lake", "damage.stranger", {"table": table.name}))
    if token:
        _remove_unreferenced(folder, manifest, f"{token}-*.parquet")
    note.unlink(missing_ok=True)
    return manifest


def _token(note: Path) -> str:
    """The token of a killed change; empty where there is none or its file is unreadable."""
    try:
        token = note.read_text(encoding="ascii")
    except (FileNotFoundError, ValueError):
        return ""
    return token if MARK.fullmatch(token) else ""


def _was_created_by(table: Path, token: str) -> bool:
    """Whether a table has only files of the change with that token."""
    files = [path.name for path in table.glob("*.parquet")]
    return bool(token) and all(name.startswith(f"{token}-") for name in files)


def sweep(folder: Path, manifest: Manifest) -> Manifest:
    """Remove every file and every version that the manifest does not reference; no reader may use older ones.

    We unlink the files ourselves: Delta's vacuum commits two more versions for it, each of which a kill could leave
    without a manifest.
    """
    _remove_unreferenced(folder, manifest, "*.parquet")
    for name, state in manifest.tables.items():
        purge_history(folder / name, state.version)
    return replace(manifest, sweep_due=False)


def _remove_unreferenced(folder: Path, manifest: Manifest, pattern: str) -> None:
    for name, state in manifest.tables.items():
        needed = {file.name for file in files_of(folder / name, state)}
        for path in (folder / name).glob(pattern):
            if path.name not in needed:
                path.unlink()
        sync(folder / name)
