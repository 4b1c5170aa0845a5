"""Collect the data of a report from the published runs of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from custrata.analytics.silence import SilenceCurve, Stratum
from custrata.lake import Run, Workspace
from custrata.pipeline.marks import marks_between
from custrata.pipeline.reading import moved_between
from custrata.report.data import (
    Change,
    Headline,
    Histogram,
    Import,
    Moment,
    Move,
    ParetoPoint,
    Quality,
    ReportData,
    RfmCell,
    RfmMap,
    Scheme,
    Silence,
    SilenceClaim,
    SilencePoint,
    SilenceStratum,
    Size,
    Tier,
    Unit,
)
from custrata.tiering.names import notes_of, scheme_name, tier_name, trait_name
from custrata.wording import phrase

Record = Mapping[str, Any]
APART = {"prospect", "unknown"}
# The main table of a kind of import, where the two have different names.
FILLED = {"lines": "order_lines", "customers": "customer_records"}
LABELS = ("champions", "loyal", "potential_loyalist", "promising", "new", "need_attention",
          "about_to_sleep", "low_recency", "cant_lose", "at_risk", "hibernating", "lost")  # fmt: skip


def collect(workspace: Workspace, run: Run, language: str) -> ReportData:
    """Everything the report of a run shows, the runs before it included; names in the given language."""
    runs = [earlier for earlier in workspace.runs.all() if earlier.as_of <= run.as_of]
    record, previous = run.record, runs[-2].record if len(runs) > 1 else None
    settings = workspace.settings
    return ReportData(
        workspace=settings.name,
        currency=settings.currency,
        timezone=settings.timezone,
        as_of=run.as_of,
        headline=headline(record, previous),
        schemes=tuple(scheme(key, runs, language) for key in record["schemes"]),
        seconds=sum(record["steps"].values()),
        previous_as_of=runs[-2].as_of if previous else None,
        runs=len(runs),
        rfm=rfm(record, language),
        pareto=_pareto(record),
        silence=silence(record["curve"]),
        histograms=tuple(histogram(name, bins, language) for name, bins in record["histograms"].items()),
        quality=_quality(workspace, record, language),
    )


def headline(record: Record, previous: Record | None) -> Headline:
    """The headline figures, from the record of a run and of the one before."""
    now, before = record["headline"], previous["headline"] if previous else None
    return Headline(
        customers=Change(now["customers"], before["customers"] if before else None),
        active=Change(now["active"], before["active"] if before else None),
        spend=Change(Decimal(now["spend_90d"]), Decimal(before["spend_90d"]) if before else None),
    )


def _sizes(rows: Iterable[Record]) -> dict[str, Size]:
    return {row["tier"]: Size(row["customers"], Decimal(row["revenue"])) for row in rows}


def scheme(key: str, runs: Sequence[Run], language: str) -> Scheme:
    """A scheme at the last of the runs (oldest first), with the others as its history."""
    definition = runs[-1].record["schemes"][key]
    notes = " ".join(notes_of(definition, language))
    name = scheme_name(key, language, definition)
    if definition["waiting"]:
        return Scheme(key, name, note=notes)
    history = tuple(
        Moment(run.as_of, _sizes(run.record["tiers"][key]), _marks(before, run, key, name, language))
        for before, run in zip((None, *runs), runs, strict=False)
        if key in run.record["tiers"]
    )
    nothing = Size(0, Decimal(0))
    tiers = tuple(
        Tier(
            size.customers, size.revenue, key=tier, name=tier_name(key, tier, language, definition), apart=tier in APART
        )
        for tier in definition["tiers"]
        for size in (history[-1].sizes.get(tier, nothing),)
    )
    moves = _moves(key, runs[-2], runs[-1]) if len(runs) > 1 else ()
    return Scheme(key, name, tiers, history, moves, notes)


def _moves(key: str, before: Run, run: Run) -> tuple[Move, ...]:
    """The moves since the previous run: as recorded, or counted where runs between the two were removed."""
    if run.record["before"] in (None, before.id):
        rows: Iterable[Record] = run.record["moves"].get(key, ())
    elif before.record["schemes"].get(key, {"waiting": True})["waiting"]:
        rows = ()
    else:
        rows = [vars(move) for move in moved_between(before, run, key)]
    return tuple(Move(row["source"], row["target"], row["customers"], Decimal(row["revenue"])) for row in rows)


def _marks(before: Run | None, run: Run, key: str, name: str, language: str) -> tuple[str, ...]:
    """The marks of a run that touch a scheme, in words."""
    marks = [mark for mark in marks_between(before, run) if mark["scheme"] in (None, key)]
    return tuple(phrase("runs", f"mark.{mark['kind']}", language, **{**mark, "scheme": name}) for mark in marks)


def rfm(record: Record, language: str) -> RfmMap:
    """The RFM map of a run's record."""
    cells = tuple(
        RfmCell(row["r"], row["f"], row["customers"], Decimal(row["monetary"]) / row["customers"])
        for row in record["rfm_map"]
    )
    sizes = _sizes(record["rfm_labels"])
    labels = tuple(
        Tier(sizes[label].customers, sizes[label].revenue, key=label, name=phrase("tiers", f"labels.{label}", language))
        for label in LABELS
        if label in sizes
    )
    return RfmMap(cells, labels)


def _pareto(record: Record) -> tuple[ParetoPoint, ...]:
    points = record["pareto"]
    if not points:
        return ()
    many, total = points[-1]["customers"], Decimal(points[-1]["spend"])
    return tuple(ParetoPoint(point["customers"] / many, float(Decimal(point["spend"]) / total)) for point in points)


def silence(record: Record) -> Silence:
    """The silence curve a run recorded."""
    curve = SilenceCurve.from_record(record)
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


def histogram(name: str, bins: Record, language: str) -> Histogram:
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
        tuple(Decimal(str(edge)) for edge in bins["edges"]),
        tuple(bins["counts"]),
        None if bins["median"] is None else Decimal(str(bins["median"])),
    )


def _quality(workspace: Workspace, record: Record, language: str) -> Quality:
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
    saw = record["saw"]
    first = datetime.fromisoformat(saw["first_fact"]).date() if saw.get("first_fact") else None
    last = datetime.fromisoformat(saw["last_fact"]).date() if saw.get("last_fact") else None
    head = record["headline"]
    rows: tuple[tuple[str, int | Decimal], ...] = (
        (phrase("report", "quality.orders_counted", language), int(head["orders"])),
        (phrase("report", "quality.spend_all", language), Decimal(head["spend_all"])),
        (phrase("report", "quality.spend_window", language), Decimal(head["spend"])),
    )
    return Quality(saw["rows"], first, last, rows, imports)
