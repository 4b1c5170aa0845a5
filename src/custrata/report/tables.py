"""The tables with the numbers of the pictures, as formatted text, for reading and for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from custrata.pipeline.reading.figures import (
    Histogram,
    ParetoPoint,
    Quality,
    RfmMap,
    SchemeSummary,
    Silence,
    SilenceStratum,
    Tier,
    Value,
)
from custrata.report.pictures.axes import sampled_indexes
from custrata.report.pictures.bars import amounts
from custrata.report.pictures.rfm_map import sorted_cells
from custrata.report.pictures.silence import between, share_text
from custrata.tiering.silence_sentences import stratum_name
from custrata.wording.writer import Writer

MOST_POINTS = 21
Row = tuple[str, ...]


@dataclass(frozen=True)
class ReportTable:
    """A heading per column and the rows; the first `texts` columns are words, the others numbers."""

    head: Row
    rows: tuple[Row, ...]
    caption: str = ""
    texts: int = 1


def moves_table(scheme: SchemeSummary, write: Writer) -> ReportTable:
    """Every move of the flow, from the best tier down."""
    names = {tier.key: tier.name for tier in scheme.tiers}
    last = len(scheme.tiers)

    def name(key: str | None, absent: str) -> str:
        return write(absent) if key is None else names.get(key, write("flow.elsewhere"))

    moves = sorted(
        (move for move in scheme.moves if move.customers > 0),
        key=lambda move: (scheme.rank.get(move.source or "", last), scheme.rank.get(move.target or "", last)),
    )
    rows = tuple(
        (
            f"{name(move.source, 'flow.before')} → {name(move.target, 'flow.after')}",
            write(f"flow.{scheme.direction(move)}"),
            write.number(move.customers),
            write.money(move.revenue),
        )
        for move in moves
    )
    head = (write("flow.move"), write("flow.direction"), write("column.customers"), write("column.revenue"))
    return ReportTable(head, rows, texts=2)


def history_tables(scheme: SchemeSummary, write: Writer) -> tuple[ReportTable, ...]:
    """Customers and revenue of every tier at every run, the newest first."""
    days = [write.day(moment.as_of) for moment in scheme.history]
    sizes = scheme.timeline[: len(days)]
    customers = [[write.number(size.customers) for size in run] for run in sizes]
    revenue = [[write.money(size.revenue) for size in run] for run in sizes]
    head = (write("column.run"), *(tier.name for tier in scheme.tiers))

    def table(caption: str, cells: list[list[str]]) -> ReportTable:
        rows = [(day, *run) for day, run in zip(days, cells, strict=True)]
        return ReportTable(head, tuple(reversed(rows)), caption)

    return table(write("column.customers"), customers), table(write("column.revenue"), revenue)


def rfm_table(data: RfmMap, write: Writer) -> ReportTable:
    """The cells of the map that have customers, the best first."""
    cells = [cell for cell in sorted_cells(data.cells) if cell.customers > 0]
    means = write.amounts([cell.mean for cell in cells])
    rows = tuple(
        (f"R{cell.recency} F{cell.frequency}", write.number(cell.customers), mean)
        for cell, mean in zip(cells, means, strict=True)
    )
    return ReportTable((write("rfm.cell"), write("column.customers"), write("column.mean")), rows)


def sizes_table(tiers: Sequence[Tier], write: Writer) -> ReportTable:
    """Name, customers, revenue and mean of tiers."""
    means = write.amounts([tier.mean for tier in tiers])
    rows = tuple(
        (tier.name, write.number(tier.customers), write.money(tier.revenue), mean)
        for tier, mean in zip(tiers, means, strict=True)
    )
    return ReportTable(tuple(write(f"column.{name}") for name in ("label", "customers", "revenue", "mean")), rows)


def pareto_table(points: Sequence[ParetoPoint], write: Writer) -> ReportTable:
    """Points of the curve, thinned to a readable number."""
    sampled = [points[index] for index in sampled_indexes(len(points), MOST_POINTS)] if points else []
    rows = tuple((write.share(point.customers), write.share(point.revenue)) for point in sampled)
    return ReportTable((write("curve.customers"), write("curve.revenue")), rows)


def silence_table(data: Silence, write: Writer) -> ReportTable:
    """The stretches of each stratum's curve."""
    rows = tuple(
        (
            stratum_words(stratum.least, stratum.most, write),
            f"{point.silence:.1f}×",
            write.number(point.observations),
            "" if point.people is None else write.number(point.people),
            share_text(point, write),
            "" if point.date_low is None or point.date_high is None else _dates(point.date_low, point.date_high, write),
        )
        for stratum in data.drawn
        for point in stratum.points
    )
    heads = ("order_days", "axis", "seen", "people")
    last = (write("silence.back", days=data.horizon_days), write("silence.dates"))
    return ReportTable((*(write(f"silence.{name}") for name in heads), *last), rows)


