"""Keep quarantine files under a temporary name until their import is committed, so that a kill leaves no mismatch."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from custrata.lake import ImportRecord

PENDING_SUFFIX = ".waiting"


def pending_file(folder: Path, import_id: str) -> Path:
    """The path of the rejected rows of a running import."""
    return folder / f"{import_id}.csv{PENDING_SUFFIX}"


def finalize(waiting: Path) -> Path:
    """Rename the rejected rows of a committed import to their final name; the next import may have done so already.

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
    """Finalize the quarantine files of killed imports that were committed.

    Parameters: `alone` says that no import is running; then files of imports that were not committed are removed.
    """
    done = {pending_file(folder, record.import_id) for record in imports}
    for waiting in folder.glob(f"*{PENDING_SUFFIX}"):
        if waiting in done:
            finalize(waiting)
        elif alone:
            waiting.unlink(missing_ok=True)
