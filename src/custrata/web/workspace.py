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
_request_cache: ContextVar[list[Workspace] | None] = ContextVar("workspace_of_request", default=None)


@contextmanager
def cached_workspace() -> Iterator[None]:
    """Within it `workspace` looks once and keeps to what it found, since a page asks for it hundreds of times."""
    token = _request_cache.set([])
    try:
        yield
    finally:
        _request_cache.reset(token)


def workspace() -> Workspace:
    """The workspace of the settings. Raises `NotAWorkspace`, `BadSettings`, and what opening it raises."""
    cached = _request_cache.get()
    if cached:
        return cached[0]
    folder = Path(settings.WORKSPACE)
    opened = _opened(folder, _state(folder / FILE))
    if cached is not None:
        cached.append(opened)
    return opened


def published_run() -> Run | None:
    """The published run, read once per process and run. Raises what `workspace` raises, and `Damaged`."""
    served = workspace()
    return _published(served, _state(served.runs.folder / POINTER))


def _state(file: Path) -> State | None:
    """What changes when a file is replaced: so a process sees what another one wrote."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4)
def _opened(folder: Path, state: State | None) -> Workspace:
    return Workspace.open(folder)


@lru_cache(maxsize=4)
def _published(served: Workspace, state: State | None) -> Run | None:
    return served.runs.published()
