"""The workspace this server serves, and the run that is published in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from custrata.lake import Run, Workspace
from custrata.lake.runs import POINTER
from custrata.lake.workspace import FILE

State = tuple[int, int, int]


# What was found since the request began; none outside of one.
_found: ContextVar[list[Workspace] | None] = ContextVar("workspace_of_request", default=None)


@contextmanager
def one_workspace() -> Iterator[None]:
    """Within it `workspace` looks once and keeps to what it found, since a page asks for it hundreds of times."""
    token = _found.set([])
    try:
        yield
    finally:
        _found.reset(token)


def workspace() -> Workspace:
    """The workspace of the settings. Raises `NotAWorkspace`, `BadSettings`, and what opening it raises."""
    found = _found.get()
    if found:
        return found[0]
    folder = Path(settings.WORKSPACE)
    opened = _opened(folder, _state(folder / FILE))
    if found is not None:
        found.append(opened)
    return opened


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