def calibration_table(data: Silence, write: Writer) -> ReportTable:
    """Claimed against actual for each stratum and tier."""
    rows = tuple(
        (
            stratum_words(row.least, row.most, write),
            write(f"calibration.{row.tier}"),
            write.number(row.observations),
            write.share(row.claimed),
            f"{write.share(row.actual)} ({between(row.low, row.high, write)})",
            write.signed(round((row.actual - row.claimed) * 100)),
        )
        for row in data.claims
    )
    heads = ("silence.order_days", "calibration.tier", "silence.seen", "calibration.claimed", "calibration.actual")
    return ReportTable((*map(write, heads), write("calibration.difference")), rows)


def threshold_sentences(stratum: SilenceStratum, data: Silence, write: Writer) -> list[str]:
    """The thresholds of a stratum in words, or why it has none."""
    sentences, own = [], stratum_words(stratum.least, stratum.most, write)
    for tier, line in (("at_risk", stratum.at_risk), ("churned", stratum.churned)):
        if line is not None:
            phrase = "silence.{}_means" if data.learned else "silence.{}_beyond"
            sentences.append(write(phrase.format(tier), silence=f"{line:.1f}", stratum=own))
        elif stratum.points:
            sentences.append(write(f"silence.{'thin' if tier in stratum.thin else 'no'}_{tier}", stratum=own))
    return sentences


def stratum_words(least: int, most: int | None, write: Writer) -> str:
    """The name of a stratum."""
    return stratum_name(least, most, replace(write, area="tiers"))


def _dates(low: float, high: float, write: Writer) -> str:
    return write("silence.between", low=write.share(low, 0), high=write.share(high, 0))


def histogram_table(data: Histogram, write: Writer) -> ReportTable:
    """The bins of a histogram."""
    bounds = amounts(data.edges, data.unit, write)
    rows = tuple(
        (f"{low} – {high}", write.number(count))
        for low, high, count in zip(bounds, bounds[1:], data.counts, strict=False)
    )
    return ReportTable((data.name, write("column.customers")), rows)


def quality_tables(data: Quality, write: Writer) -> tuple[ReportTable, ...]:
    """Rows per table, remarks, and the files read; empty tables are left out."""
    counts = tuple((table_name(name, write), write.number(rows)) for name, rows in data.tables.items())
    remarks = tuple((what, value_text(value, write)) for what, value in data.rows)
    files = tuple(
        (
            file.file_name,
            table_name(file.table, write),
            write.number(file.rows),
            write.number(file.accepted),
            write.number(file.rejected),
            write.instant(file.at),
        )
        for file in data.imports
    )
    imports = ("file", "table", "rows", "accepted", "rejected", "at")
    tables = (
        ReportTable((write("column.table"), write("column.rows")), counts, write("quality.tables")),
        ReportTable((write("column.what"), write("column.value")), remarks, write("quality.remarks")),
        ReportTable(tuple(write(f"column.{name}") for name in imports), files, write("quality.imports"), texts=2),
    )
    return tuple(table for table in tables if table.rows)


def table_name(name: str, write: Writer) -> str:
    """The name of a canonical table in the reader's language; other names are unchanged."""
    tables = ("orders", "order_lines", "customer_records", "customers", "products", "events", "feedback")
    return write(f"table.{name}") if name in tables else name


def value_text(value: Value, write: Writer) -> str:
    """A value written by its type, as `Quality` says."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return write.number(value)
    if isinstance(value, Decimal):
        return write.money(value, 2)
    if isinstance(value, float):
        return write.share(value)
    return write.day(value)
