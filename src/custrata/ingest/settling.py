"""Rejected rows stand under another name until their import is in the ledger, so that a kill leaves both or neither."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from custrata.lake import ImportRecord

PENDING_SUFFIX = ".waiting"


def pending_file(folder: Path, import_id: str) -> Path:
    """Where the rejected rows of an import lie that is under way."""
    return folder / f"{import_id}.csv{PENDING_SUFFIX}"


def finalize(waiting: Path) -> Path:
    """Give the rejected rows of an import that is done their own name; the next import may have been quicker.

    >>> import tempfile
    >>> rows = pending_file(Path(tempfile.mkdtemp()), "20250131T083000Z-1f2e3d4c")
    >>> rows.touch()
    >>> finalize(rows).name
    '20250131T083000Z-1f2e3d4c.csv'
    """
    settled = waiting.with_name(waiting.name.removesuffix(PENDING_SUFFIX))
    with suppress(FileNotFoundError):
        waiting.replace(settled)
    return settled


def recover_killed(folder: Path, imports: Collection[ImportRecord], *, alone: bool = False) -> None:
    """Finish what a killed import had no time for: its rejected rows stay where it is in the ledger.

    Parameters: `alone` says that no import is under way; then those of imports that are not in the ledger go.
    """
    done = {pending_file(folder, record.import_id) for record in imports}
    for waiting in folder.glob(f"*{PENDING_SUFFIX}"):
        if waiting in done:
            finalize(waiting)
        elif alone:
            waiting.unlink(missing_ok=True)
