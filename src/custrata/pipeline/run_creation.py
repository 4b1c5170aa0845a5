"""Creation of one run: from the facts and an instant to the tables in its folder, starting at `create_run`."""

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
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.grading import Grader
from custrata.pipeline.handover import Handover
from custrata.pipeline.history import changes, departed_customers, late_customers, with_history
from custrata.pipeline.lateness import LateContext, with_lateness
from custrata.pipeline.learning import Lines, models_of
from custrata.pipeline.marks import DEFINITIONS, marks_of
from custrata.pipeline.reading.prepared import prepare_run
from custrata.pipeline.record import graded_record, write_excluded
from custrata.pipeline.snapshot import counted_facts
from custrata.pipeline.summary import narrowed, summary
from custrata.pipeline.view import RunSource, known_at, view_of
from custrata.pipeline.windows import Windows, has_own_window
from custrata.tiering import GradingContext
from custrata.tiering.learned import fingerprint_of
from custrata.tiering.schemes import Scheme

Progress = Callable[[str, float], None]
ROWS_TOGETHER = 20_000
UNSORTED = "unsorted.parquet"
STEPS = ("snapshot", "facts", "traits", "schemes", "profile", "history", "publish")


class RunStore(Protocol):
    """Where runs are stored: published one by one, or staged to be published together."""

    def all(self) -> list[Run]:
        """All runs, by instant."""

    def draft(self) -> AbstractContextManager[Path]:
        """An empty folder to write a run's tables into."""

    def publish(self, draft: Path, record: Mapping[str, object], supersedes: Collection[str] = ()) -> Run:
        """Publish a draft as a run that replaces others."""


@dataclass(frozen=True)
class Refreshed:
    """The run of an instant, and whether it is new: equal inputs are not graded again."""

    run: Run
    new: bool


@dataclass
class Watch:
    """Times the steps and reports the progress."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of `STEPS`: reported at its start, timed at its end."""
        if self.progress is not None:
            self.progress(name, STEPS.index(name) / len(STEPS))
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 3)


@dataclass(frozen=True)
class RunTask:
    """All inputs of a run: facts, instant, the previous run, decisions, schemes, learned lines.

    `scheme_keys` are in display order; `handover` is the state that new versions continue from instead of the previous
    run.
    """

    source: RunSource
    moment: AsOf
    before: Run | None
    decisions: AppliedDecisions
    schemes: Sequence[Scheme]
    scheme_keys: Sequence[str]
    lines: Lines
    handover: Handover = field(default_factory=Handover)

    @cached_property
    def marks(self) -> dict[str, str]:
        """Fingerprints of the inputs, as a run records them."""
        return {
            "fingerprint": self.source.lake.fingerprint,
            "decisions": self.decisions.fingerprint,
            "schemes": self.source.library.fingerprint,
            "learned": fingerprint_of(self.lines.values()),
            "before": self.before.id if self.before else "",
            "definitions": str(DEFINITIONS),
            "excluded": fingerprint(self.source.facts.excluded),
            "free_orders": "" if self.source.free_orders == "count" else self.source.free_orders,
        }

    def matches(self, run: Run) -> bool:
        """Whether a run was made from equal inputs."""
        return GradedRun.of(run).has_inputs(self.marks)


def create_run(task: RunTask, store: RunStore, superseded: Run | None, watch: Watch, *, prepare: bool = True) -> Run:
    """Grade all customers and publish the run; `superseded` is the run of the same instant that it replaces.

    `prepare` precomputes scales and movers for pages; without it they are computed when they are needed.
    """
    source = task.source
    engine = source.engine
    with store.draft() as draft, engine.keeping() as keep, _without_garbage_collection():
        details, schemes = write_profile(task, draft / UNSORTED, watch)
        graded = {key: scheme_record for key, scheme_record in schemes.items() if not scheme_record["waiting"]}
        with watch.step("history"):
            gap, customers = details["population"].get("gap"), details.pop("customers")
            moved = _written(task, graded, draft, superseded, customers=customers, gap=gap, keep=keep)
            if prepare:
                prepare_run(draft)
        record = {
            **_heading(task),
            "before": task.before.id if task.before else None,
            "saw": {"rows": source.facts.rows, **task.marks, "versions": dict(source.lake.versions)},
            "later": source.span.later,
            **details,
            "schemes": schemes,
            "marks": marks_of(schemes, task.before),
            "handover": dict(task.handover.definitions),
            **moved,
        }
        with watch.step("publish"):
            record["steps"] = watch.seconds
            superseded_ids = [superseded.id] if superseded is not None else []
            return store.publish(draft, graded_record(record), supersedes=superseded_ids)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable cyclic garbage collection in the block: expressions are many small objects, and collections would take a
    tenth of the time of a run."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def write_profile(task: RunTask, path: Path, watch: Watch) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Write a row per customer with every scheme's columns, unsorted; returns details and scheme records."""
    engine = task.source.engine
    with engine.keeping() as keep:
        graded, schemes, details = _graded(task, engine=engine, keep=keep, watch=watch)
        graded_keys = [key for key, scheme_record in schemes.items() if not scheme_record["waiting"]]
        with watch.step("profile"):
            profile = with_history(graded, graded_keys, task.before, engine, task.moment)
            if details["customers"] <= engine.sorts_at_once:
                profile = profile.order_by("customer_id")
            engine.write_parquet(profile, path, group=ROWS_TOGETHER)
    return details, schemes


