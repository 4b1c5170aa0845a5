"""What kinds of work there are and what is looked at from time to time, as the `jobs` modules of the apps say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from custrata.wording import catalogue

Perform = Callable[..., Mapping[str, object] | None]  # first argument: a `Running`
Look = Callable[[datetime], object]


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    `perform(running, **arguments)` may be begun again at any moment after it was begun, even where it had finished
    but for saying so: it states in its docstring how its effect appears once all the same.
    """

    name: str
    perform: Perform
    attempts: int
    longest: timedelta
    waits_for: tuple[type[Exception], ...]
    title: str
    opens: tuple[str, str] | None
    schedulable: bool


@dataclass(frozen=True)
class Check:
    """Something the one scheduler looks at every so many seconds."""

    name: str
    seconds: float
    look: Look


KINDS: dict[str, Kind] = {}
CHECKS: dict[str, Check] = {}


def handler(
    kind: str,
    *,
    attempts: int = 3,
    longest: timedelta = timedelta(hours=2),
    waits_for: tuple[type[Exception], ...] = (),
    title: str = "",
    opens: tuple[str, str] | None = None,
    schedulable: bool = False,
) -> Callable[[Perform], Perform]:
    """Register a function as what performs a kind of work, in a process of its own.

    Parameters: `attempts` in all, with growing pauses between; `longest` it may take before it is stopped; errors of
    `waits_for` mean that somebody else is at it: they are no failure, the job tries again shortly; `title` names the
    phrase that says what it is (default: `kinds.<kind>` of the app, else of `jobs`); `opens` is the name of the page
    that shows its result, and the fact of the result that this address takes; of `schedulable` kinds a person may say
    when they come again.
    """

    def register(perform: Perform) -> Perform:
        if kind in KINDS:
            raise ValueError(f"{kind} is registered twice")
        app = perform.__module__.removesuffix(".jobs").rpartition(".")[2]
        named = title or f"{app}.kinds.{kind}"
        KINDS[kind] = Kind(kind, perform, attempts, longest, waits_for, named, opens, schedulable)
        return perform

    return register


def every(*, seconds: float) -> Callable[[Look], Look]:
    """Have a function called with the present instant every so many seconds, in one process of all there are.

    It looks, and enqueues what is to be done (with a key, so that nothing waits twice); it does no work itself.
    """

    def register(look: Look) -> Look:
        name = f"{look.__module__}.{look.__qualname__}"
        if name in CHECKS:
            raise ValueError(f"{name} is registered twice")
        CHECKS[name] = Check(name, seconds, look)
        return look

    return register


def title_phrase(kind: str) -> str:
    """The phrase (`area.name`) that says what a kind of work is; empty where nobody has said it."""
    registered = KINDS.get(kind)
    for phrase in ((registered.title,) if registered else ()) + (f"jobs.kinds.{kind}",):
        area, _, name = phrase.partition(".")
        if name in catalogue().get(area, {}):
            return phrase
    return ""
