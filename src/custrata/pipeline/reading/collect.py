"""Collect the figures of runs: of one scheme, of the whole run, of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from custrata.analytics.silence import SilenceCurve, Stratum
from custrata.lake import Run, Workspace
from custrata.pipeline.graded import GradedRun, GradedTier, RecordedHistogram
from custrata.pipeline.marks import marks_between
from custrata.pipeline.reading.figures import (
    Headline,
    Histogram,
    Import,
    NumberChange,
    ParetoPoint,
    Quality,
    ReportData,
    RfmCell,
    RfmMap,
    RunSizes,
    SchemeSummary,
    Silence,
    SilenceClaim,
    SilencePoint,
    SilenceStratum,
    Size,
    Tier,
    TierMove,
    Unit,
)
from custrata.pipeline.reading.moves import moved_between
from custrata.tiering.names import notes_of, scheme_name, tier_name, trait_name
from custrata.wording import phrase

APART = {"prospect", "unknown"}
# The main table of a kind of import, where the two have different names.
FILLED = {"lines": "order_lines", "customers": "customer_records"}
LABELS = ("champions", "loyal", "potential_loyalist", "promising", "new", "need_attention",
          "about_to_sleep", "low_recency", "cant_lose", "at_risk", "hibernating", "lost")  # fmt: skip


def collect(workspace: Workspace, run: Run, language: str) -> ReportData:
    """Everything the report of a run shows, the runs before it included; names in the given language."""
    runs = [GradedRun.of(earlier) for earlier in workspace.runs.all() if earlier.as_of <= run.as_of]
    graded, previous = GradedRun.of(run), runs[-2] if len(runs) > 1 else None
    settings = workspace.settings
    return ReportData(
        workspace=settings.name,
        currency=settings.currency,
        timezone=settings.timezone,
        as_of=run.as_of,
        headline=headline(graded, previous),
        schemes=tuple(scheme(key, runs, language) for key in graded.schemes),
        seconds=graded.seconds,
        previous_as_of=previous.as_of if previous else None,
        runs=len(runs),
        rfm=rfm(graded, language),
        pareto=_pareto(graded),
        silence=silence(graded.curve),
        histograms=tuple(histogram(name, bins, language) for name, bins in graded.histograms.items()),
        quality=_quality(workspace, graded, language),
    )


def headline(run: GradedRun, previous: GradedRun | None) -> Headline:
    """The headline figures, of a run and of the one before."""
    now, before = run.totals, previous.totals if previous else None
    return Headline(
        customers=NumberChange(now.customers, before.customers if before else None),
        active=NumberChange(now.active, before.active if before else None),
        spend=NumberChange(now.spend_90d, before.spend_90d if before else None),
    )


def _sizes(tiers: Mapping[str, GradedTier]) -> dict[str, Size]:
    return {key: Size(tier.customers, tier.revenue) for key, tier in tiers.items()}


def scheme(key: str, runs: Sequence[GradedRun], language: str) -> SchemeSummary:
    """A scheme at the last of the runs (oldest first), with the others as its history."""
    graded = runs[-1].schemes[key]
    notes = " ".join(notes_of(graded.record, language))
    name = scheme_name(key, language, graded.record)
    if graded.waiting:
        return SchemeSummary(key, name, note=notes)
    history = tuple(
        RunSizes(run.as_of, _sizes(by.sizes), _marks(before, run, key, name, language))
        for before, run in zip((None, *runs), runs, strict=False)
        if (by := run.scheme(key)) is not None
    )
    tiers = tuple(
        Tier(
            tier.customers,
            tier.revenue,
            key=tier.key,
            name=tier_name(key, tier.key, language, graded.record),
            apart=tier.key in APART,
        )
        for tier in graded.tiers
    )
    moves = _moves(key, runs[-2], runs[-1]) if len(runs) > 1 else ()
    return SchemeSummary(key, name, tiers, history, moves, notes)


def _moves(key: str, before: GradedRun, run: GradedRun) -> tuple[TierMove, ...]:
    """The moves since the previous run: as recorded, or counted where runs between the two were removed."""
    if run.follows(before):
        return tuple(TierMove(**vars(move)) for move in run.moves(key))
    if before.scheme(key) is None:
        return ()
    return tuple(TierMove(**vars(move)) for move in moved_between(before, run, key))


def _marks(before: Run | None, run: Run, key: str, name: str, language: str) -> tuple[str, ...]:
    """The marks of a run that touch a scheme, in words."""
    marks = [mark for mark in marks_between(before, run) if mark["scheme"] in (None, key)]
    return tuple(phrase("runs", f"mark.{mark['kind']}", language, **{**mark, "scheme": name}) for mark in marks)


def rfm(run: GradedRun, language: str) -> RfmMap:
    """The RFM map of a run."""
    cells = tuple(
        RfmCell(cell.recency, cell.frequency, cell.customers, cell.monetary / cell.customers)
        for cell in run.score_cells
    )
    sizes = run.score_labels
    labels = tuple(
        Tier(sizes[label].customers, sizes[label].revenue, key=label, name=phrase("tiers", f"labels.{label}", language))
        for label in LABELS
        if label in sizes
    )
    return RfmMap(cells, labels)


def _pareto(run: GradedRun) -> tuple[ParetoPoint, ...]:
    points = run.pareto
    if not points:
        return ()
    many, total = points[-1]
    return tuple(ParetoPoint(customers / many, float(spend / total)) for customers, spend in points)


def silence(curve: SilenceCurve) -> Silence:
    """A silence curve, as it is drawn."""
    claims = tuple(
        SilenceClaim(
            row.least,
            row.most,
            row.tier,
            row.seen,
            row.people,
            *(float(value) for value in (row.claimed, row.actual, row.low, row.high)),
        )
        for row in curve.calibration
    )
    strata = tuple(map(_stratum, curve.strata))
    return Silence(strata, curve.horizon, curve.learned, claims, curve.dates, curve.test_dates)


def _stratum(stratum: Stratum) -> SilenceStratum:
    def number(value: Decimal | Fraction | None) -> float | None:
        return None if value is None else float(value)

    points = tuple(
        SilencePoint(
            float(stretch.start),
            stretch.seen,
            stretch.back / stretch.seen,
            stretch.people,
            *(number(value) for value in (stretch.low, stretch.high, stretch.date_low, stretch.date_high)),
        )
        for stretch in stratum.stretches
    )
    in_rhythm, at_risk, churned = map(number, (stratum.in_rhythm, stratum.at_risk, stratum.churned))
    bounds = (stratum.least, stratum.most)
    return SilenceStratum(*bounds, points, in_rhythm, at_risk, churned, stratum.thin, stratum.people)


def histogram(name: str, bins: RecordedHistogram, language: str) -> Histogram:
    """How a trait is distributed, as a run recorded it."""
    units: dict[str, Unit] = {
        "recency_days": "days",
        "orders": "orders",
        "spend": "money",
        "average_order_value": "money",
    }
    return Histogram(
        name,
        trait_name(name, language),
        units[name],
        bins.edges,
        bins.counts,
        bins.median,
    )


def _quality(workspace: Workspace, run: GradedRun, language: str) -> Quality:
    imports = tuple(
        Import(
            entry.file_name,
            FILLED.get(entry.table, entry.table),
            entry.rows,
            entry.accepted,
            entry.rejected,
            entry.at,
        )
        for entry in workspace.lake.snapshot().imports
    )
    inputs, totals = run.inputs, run.totals
    first, last = (None if at is None else at.date() for at in (inputs.first_fact, inputs.last_fact))
    rows: tuple[tuple[str, int | Decimal], ...] = (
        (phrase("report", "quality.orders_counted", language), totals.orders),
        (phrase("report", "quality.spend_all", language), totals.spend_all),
        (phrase("report", "quality.spend_window", language), totals.spend),
    )
    return Quality(inputs.rows, first, last, rows, imports)
