"""The panels of a scheme's pages: charts whose marks link to the customers behind them, and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.urls import reverse
from markupsafe import Markup

from custrata.apps.tiers.queries.runs import has_recorded_moves, history, newest
from custrata.pipeline.reading import GradedRun
from custrata.pipeline.reading.figures import SchemeSummary, Silence, SilencePoint, Size, Tier, TierMove
from custrata.report.colours import tier_colours
from custrata.report.panels import Pair, TierTableRow, in_both_widths, tier_rows
from custrata.report.pictures import flow, rings, small_rings, stacked
from custrata.report.pictures.silence import colour, share_text
from custrata.report.tables import ReportTable, history_tables, stratum_words
from custrata.web import texts
from custrata.web.charts import Mark, Series, SeriesRow, SilenceChart, Unit
from custrata.web.charts import SilenceChartPoint as ChartPoint
from custrata.web.manifest import TierLink, function, manifests
from custrata.web.workspace import workspace
from custrata.wording.writer import Writer

HEAT = 6


@dataclass(frozen=True)
class Rung:
    """A row of a tier table, with a link to its customers, and links that apps declare (empty: none for this tier)."""

    row: TierTableRow
    href: str
    links: tuple[tuple[TierLink, str], ...] = ()

    @property
    def tier(self) -> Tier:
        """The tier of the row."""
        return self.row.tier


@dataclass(frozen=True)
class RingsPanel:
    """The rings at one run, and the days of the runs for a slider; `place` 0 is the oldest."""

    picture: Pair
    day: datetime
    place: int
    days: tuple[datetime, ...]
    tiers: tuple[tuple[Tier, Size, str], ...]

    @property
    def last(self) -> int:
        """The place of the newest run."""
        return len(self.days) - 1


@dataclass(frozen=True)
class MatrixCell:
    """A cell of the matrix: customers, their share of the source tier, and the shade."""

    customers: int
    share: float | None
    revenue: Decimal
    direction: str
    heat: int
    href: str
    title: str


@dataclass(frozen=True)
class Matrix:
    """Moves from tiers (rows) to tiers (columns), with a row or column for “no tier” if anybody is in it."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[MatrixCell | None, ...]], ...]


@dataclass(frozen=True)
class MovesPanel:
    """The moves between two consecutive runs: flow chart, matrix and sums."""

    picture: Pair
    matrix: Matrix
    up: Size
    down: Size
    stay: Size


@dataclass(frozen=True)
class HistoryPanel:
    """Sizes and revenue of the tiers at each run: chart data, fallback picture and tables."""

    revenue: Mapping[str, object]
    customers: Mapping[str, object]
    fallback: Pair
    tables: tuple[ReportTable, ...]


def customers_href(run: GradedRun | None = None, **filters: str) -> str:
    """The URL of the customer list with filters; `run` is added unless it is the newest one."""
    latest = newest()
    past = [f"run={run.id}"] if run is not None and latest is not None and run.id != latest.id else []
    params = [f"{name}={value}" for name, value in filters.items()]
    query = "&".join((*past, *params))
    return f"{reverse('customers:list')}{'?' if query else ''}{query}"


def rungs(scheme: SchemeSummary, run: GradedRun) -> tuple[Rung, ...]:
    """The tier table of a scheme at a run."""
    rows = tier_rows(scheme, texts.writer("report"))
    return tuple(
        Rung(row, customers_href(run, tier=f"{scheme.key}:{row.tier.key}"), _links(scheme.key, row.tier.key))
        for row in rows
    )


def _links(scheme: str, tier: str) -> tuple[tuple[TierLink, str], ...]:
    """The links that apps declare, each with its address; empty where there is no page for this tier."""
    declared = (link for app in manifests() for link in app.tier_links)
    return tuple(
        (link, reverse(link.address, args=[scheme, tier]) if function(link.exists)(scheme, tier) else "")
        for link in declared
    )


def rings_panel(scheme: SchemeSummary, run: GradedRun, place: int | None = None) -> RingsPanel:
    """The rings of a scheme at a run, or at an earlier place of its history."""
    days = tuple(moment.as_of for moment in scheme.history) or (run.as_of,)
    last = len(days) - 1
    position = last if place is None else min(max(place, 0), last)
    graded_runs = [past_run for past_run in history(run) if past_run.scheme(scheme.key) is not None]
    link = customers_href(graded_runs[position] if graded_runs else run, tier=f"{scheme.key}:")
    picture = in_both_widths(partial(rings, scheme, texts.writer("report"), moment=position, link=link))
    colours = tier_colours(scheme)
    sizes = zip(scheme.tiers, scheme.timeline[position], strict=True)
    return RingsPanel(
        picture, days[position], position, days, tuple((tier, size, colours[tier.key]) for tier, size in sizes)
    )


def moves_panel(scheme: SchemeSummary, run: GradedRun) -> MovesPanel:
    """The moves into a run, linked to their customers if the run recorded them since the previous run."""
    link = customers_href(run, moved=f"{scheme.key}:") if has_recorded_moves(run) else ""
    write = texts.writer("report")
    return MovesPanel(
        in_both_widths(partial(flow, scheme, write, link=link)),
        matrix(scheme, link),
        scheme.moved("up"),
        scheme.moved("down"),
        scheme.moved("stay"),
    )


