"""The workspace this server serves, and the run that is published in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from custrata.lake import Workspace
from custrata.lake.runs import Runs
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
    """The published run; None before the first. Raises what `workspace` raises, and `Damaged`."""
    runs = workspace().runs
    ids = runs.ids()
    return graded_run(runs.folder, ids[-1]) if ids else None


@lru_cache(maxsize=32)
def graded_run(folder: Path, run_id: str) -> GradedRun:
    """A published run with all it recorded, which never changes: read once per process. Raises `Damaged`."""
    return GradedRun.of(Runs(folder).run(run_id))


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