def _graded(
    task: RunTask, *, engine: Engine, keep: Keep, watch: Watch
) -> tuple[ir.Table, dict[str, dict[str, Any]], dict[str, Any]]:
    """The profile with every scheme's columns, the scheme records, and details for the record of the run."""
    source, moment = task.source, task.moment
    with ExitStack() as stack:
        keep_a_while = stack.enter_context(engine.keeping())
        with watch.step("facts"):
            order_facts = known_at(source, moment, keep_a_while)
        with watch.step("traits"), engine.keeping() as keep_briefly:
            view = view_of(source, order_facts, moment, task.decisions, keep_briefly)
            profile = keep(view.profile)
            customers = int(only_row(profile.aggregate(customers=profile.count()))["customers"])
        if not any(map(has_own_window, task.schemes)):
            stack.close()  # the processed orders are the largest table, and no longer needed
        with watch.step("schemes"):
            facts, windows = counted_facts(source.facts, order_facts), Windows(order_facts, moment, keep)
            unknown = uncovered(order_facts.since, moment)
            context = GradingContext(
                NOT_LEARNED, order_facts.everyone.period, moment, facts, models_of(task.lines), keep, unknown
            )
            grader = Grader(profile, context, task.decisions, task.before, engine, keep, windows, task.handover)
            for scheme in task.schemes:
                grader.grade(scheme)
            details = {**_details(task, grader, view.headers), "customers": customers}
            return grader.profile_with_tiers(), _scheme_records(task, grader), details


def _scheme_records(task: RunTask, grader: Grader) -> dict[str, dict[str, Any]]:
    """How each scheme was graded, with the learning it was graded by, where it has one."""
    records = {key: dict(grader.records[key]) for key in task.scheme_keys}
    for key in records.keys() & task.lines.keys():
        records[key]["learning"] = task.lines[key].heading
    return records


def _details(task: RunTask, grader: Grader, headers: Mapping[str, str]) -> dict[str, Any]:
    order_facts = grader.windows.order_facts
    population = {"gap": order_facts.everyone.gap, "period": grader.context.period} if order_facts else {}
    key = next((scheme.key for scheme in task.schemes if scheme.kind == "lifecycle"), "")
    curve, unknown = grader.context.curve_of(key), list(grader.context.uncovered)
    return {"population": population, "uncovered": unknown, "curve": curve, "headers": dict(headers)}


def _written(
    task: RunTask,
    graded: dict[str, dict[str, Any]],
    draft: Path,
    superseded: Run | None,
    *,
    customers: int,
    gap: int | None,
    keep: Keep,
) -> Any:
    """Write profile, changes, corrections and decisions into the draft; returns their summary for the record."""
    engine, before, moment = task.source.engine, task.before, task.moment
    # Sorted, so that reading one customer or a page skips all but a few row groups. A large profile is sorted from a
    # file: sorting it while the tables of the grading are cached would take too much memory.
    if customers <= engine.sorts_at_once:
        (draft / UNSORTED).rename(draft / "profile.parquet")
    else:
        profile = engine.read_parquet([draft / UNSORTED]).order_by("customer_id")
        engine.write_parquet(profile, draft / "profile.parquet", group=ROWS_TOGETHER)
        (draft / UNSORTED).unlink()
    tiers = keep(narrowed(engine.read_parquet([draft / "profile.parquet"]), graded))
    late = late_customers(task.source.facts.orders, before)
    gone = departed_customers(tiers, graded, before, engine)
    gone = None if gone is None else keep(gone)
    late = None if late is None else keep(late)
    came_late = late_summary(late)
    moved = changes(tiers, graded, before=before, engine=engine, moment=moment, gone=gone)
    if before is not None and late is not None and came_late["customers"]:
        moved = keep(moved)
        whole = engine.read_parquet([draft / "profile.parquet"])
        moved = with_lateness(moved, late, whole, _late_context(task, before, gap), keep)
    engine.write_parquet(moved.order_by("customer_id", "scheme"), draft / "changes.parquet", group=ROWS_TOGETHER)
    fingerprint_now = task.source.lake.fingerprint
    wrong = superseded is not None and GradedRun.of(superseded).inputs.fingerprint != fingerprint_now
    corrected = corrections(tiers, graded, superseded, engine, draft, wrong=wrong, at=task.source.at)
    task.decisions.write(draft)
    task.handover.write(draft, engine)
    write_excluded(task.source.facts.excluded, draft)
    shared = likely_shared(engine.read_parquet([draft / "profile.parquet"]))
    engine.write_parquet(shared, draft / "shared_cards.parquet")
    return {"late": came_late, "corrected": corrected, **summary(tiers, graded)}


def _late_context(task: RunTask, before: Run, gap: int | None) -> LateContext:
    decided_by = (task.decisions, task.schemes, task.lines, task.handover)
    return LateContext(task.source, task.moment, before, *decided_by, Population(gap))


def _heading(task: RunTask) -> dict[str, str]:
    """The head of a run's record: its instant, when it was made, and by which version and engine."""
    return {
        "as_of": task.moment.instant.isoformat(),
        "zone": task.moment.zone,
        "currency": task.source.workspace.settings.currency,
        "at": task.source.at.isoformat(),
        "version": version("custrata"),
        "engine": task.source.engine.name,
    }