def matrix(scheme: SchemeSummary, link: str = "") -> Matrix:
    """The moves of a scheme as a table; each cell links to `link` followed by `source:target`."""
    write, names = texts.writer("report"), {tier.key: tier.name for tier in scheme.tiers}
    moves: dict[tuple[str | None, str | None], TierMove] = {}
    for move in scheme.moves:
        ends = (_current_tier(scheme, move.source), _current_tier(scheme, move.target))
        merged = moves.get(ends, TierMove(*ends, 0, Decimal(0)))
        moves[ends] = TierMove(*ends, merged.customers + move.customers, merged.revenue + move.revenue)
    # Omit tiers without moves.
    ends_seen = {end for ends in moves for end in ends}
    tiers = [tier for tier in scheme.rank if tier in ends_seen]
    sources: list[str | None] = [*tiers, *([None] if any(source is None for source, _ in moves) else [])]
    targets: list[str | None] = [*tiers, *([None] if any(target is None for _, target in moves) else [])]
    rows = []
    for source in sources:
        total = sum(move.customers for (start, _), move in moves.items() if start == source)
        cells = tuple(_cell(scheme, moves.get((source, target)), total, link) for target in targets)
        rows.append((names.get(source or "", write("flow.before")), total, cells))
    return Matrix(tuple(names.get(target or "", write("flow.after")) for target in targets), tuple(rows))


def _current_tier(scheme: SchemeSummary, tier: str | None) -> str | None:
    """The tier if it still exists, else None: for new customers and removed tiers."""
    return tier if tier in scheme.rank else None


def _cell(scheme: SchemeSummary, move: TierMove | None, total: int, link: str) -> MatrixCell | None:
    if move is None or not move.customers:
        return None
    share = move.customers / total
    names, write = {tier.key: tier.name for tier in scheme.tiers}, texts.writer("report")
    title = write(
        "flow.mark",
        source=names.get(move.source or "", write("flow.before")),
        target=names.get(move.target or "", write("flow.after")),
        customers=write.number(move.customers),
        revenue=write.short_money(move.revenue),
    )
    heat = 0 if scheme.direction(move) == "outside" else max(1, min(HEAT, round(share * HEAT + 0.5)))
    href = f"{link}{move.source or ''}:{move.target or ''}" if link else ""
    return MatrixCell(move.customers, share, move.revenue, scheme.direction(move), heat, href, title)


def history_panel(scheme: SchemeSummary) -> HistoryPanel:
    """The history of a scheme up to its run."""
    write = texts.writer("report")
    # Money is converted to float only for drawing.
    revenue = [[float(size.revenue) for size in sizes] for sizes in scheme.timeline]
    customers = [[float(size.customers) for size in sizes] for sizes in scheme.timeline]
    return HistoryPanel(
        _series(scheme, revenue, "money"),
        _series(scheme, customers, "number"),
        in_both_widths(partial(stacked, scheme, write)),
        history_tables(scheme, write),
    )


def _series(scheme: SchemeSummary, values: list[list[float]], unit: Unit) -> Mapping[str, object]:
    """Chart data of a scheme's tiers over its runs, each linked to the customers of the tier."""
    colours, settings = tier_colours(scheme), workspace().settings
    rows: list[SeriesRow] = [
        {
            "name": tier.name,
            "colour": colours[tier.key],
            "values": [run[place] for run in values],
            "hrefs": [customers_href(tier=f"{scheme.key}:{tier.key}")] * len(values),
        }
        for place, tier in enumerate(scheme.tiers)
    ]
    days = [moment.as_of.isoformat() for moment in scheme.history]
    marks: list[Mark] = [
        {"at": moment.as_of.isoformat(), "name": " · ".join(moment.marks)} for moment in scheme.history if moment.marks
    ]
    series: Series = {"days": days, "rows": rows, "unit": unit, "stacked": True, "marks": marks}
    return {**series, "currency": settings.currency, "timezone": settings.timezone}


def silence_chart(curve: Silence) -> Mapping[str, object]:
    """Chart data of the silence curve."""
    write = texts.writer("report")
    chart: SilenceChart = {
        "rows": [
            {
                "name": stratum_words(stratum.least, stratum.most, write),
                "colour": colour(stratum),
                "points": [_silence_point(point, write) for point in stratum.points],
                "at_risk": stratum.at_risk,
                "churned": stratum.churned,
            }
            for stratum in curve.drawn
        ],
        "x_name": write("silence.axis"),
        "y_name": write("silence.back", days=curve.horizon_days),
        "seen_name": write("silence.seen"),
        "at_risk_name": write("silence.at_risk_from"),
        "churned_name": write("silence.churned_from"),
    }
    return {**chart}


def _silence_point(point: SilencePoint, write: Writer) -> ChartPoint:
    drawn: ChartPoint = {
        "start": point.silence,
        "back": point.back,
        "seen": point.observations,
        "said": share_text(point, write),
    }
    if point.low is not None and point.high is not None:
        drawn |= {"low": point.low, "high": point.high}
    return drawn


def small(scheme: SchemeSummary) -> Markup:
    """Small rings without labels."""
    return small_rings(scheme, texts.writer("report"))
