"""A time by which something is to be done: what still computes then is interrupted in the engine.

Within `deadline` every connection that `watch` is told of is interrupted when the time is over, again and again until
the block ends, so that the next statement does not go on either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Condition, Thread
from time import monotonic
from weakref import WeakKeyDictionary

from custrata.errors import Refused

AGAIN = 0.1  # seconds between one interruption and the next


class TookTooLong(Refused):
    status = 503
    template = (
        "The computation took longer than {seconds} seconds and was stopped; nothing was changed. Reduce its range, "
        "or leave it to a refresh."
    )


class Deadline:
    """When to stop, and whom to interrupt then."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.at = seconds, monotonic() + seconds
        self._watched: WeakKeyDictionary[object, Callable[[], object]] = WeakKeyDictionary()
        self._change, self._ended = Condition(), False
        self._clock: Thread | None = None

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return monotonic() >= self.at

    @property
    def left(self) -> float:
        """Seconds until then, never fewer than none."""
        return max(0.0, self.at - monotonic())

    def watch(self, connection: object, interrupt: Callable[[], object]) -> None:
        """Interrupt a connection when the time is over, for as long as somebody holds it."""
        with self._change:
            self._watched[connection] = interrupt
            if self._clock is None and not self._ended:
                self._clock = Thread(target=self._keep, name="deadline", daemon=True)
                self._clock.start()

    def end(self) -> None:
        """Interrupt nobody any more."""
        with self._change:
            self._ended = True
            self._watched.clear()
            self._change.notify_all()

    def refusal(self) -> TookTooLong:
        """What to say of whatever was stopped."""
        return TookTooLong(seconds=f"{self.seconds:g}")

    def _keep(self) -> None:
        with self._change:
            while not self._ended:
                left = self.at - monotonic()
                if left > 0:
                    self._change.wait(left)
                    continue
                for interrupt in list(self._watched.values()):
                    with suppress(Exception):  # it is closed, or another engine's: nothing to interrupt
                        interrupt()
                self._change.wait(AGAIN)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Stop what the block computes after so many seconds. Raises `TookTooLong`.

    >>> from custrata.engine import connect
    >>> with deadline(0.2), connect() as duck:  # doctest: +ELLIPSIS
    ...     duck.raw.execute("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")
    Traceback (most recent call last):
        ...
    custrata.engine.deadline.TookTooLong: The computation took longer than 0.2 seconds and was stopped; ...
    """
    limit = Deadline(seconds)
    token = _current.set(limit)
    try:
        yield limit
    except Exception as error:
        if isinstance(error, TookTooLong) or not limit.over:
            raise
        raise limit.refusal() from error
    finally:
        _current.reset(token)
        limit.end()


def current() -> Deadline | None:
    """The deadline that what is asked now has; none outside of one."""
    return _current.get()


def watch(connection: object, interrupt: Callable[[], object]) -> None:
    """Let the deadline there is, if any, interrupt a connection. Raises `TookTooLong` where it is over already."""
    limit = current()
    if limit is not None:
        if limit.over:
            raise limit.refusal()
        limit.watch(connection, interrupt)


@contextmanager
def in_time() -> Iterator[None]:
    """Tell as `TookTooLong` whatever fails in the block after the time is over."""
    try:
        yield
    except Exception as error:
        limit = current()
        if limit is None or not limit.over or isinstance(error, TookTooLong):
            raise
        raise limit.refusal() from error
