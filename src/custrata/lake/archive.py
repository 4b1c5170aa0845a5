"""A consistent copy of the files of a workspace, for backups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Set
from contextlib import ExitStack
from pathlib import Path

from custrata.lake.erasures import FILE as ERASURES
from custrata.lake.erasures import KEY
from custrata.lake.exclusions import FILE as EXCLUSIONS
from custrata.lake.intents import FILE as ERASING
from custrata.lake.lake import LOCK as LAKE_LOCK
from custrata.lake.lake import WAIT
from custrata.lake.locks import locked
from custrata.lake.runs import DRAFT
from custrata.lake.runs import LOCK as RUNS_LOCK
from custrata.lake.sums import FILE as SUMS
from custrata.lake.workspace import FILE, Workspace

PARTS = ("lake", "derived", "quarantine", "mappings", "schemes")
LEFT_OUT = {".lock", ".lease"}


def freeze(workspace: Workspace, target: Path, stack: ExitStack, *, wait: float = WAIT) -> None:
    """Link every file of the workspace into `target`, consistent as of one moment between two changes.

    Parameters: `target` a new folder on the same disk; `stack` holds the locks of the workspace until it is closed, so
    that a caller can copy a database meanwhile. Files are linked, not copied, since they are immutable, so it is fast
    for any size. Dead files are left out: those of older table versions, and those that no run needs.

    Raises `Busy` where an import or a refresh is at work for longer than `wait` seconds.
    """
    for lock in (workspace.lake.folder / LAKE_LOCK, workspace.runs.folder / RUNS_LOCK):
        stack.enter_context(locked(lock, wait=wait))
    workspace.erasures.key()  # it identifies a restored workspace as the same one
    dead = workspace.lake.dead_files() | workspace.runs.dead_folders()
    for file in _archived_files(workspace.folder, dead):
        there = target / file.relative_to(workspace.folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, there)
        except OSError:  # a disk without links, or another disk
            shutil.copy2(file, there)


def _archived_files(folder: Path, dead: Set[Path]) -> Iterator[Path]:
    yield folder / FILE
    for name in (EXCLUSIONS, ERASURES, KEY, ERASING):
        if (folder / name).exists():
            yield folder / name
    for part in PARTS:
        for home, folders, names in os.walk(folder / part):
            here = Path(home)
            folders[:] = [name for name in folders if not name.startswith(DRAFT) and here / name not in dead]
            # Schemes may be published meanwhile, so their checksum list may not match the files.
            left_out = LEFT_OUT | {SUMS} if part == "schemes" else LEFT_OUT
            archived = (name for name in names if name not in left_out and not name.endswith(".new"))
            yield from (here / name for name in archived if here / name not in dead)
