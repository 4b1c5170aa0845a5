"""Small files that are read once within a block, so that whatever is shown together shows one state of them.

>>> from pathlib import Path
>>> with single_reads():
...     read_once(Path("pointer"), lambda: "first"), read_once(Path("pointer"), lambda: "second")
('first', 'first')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar, cast

Content = TypeVar("Content")

_contents: ContextVar[dict[Path, object] | None] = ContextVar("contents_of_files", default=None)


@contextmanager
def single_reads() -> Iterator[None]:
    """Within the block `read_once` reads each file once, unless this process replaces it or forgets it."""
    token = _contents.set({})
    try:
        yield
    finally:
        _contents.reset(token)


def read_once(path: Path, read: Callable[[], Content]) -> Content:
    """What `read` returned for this file earlier in the block; outside of a block, and at first, it is called."""
    contents = _contents.get()
    if contents is None:
        return read()
    if path not in contents:
        contents[path] = read()
    return cast(Content, contents[path])


def forget(path: Path) -> None:
    """Read this file again when it is needed: it was replaced, or may have been by another process."""
    contents = _contents.get()
    if contents is not None:
        contents.pop(path, None)
