"""The registry of job kinds and periodic checks, filled by the `jobs` modules of the apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from custrata.wording import catalogue

Perform = Callable[..., Mapping[str, object] | None]  # first argument: a `Running`
Look = Callable[[datetime], object]


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    `perform(running, **arguments)` may be restarted at any time, even when it had finished but not yet recorded that.
    It must be idempotent and states in its docstring how.
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
    """A periodic check, run by the active scheduler every `seconds`."""

    name: str
    seconds: float
    look: Look


KINDS: dict[str, JobKind] = {}
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
    """Register a function as the handler of a job kind; it runs in a process of its own.

    Parameters: `attempts` in total, with growing delays between them; `longest` is the time limit; errors in
    `waits_for` mean that a resource is in use: the job is retried shortly and no failure is recorded; `title` is the
    wording key of the title (default: `kinds.<kind>` of the app, else of `jobs`); `opens` is the URL name of the page
    that shows the result, and the key of the result that this URL takes; `schedulable` kinds can have a schedule.
    """

    def register(perform: Perform) -> Perform:
        if kind in KINDS:
            raise ValueError(f"{kind} is registered twice")
        app = perform.__module__.removesuffix(".jobs").rpartition(".")[2]
        named = title or f"{app}.kinds.{kind}"
        KINDS[kind] = JobKind(kind, perform, attempts, longest, waits_for, named, opens, schedulable)
        return perform

    return register


def every(*, seconds: float) -> Callable[[Look], Look]:
    """Call a function with the current time every `seconds`, in one process only.

    It checks and enqueues jobs (with a key, so that none is queued twice); it does no long work itself.
    """

    def register(look: Look) -> Look:
        name = f"{look.__module__}.{look.__qualname__}"
        if name in CHECKS:
            raise ValueError(f"{name} is registered twice")
        CHECKS[name] = Check(name, seconds, look)
        return look

    return register


def title_phrase(kind: str) -> str:
    """The wording key (`area.name`) of a job kind's title; empty if there is none."""
    registered = KINDS.get(kind)
    for phrase in ((registered.title,) if registered else ()) + (f"jobs.kinds.{kind}",):
        area, _, name = phrase.partition(".")
        if name in catalogue().get(area, {}):
            return phrase
    return ""
