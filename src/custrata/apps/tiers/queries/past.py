"""The history of a scheme: durations of stays, biggest movers, and corrections from late facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from custrata.apps.tiers.queries.runs import all_runs
from custrata.lake import Run
from custrata.lake.runs import Runs
from custrata.pipeline.reading import GradedRun, Mover, biggest_movers
from custrata.pipeline.reading.figures import SchemeSummary
from custrata.pipeline.reading.stays import Stays, describe_stays, stays_of
from custrata.report.colours import tier_colours
from custrata.report.panels import Pair, in_both_widths
from custrata.report.pictures import staying
from custrata.report.pictures.staying import StayingLine
from custrata.report.tables import ReportTable
from custrata.web import texts
from custrata.web.workspace import workspace
from custrata.wording.writer import NOTHING

MOST_RUNS = 12
ROWS = 100


@dataclass(frozen=True)
class StaysPanel:
    """How long customers stay in the tiers of a scheme: chart, table, and a description of the data."""

    picture: Pair
    table: ReportTable
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class LateRun:
    """Late facts of a run: customers with late orders, and how many of its tiers were corrected since it was first
    made."""

    id: str
    as_of: datetime
    late_customers: int
    late_orders: int
    corrected: int


def stays_panel(scheme: SchemeSummary) -> StaysPanel:
    """The stays of a scheme over all runs."""
    colours, names = tier_colours(scheme), {tier.key: tier.name for tier in scheme.tiers}
    write = texts.writer("history")
    stays = _stays(workspace().runs.folder, workspace().runs.history_ids(), scheme.key)
    listed = [tier_stays for tier_stays in stays.tiers if tier_stays.tier in names]
    lines = [
        StayingLine(
            names[tier_stays.tier],
            colours[tier_stays.tier],
            tuple((step.days, float(step.share)) for step in tier_stays.curve.steps),
            tier_stays.curve.longest or 0,
        )
        for tier_stays in listed
    ]
    head = [write(f"heads.{name}") for name in ("tier", "stays", "going_on", "before", "median")]
    head += [write("heads.after", days=days) for days in stays.horizons]
    rows = tuple(
        (
            names[tier_stays.tier],
            write.number(tier_stays.stays),
            write.number(tier_stays.going_on),
            write.number(tier_stays.before),
            NOTHING if tier_stays.curve.median is None else write.number(tier_stays.curve.median),
            *(
                NOTHING if share is None else write.share(float(share))
                for share in tier_stays.curve.shares(stays.horizons).values()
            ),
        )
        for tier_stays in listed
    )
    drawn = in_both_widths(partial(staying, lines, texts.writer("report")))
    return StaysPanel(drawn, ReportTable(tuple(head), rows), tuple(describe_stays(stays, write)))


@lru_cache(maxsize=256)
def _stays(folder: Path, ids: tuple[str, ...], key: str) -> Stays:
    """Cached per process for a list of runs."""
    runs = Runs(folder)
    with runs.reading():
        return stays_of([runs.recorded(run_id) for run_id in ids], key)


def movers(scheme: SchemeSummary, run: Run) -> list[Mover]:
    """The biggest spenders who moved up, then those who moved down."""
    return biggest_movers(run, scheme.key)


def late_runs(key: str | None = None) -> list[LateRun]:
    """The newest runs with late facts or corrections, newest first, in one scheme or in all."""
    rows = (_late_run(run, key) for run in reversed(all_runs()))
    return [row for row in rows if row.late_orders or row.corrected][:MOST_RUNS]


def _late_run(run: GradedRun, key: str | None) -> LateRun:
    many = sum(run.corrected.values()) if key is None else run.corrected.get(key, 0)
    return LateRun(run.id, run.as_of, run.late.customers, run.late.orders, many)


def late_run(run: GradedRun) -> LateRun:
    """The late facts of a run, over all its schemes."""
    return _late_run(run, None)
