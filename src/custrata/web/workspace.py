"""The workspace this server serves, and the run that is published in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from custrata.lake import Workspace
from custrata.lake.runs import POINTER
from custrata.lake.workspace import FILE
from custrata.pipeline.reading import GradedRun

State = tuple[int, int, int]


# The workspace opened in this request; None outside of requests.
_request_cache: ContextVar[list[Workspace] | None] = ContextVar("workspace_of_request", default=None)


@contextmanager
def cached_workspace() -> Iterator[None]:
    """Cache the result of `workspace` within the block, since a page calls it hundreds of times."""
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


def published_run() -> GradedRun | None:
    """The published run, read once per process and run. Raises what `workspace` raises, and `Damaged`."""
    served = workspace()
    return _published(served, _state(served.runs.folder / POINTER))


def _state(file: Path) -> State | None:
    """The identity of a file, which changes when another process replaces it."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4)
def _opened(folder: Path, state: State | None) -> Workspace:
    return Workspace.open(folder)


@lru_cache(maxsize=4)
def _published(served: Workspace, state: State | None) -> GradedRun | None:
    run = served.runs.published()
    return None if run is None else GradedRun.of(run)
