"""One run made: from the facts and an instant to the tables in its folder. Read `make` from top to bottom."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.shared_cards import likely_shared
from custrata.analytics.silence import NOT_LEARNED
from custrata.analytics.traits import Keep
from custrata.analytics.traits.catalogue import uncovered
from custrata.analytics.traits.pace import Population
from custrata.engine import Engine
from custrata.engine.functions import only_row
from custrata.lake import Run
from custrata.lake.exclusions import fingerprint
from custrata.pipeline.corrections import corrections, late_summary
from custrata.pipeline.decisions import Decided
from custrata.pipeline.grading import Grader
from custrata.pipeline.handover import Handover
from custrata.pipeline.history import changes, late_customers, vanished, with_history
from custrata.pipeline.lateness import Latecomers, with_lateness
from custrata.pipeline.learning import Lines, models_of
from custrata.pipeline.marks import DEFINITIONS, marks_of
from custrata.pipeline.reading.prepared import prepare_run
from custrata.pipeline.record import graded_record, write_excluded
from custrata.pipeline.snapshot import counted_facts
from custrata.pipeline.summary import narrowed, summary
from custrata.pipeline.view import Source, known_at, view_of
from custrata.pipeline.windows import Windows, has_own_window
from custrata.tiering import Context
from custrata.tiering.learned import fingerprint_of
from custrata.tiering.schemes import Scheme

Progress = Callable[[str, float], None]
ROWS_TOGETHER = 20_000
FEW = 200_000
UNSORTED = "unsorted.parquet"
STEPS = ("snapshot", "facts", "traits", "schemes", "profile", "history", "publish")


class Shelf(Protocol):
    """Where runs lie and new ones are put: published one by one, or staged to be published together."""

    def all(self) -> list[Run]:
        """The runs there are, by the instant they look from."""

    def draft(self) -> AbstractContextManager[Path]:
        """An empty folder to write a run's tables into."""

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        """Take a draft among the runs, in place of others."""


@dataclass(frozen=True)
class Refreshed:
    """The run of an instant, and whether it is new: the same instant over the same facts is not graded again."""

    run: Run
    new: bool


@dataclass
class Watch:
    """Times the steps and tells how far the work is."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of `STEPS`: told as it begins, timed as it ends."""
        if self.progress is not None:
            self.progress(name, STEPS.index(name) / len(STEPS))
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 3)


@dataclass(frozen=True)
class Task:
    """What decides a run, and nothing else does: facts, instant, the run before, decisions, schemes, learned lines.

    `shown` are the keys of the schemes in the order in which they are shown; `handover` is what new versions go on from
    instead of the run before.
    """

    source: Source
    moment: AsOf
    before: Run | None
    decided: Decided
    schemes: Sequence[Scheme]
    shown: Sequence[str]
    lines: Lines
    handover: Handover = field(default_factory=Handover)

    @cached_property
    def marks(self) -> dict[str, str]:
        """What a run made of it records, to be recognised by."""
        return {
            "fingerprint": self.source.lake.fingerprint,
            "decisions": self.decided.fingerprint,
            "schemes": self.source.library.fingerprint,
            "learned": fingerprint_of(self.lines.values()),
            "before": self.before.id if self.before else "",
            "definitions": str(DEFINITIONS),
            "excluded": fingerprint(self.source.facts.excluded),
            "free_orders": "" if self.source.free_orders == "count" else self.source.free_orders,
        }

    def is_as(self, run: Run) -> bool:
        """Whether a run was made from all the same."""
        return all(run.record["saw"].get(name, "") == value for name, value in self.marks.items())


def make(task: Task, shelf: Shelf, former: Run | None, watch: Watch, *, prepare: bool = True) -> Run:
    """Grade everybody and put the run on the shelf; `former` is the one of the same instant that it replaces.

    `prepare` writes down what pages ask of a run again and again; without it they find it out when they are asked.
    """
    source = task.source
    engine = source.engine
    with shelf.draft() as draft, engine.keeping() as keep, _collected_afterwards():
        found, schemes = write_profile(task, draft / UNSORTED, watch)
        told = {key: decided for key, decided in schemes.items() if not decided["waiting"]}
        with watch.step("history"):
            gap, customers = found["population"].get("gap"), found.pop("customers")
            moved = _written(task, told, draft, former, customers=customers, gap=gap, keep=keep)
            if prepare:
                prepare_run(draft)
        record = {
            **_heading(task),
            "before": task.before.id if task.before else None,
            "saw": {"rows": source.facts.rows, **task.marks, "versions": dict(source.lake.versions)},
            "later": source.span.later,
            **found,
            "schemes": schemes,
            "marks": marks_of(schemes, task.before),
            "handover": dict(task.handover.definitions),
            **moved,
        }
        with watch.step("publish"):
            record["steps"] = watch.seconds
            superseded = [former.id] if former is not None else []
            return shelf.publish(draft, graded_record(record), supersedes=superseded)


@contextmanager
def _collected_afterwards() -> Iterator[None]:
    """Within it Python looks for no cycles: expressions are many small objects, and to go through them again and
    again takes a tenth of the time of a run."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def write_profile(task: Task, path: Path, watch: Watch) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Write a row per customer with every scheme's columns, in no order; what was found on the way, and the schemes."""
    engine = task.source.engine
    with engine.keeping() as keep:
        graded, schemes, found = _graded(task, engine=engine, keep=keep, watch=watch)
        told = [key for key, decided in schemes.items() if not decided["waiting"]]
        with watch.step("profile"):
            profile = with_history(graded, told, task.before, engine, task.moment)
            if found["customers"] <= FEW:
                profile = profile.order_by("customer_id")
            engine.write_parquet(profile, path, group=ROWS_TOGETHER)
    return found, schemes


