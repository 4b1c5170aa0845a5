"""Computations that a request waits for: a few at a time, each until its deadline, and what fails told in our words.

Only a few run at once, so that a process always has threads left for whoever asks for a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENAMETOOLONG
from threading import BoundedSemaphore

from django.conf import settings
from django.db import DataError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from custrata.engine.deadline import TookTooLong, current
from custrata.engine.guard import engine_error
from custrata.errors import CustrataError, Refused

AT_ONCE, WAITING = 2, 4  # computations in one process, and those that wait for their turn

_running, _admitted = BoundedSemaphore(AT_ONCE), BoundedSemaphore(AT_ONCE + WAITING)


class ServerBusy(Refused):
    template = "Too much is being computed at this moment. Nothing has changed; ask again in a few seconds."


def named_failure(error: BaseException) -> CustrataError | None:
    """The refusal that an error comes down to: too late, or too much at once; none where it is neither."""
    limit = current()
    if isinstance(error, TookTooLong | ServerBusy):
        return error
    if limit is not None and (limit.over or _canceled(error)):
        return limit.refusal()
    return None


def watch_database(*, connection: BaseDatabaseWrapper, **signal: object) -> None:
    """Let the deadline of a request hold for the database too; sent whenever a connection is made.

    SQLite is interrupted as an engine is. PostgreSQL stops a statement itself; its connections outlive a request, and
    are of a process that answers requests alone.
    """
    limit = current()
    if limit is None:
        return
    if connection.vendor == "sqlite":
        limit.watch(connection, connection.connection.interrupt)
    elif connection.vendor == "postgresql":
        with connection.connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {int(settings.REQUEST_SECONDS * 1000)}")


def unfit_value(error: BaseException) -> bool:
    """Whether database or disk had no room for a value: too long, too large, or not a text at all."""
    name = isinstance(error, OSError) and error.errno == ENAMETOOLONG
    return name or isinstance(error, DataError | OverflowError)


@contextmanager
def computing() -> Iterator[None]:
    """Wait for a turn to compute; errors of the engine are raised as `engine_error` translates them.

    Only as many requests compute at once as there are places; a few more wait, as long as their request may take.

    Raises `ServerBusy`, `TookTooLong`, and what `engine_error` returns.
    """
    if not _admitted.acquire(blocking=False):
        raise ServerBusy
    try:
        limit = current()
        if not _running.acquire(timeout=limit.left if limit else settings.REQUEST_SECONDS):
            raise ServerBusy
        try:
            yield
        except Exception as error:
            named = named_failure(error) or engine_error(error)
            if named is None or named is error:
                raise
            raise named from error
        finally:
            _running.release()
    finally:
        _admitted.release()


def _canceled(error: BaseException) -> bool:
    """Whether PostgreSQL stopped a statement since it took too long."""
    return isinstance(error, OperationalError) and type(error.__cause__).__name__ == "QueryCanceled"
