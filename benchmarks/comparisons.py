"""The comparisons, and how they are measured: ours and the peers in turn, each run in a fresh process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median

from benchmarks.tasks import Task, Timing, WorkFailed, timed

LARGE = 1_000_000  # the size at which the marks of the design hold
MOST_MB = 4 * 1024
MOST_GROWTH = 1.1


@dataclass(frozen=True)
class Peer:
    """An alternative that does the same work or a part of it, and what our time must be beside its own.

    Ours must be at most `mark` times its time or, where `faster`, at least `mark` times as fast; without a mark the
    ratio is only reported. It runs with at most `most` customers, before memory runs out. `grades` says that it writes
    a profile whose tiers are compared with ours.
    """

    work: str
    title: str
    mark: float = 0
    faster: bool = False
    most: int = 10**9
    grades: bool = False

    @property
    def must(self) -> str:
        """The mark in words."""
        if not self.mark:
            return ""
        return f"≥ {self.mark:g} × as fast" if self.faster else f"≤ {self.mark:g} ×"

    def ratio(self, ours: float, theirs: float) -> float:
        """The figure the mark is about."""
        return theirs / ours if self.faster else ours / theirs

    def met(self, ratio: float) -> bool:
        """Whether a ratio keeps the mark."""
        return ratio >= self.mark if self.faster else not self.mark or ratio <= self.mark


@dataclass(frozen=True)
class Comparison:
    """One of our works and its peers. `most_mb` limits our memory, `most_seconds` our time by the clock. `check` is a
    work that fails where the results are wrong."""

    key: str
    title: str
    work: str
    peers: tuple[Peer, ...] = ()
    most_mb: float = 0
    most_seconds: float = 0
    check: str = ""

    def must(self, peer: Peer) -> str:
        """What must hold beside a peer, in words."""
        seconds = f"≤ {self.most_seconds:g} s" if self.most_seconds else ""
        memory = f"≤ {self.most_mb / 1024:g} GB" if self.most_mb else ""
        return ", ".join(filter(None, (peer.must, seconds, memory)))

    def met(self, peer: Peer, ratio: float, peak_mb: float, seconds: float) -> bool:
        """Whether the ratio to a peer, our peak memory and our seconds keep the marks."""
        fits = not self.most_mb or peak_mb <= self.most_mb
        return fits and peer.met(ratio) and (not self.most_seconds or seconds <= self.most_seconds)


_BARE = Peer("simulation_sql", "the bare group-by")
_SUMS = Peer("bare_all", "group-by, all filtered sums", mark=2.5)
COMPARISONS = (
    Comparison(
        "main",
        "main job: CSV to published run",
        "main",
        (
            Peer("pandas", "pandas", mark=1.5, faster=True, most=LARGE, grades=True),
            Peer("polars", "polars", mark=1, faster=True, most=LARGE, grades=True),
            Peer("floor", "duckdb: bare reading, filtered sums", mark=2),
        ),
        most_mb=MOST_MB,
    ),
    Comparison("refresh", "refresh alone", "refresh", (_SUMS, Peer("bare", "group-by, six aggregates"))),
    Comparison("refresh", "refresh right after an import", "refresh_imported", (_SUMS,)),
    Comparison("refresh", "refresh a day later", "refresh_next"),
    Comparison("import", "CSV import", "import", (Peer("copy", "duckdb.read_csv to Parquet", mark=3),)),
    Comparison("criteria", "counts of 20 conditions", "criteria", (Peer("criteria_sql", "SQL by hand", mark=1.3),)),
    Comparison("simulation", "simulation of a changed scheme", "simulation", (_BARE,), most_seconds=3),
    Comparison("simulation", "simulation, tiers with a life", "simulation_lived", (_BARE,), most_seconds=3),
    Comparison("simulation", "preview of a dragged line", "preview", (_BARE,), most_seconds=0.3),
    Comparison("life", "life of a tier: one transition", "life", (Peer("bare_join", "the bare join", mark=3),)),
    Comparison(
        "cluster",
        "refresh on Spark, two workers",
        "cluster_two",
        (Peer("cluster_one", "one worker", mark=1.6, faster=True),),
        check="cluster_agree",
    ),
)
READING_RUN = ("criteria", "simulation")  # these read a published run
KEYS = ("main", "refresh", "import", "criteria", "simulation", "life", "growth", "cluster")
USUAL = KEYS[:-1]  # a cluster needs a Java runtime, and takes long


@dataclass(frozen=True)
class Measurement:
    """The timings of one comparison at one size, by work; and by peer and scheme the share of customers in our tier."""

    comparison: Comparison
    customers: int
    orders: int
    timings: dict[str, list[Timing]]
    same: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def ours(self) -> list[Timing]:
        """Our own timings."""
        return self.timings[self.comparison.work]

    def seconds(self, part: str = "") -> float:
        """The median of our seconds, of the whole run or of a part that the work reports."""
        return median(timing.details[part] if part else timing.seconds for timing in self.ours)

    def ratios(self, peer: Peer) -> list[float]:
        """Run by run, the figure the mark is about."""
        pairs = zip(self.ours, self.timings.get(peer.work, []), strict=False)
        return [peer.ratio(ours.seconds, theirs.seconds) for ours, theirs in pairs]

    def steps(self) -> dict[str, float]:
        """The median of each step of the refresh, in seconds; `rest` is what lies outside of them."""
        steps_of_runs = [timing.details["steps"] for timing in self.ours if "steps" in timing.details]
        whole = [timing.details["refresh"] for timing in self.ours if "steps" in timing.details]
        rest = [all_of_it - sum(steps.values()) for all_of_it, steps in zip(whole, steps_of_runs, strict=True)]
        return (
            {step: median(steps[step] for steps in steps_of_runs) for step in steps_of_runs[0]} | {"rest": median(rest)}
            if steps_of_runs
            else {}
        )


@dataclass(frozen=True)
class Plan:
    """The options of the command line: sizes, works, runs, and whether peers run too."""

    sizes: tuple[int, ...]
    only: tuple[str, ...]
    runs: int
    peers: bool
    seed: int
    folder: Path

    def comparisons(self) -> Iterator[Comparison]:
        """The comparisons to make at every size; growth reads the main job, which then needs no peer of its own."""
        for comparison in COMPARISONS:
            selected = comparison.key in self.only
            if selected or (comparison.key == "main" and "growth" in self.only):
                yield comparison if selected and self.peers else replace(comparison, peers=())


def measure(plan: Plan) -> Iterator[Measurement]:
    """Every comparison at every size, as they are done."""
    for customers in plan.sizes:
        published = False
        task = Task(customers, plan.seed, plan.folder, plan.folder / "scratch")
        comparisons = list(plan.comparisons())
        if any(comparison.key != "life" for comparison in comparisons):  # the life makes its own tables
            task = _with_orders(task)
        if any(comparison.key in ("refresh", "cluster", *READING_RUN) for comparison in comparisons):
            task = _with_lake(task)
        for comparison in comparisons:
            if comparison.key in READING_RUN and not published:
                published = True
                say(f"{task.customers:,} customers: a published run")
                timed("refresh", task)
            yield _measure_comparison(comparison, task, plan.runs)
        shutil.rmtree(task.folder, ignore_errors=True)


def _with_orders(task: Task) -> Task:
    say(f"{task.customers:,} customers: the file of orders")
    shutil.rmtree(task.folder, ignore_errors=True)
    details = timed("generate", task).details
    return replace(task, csv=Path(details["csv"]), orders=details["orders"])


def _with_lake(task: Task) -> Task:
    say(f"{task.customers:,} customers: a lake to refresh from")
    details = timed("prepare", replace(task, folder=_scratch(task, "prepared"))).details
    return replace(task, workspace=Path(details["workspace"]), files=tuple(details["files"]), as_of=details["as_of"])


def _scratch(task: Task, work: str) -> Path:
    folder = task.folder / work
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _measure_comparison(comparison: Comparison, task: Task, runs: int) -> Measurement:
    """Ours and the peers, run after run, another one first each time."""
    works = [comparison.work, *(peer.work for peer in comparison.peers if task.customers <= peer.most)]
    measurement = Measurement(comparison, task.customers, task.orders, {work: [] for work in works})
    for run in range(runs):
        say(f"{task.customers:,} customers: {comparison.title}, run {run + 1} of {runs}")
        turn = run % len(works)
        done = {work: _time_work(work, task, ours=work == comparison.work) for work in works[turn:] + works[:turn]}
        for peer in comparison.peers:
            if peer.grades and done.get(peer.work) and peer.title not in measurement.same:
                both = replace(task, folder=task.folder / comparison.work, other=task.folder / peer.work)
                measurement.same[peer.title] = timed("agree", both).details["same"]
        if comparison.check and run == 0:
            timed(comparison.check, task)
        for work, timing in done.items():
            shutil.rmtree(task.folder / work)
            measurement.timings[work] += [timing] if timing else []
    return measurement


def _time_work(work: str, task: Task, *, ours: bool) -> Timing | None:
    """One run. A peer that fails has no timing; a failure of ours is raised."""
    try:
        return timed(work, replace(task, folder=_scratch(task, work)))
    except WorkFailed as error:
        if ours:
            raise
        say(str(error))
        return None


def say(text: str) -> None:
    """Report progress on stderr."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Growth:
    """How the time of a work grew from one size to the next: as size to the power of `exponent`."""

    title: str
    fewer: int
    more: int
    ratio: float

    @property
    def exponent(self) -> float:
        """1 is in proportion."""
        return log(self.ratio) / log(self.more / self.fewer)


def growth(measurements: Sequence[Measurement]) -> list[Growth]:
    """From each size to the next and from the first to the last, for the main job and its two parts."""
    runs = sorted(
        (measurement for measurement in measurements if measurement.comparison.key == "main"),
        key=lambda measurement: measurement.customers,
    )
    pairs = list(pairwise(runs)) + ([(runs[0], runs[-1])] if len(runs) > 2 else [])
    return [
        Growth(title, less.customers, more.customers, more.seconds(part) / less.seconds(part))
        for title, part in (("main job", ""), ("its import", "import"), ("its refresh", "refresh"))
        for less, more in pairs
    ]
