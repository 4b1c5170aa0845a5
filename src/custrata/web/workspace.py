"""The workspace this server serves, and the run that is published in it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from custrata.lake import Run, Workspace
from custrata.lake.runs import POINTER
from custrata.lake.workspace import FILE

State = tuple[int, int, int]


def workspace() -> Workspace:
    """The workspace of the settings. Raises `NotAWorkspace`, `BadSettings`, and what opening it raises."""
    folder = Path(settings.WORKSPACE)
    return _opened(folder, _state(folder / FILE))


def published_run() -> Run | None:
    """The published run, read once per process and run. Raises what `workspace` raises, and `Damaged`."""
    served = workspace()
    return _published(served, _state(served.runs.folder / POINTER))


def _state(file: Path) -> State | None:
    """What changes when a file is replaced: so a process sees what another one wrote."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _opened(folder: Path, state: State | None) -> Workspace:
    return Workspace.open(folder)


@lru_cache(maxsize=4)
def _published(served: Workspace, state: State | None) -> Run | None:
    return served.runs.published()
