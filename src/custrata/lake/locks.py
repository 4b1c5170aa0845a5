"""Locks between processes, held by the kernel, so that they end with the process."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from pathlib import Path
from typing import TextIO

from custrata.engine.storage import reason_of
from custrata.errors import Refused
from custrata.private import private_files

PAUSE = 0.02


class Busy(Refused):
    template = "{folder} is in use by process {holder}. Wait until it is done, or stop it, and try again."


class NotWritable(Refused):
    template = "{folder} cannot be written to: {reason}. Change its permissions, or use another copy of the workspace."


@contextmanager
def locked(path: Path, *, wait: float, shared: bool = False) -> Iterator[None]:
    """Hold the lock file, exclusively or shared.

    Holders write into the workspace, so files created within the block are readable by their owner only.

    Parameters: `wait` is how many seconds to try.

    Raises `Busy`, with the process that holds it (of several that share it, the last one), and `NotWritable`.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / ".lock"
    >>> with locked(path, wait=0, shared=True), locked(path, wait=0, shared=True):
    ...     print("both read")
    both read
    """
    with private_files(), _lock_file(path) as file:
        _acquire(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, path, wait)
        file.truncate(0)
        file.write(str(getpid()))
        file.flush()
        yield


def _lock_file(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise NotWritable(folder=path.parent, reason=reason_of(error)) from error


def _acquire(file: TextIO, mode: int, path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = path.read_text(encoding="utf-8") or "?"
                raise Busy(folder=path.parent, holder=holder) from None
            time.sleep(PAUSE)
        else:
            return