def _graded(
    task: Task, *, engine: Engine, keep: Keep, watch: Watch
) -> tuple[ir.Table, dict[str, dict[str, Any]], dict[str, Any]]:
    """The profile with every scheme's columns, what decided each scheme, and what was found out on the way."""
    source, moment = task.source, task.moment
    with ExitStack() as held:
        keep_a_while = held.enter_context(engine.keeping())
        with watch.step("facts"):
            known = known_at(source, moment, keep_a_while)
        with watch.step("traits"), engine.keeping() as keep_briefly:
            view = view_of(source, known, moment, task.decided, keep_briefly)
            profile = keep(view.profile)
            customers = int(only_row(profile.aggregate(customers=profile.count()))["customers"])
        if not any(map(has_own_window, task.schemes)):
            held.close()  # the walked orders are the largest table of all, and nobody reads them any more
        with watch.step("schemes"):
            facts, windows = counted_facts(source.facts, known), Windows(known, moment, keep)
            unknown = uncovered(known.since, moment)
            context = Context(NOT_LEARNED, known.everyone.period, moment, facts, models_of(task.lines), keep, unknown)
            grader = Grader(profile, context, task.decided, task.before, engine, keep, windows, task.handover)
            for scheme in task.schemes:
                grader.grade(scheme)
            found = {**_found(task, grader, view.headers), "customers": customers}
            return grader.whole(), _told(task, grader), found


def _told(task: Task, grader: Grader) -> dict[str, dict[str, Any]]:
    """What decided each scheme, with the learning it was graded by where lines are learned."""
    told = {key: dict(grader.told[key]) for key in task.shown}
    for key in told.keys() & task.lines.keys():
        told[key]["learning"] = task.lines[key].heading
    return told


def _found(task: Task, grader: Grader, headers: Mapping[str, str]) -> dict[str, Any]:
    everyone = (
        {"gap": grader.windows.known.everyone.gap, "period": grader.context.period} if grader.windows.known else {}
    )
    key = next((one.key for one in task.schemes if one.kind == "lifecycle"), "")
    curve, unknown = grader.context.curve_of(key), list(grader.context.uncovered)
    return {"population": everyone, "uncovered": unknown, "curve": curve, "headers": dict(headers)}


def _written(
    task: Task,
    told: dict[str, dict[str, Any]],
    draft: Path,
    former: Run | None,
    *,
    customers: int,
    gap: int | None,
    keep: Keep,
) -> Any:
    """Write profile, changes, corrections and decisions into the draft; what they come to, for the record."""
    engine, before, moment = task.source.engine, task.before, task.moment
    # Sorted, so that a reader of one customer, or of a page of them, skips all but a small group of rows. Many are
    # sorted out of a file, since to sort beside all that was kept for grading would take the most memory of all.
    if customers <= FEW:
        (draft / UNSORTED).rename(draft / "profile.parquet")
    else:
        profile = engine.read_parquet([draft / UNSORTED]).order_by("customer_id")
        engine.write_parquet(profile, draft / "profile.parquet", group=ROWS_TOGETHER)
        (draft / UNSORTED).unlink()
    tiers = keep(narrowed(engine.read_parquet([draft / "profile.parquet"]), told))
    late = late_customers(task.source.facts.orders, before)
    gone = vanished(tiers, told, before, engine)
    gone = None if gone is None else keep(gone)
    late = None if late is None else keep(late)
    came_late = late_summary(late)
    moved = changes(tiers, told, before=before, engine=engine, moment=moment, gone=gone)
    if before is not None and late is not None and came_late["customers"]:
        moved = keep(moved)
        whole = engine.read_parquet([draft / "profile.parquet"])
        moved = with_lateness(moved, late, whole, _latecomers(task, before, gap), keep)
    engine.write_parquet(moved.order_by("customer_id", "scheme"), draft / "changes.parquet", group=ROWS_TOGETHER)
    wrong = former is not None and former.record["saw"]["fingerprint"] != task.source.lake.fingerprint
    corrected = corrections(tiers, told, former, engine, draft, wrong=wrong, at=task.source.at)
    task.decided.write(draft)
    task.handover.write(draft, engine)
    write_excluded(task.source.facts.excluded, draft)
    shared = likely_shared(engine.read_parquet([draft / "profile.parquet"]))
    engine.write_parquet(shared, draft / "shared_cards.parquet")
    return {"late": came_late, "corrected": corrected, **summary(tiers, told)}


def _latecomers(task: Task, before: Run, gap: int | None) -> Latecomers:
    decided_by = (task.decided, task.schemes, task.lines, task.handover)
    return Latecomers(task.source, task.moment, before, *decided_by, Population(gap))


def _heading(task: Task) -> dict[str, str]:
    """What a run's record begins with: from when it looks, when and by what it was made."""
    return {
        "as_of": task.moment.instant.isoformat(),
        "zone": task.moment.zone,
        "currency": task.source.workspace.settings.currency,
        "at": task.source.at.isoformat(),
        "version": version("custrata"),
        "engine": task.source.engine.name,
    }
