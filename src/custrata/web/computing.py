"""Computations within requests: limited in number and time, with errors translated to refusals.

Only a few run at once, so that a process always has threads left for pages.
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
    status = 503
    template = "Too many computations are running. Nothing was changed; try again in a few seconds."


def named_failure(error: BaseException) -> CustrataError | None:
    """The refusal behind an error: deadline exceeded, or too many computations; None for other errors."""
    limit = current()
    if isinstance(error, TookTooLong | ServerBusy):
        return error
    if limit is not None and (limit.over or _canceled(error)):
        return limit.refusal()
    return None


def watch_database(*, connection: BaseDatabaseWrapper, **signal: object) -> None:
    """Apply the deadline of a request to the database; connected to Django's signal `connection_created`.

    SQLite is interrupted like an engine. PostgreSQL gets a statement timeout; its connections outlive a request, but
    belong to processes that only serve requests.
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
    """Whether database or disk rejected a value: too long, too large, or not encodable."""
    name = isinstance(error, OSError) and error.errno == ENAMETOOLONG
    return name or isinstance(error, DataError | OverflowError)


@contextmanager
def computing() -> Iterator[None]:
    """Limit concurrent computations, and translate errors. Raises `ServerBusy`, `TookTooLong`, and others.

    A few computations run at once, and a few more wait, at most until the deadline of their request.
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
    """Whether PostgreSQL cancelled a statement after its timeout."""
    return isinstance(error, OperationalError) and type(error.__cause__).__name__ == "QueryCanceled"
