"""What pages show of a scheme: pictures whose every mark leads to the customers behind it, and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.urls import reverse
from markupsafe import Markup

from custrata.apps.tiers.queries.runs import history, newest, recorded_moves
from custrata.lake import Run
from custrata.report import Move, Scheme, Silence, SilencePoint, Size, Tier
from custrata.report.colours import tier_colours
from custrata.report.panels import Pair, TierRow, both, tier_rows
from custrata.report.pictures import flow, rings, small_rings, stacked
from custrata.report.pictures.silence import colour, share_told
from custrata.report.tables import Table, history_tables, stratum_words
from custrata.web import texts
from custrata.web.charts import Mark, Row, Series, Unit
from custrata.web.charts import Silence as SilenceChart
from custrata.web.charts import SilencePoint as ChartPoint
from custrata.web.manifest import TierLink, function, manifests
from custrata.web.workspace import workspace
from custrata.wording.writer import Writer

HEAT = 6


@dataclass(frozen=True)
class Rung:
    """A line of a tier table, where its customers are listed, and links of other apps (empty: none for this tier)."""

    row: TierRow
    href: str
    links: tuple[tuple[TierLink, str], ...] = ()

    @property
    def tier(self) -> Tier:
        """The tier of the line."""
        return self.row.tier


@dataclass(frozen=True)
class RingsPanel:
    """The rings at one run, and the runs a slider goes through: `place` of `places`, 0 the oldest."""

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
class Cell:
    """A cell of the matrix: customers, their share of the tier they came from, how deep it is shaded."""

    customers: int
    share: float | None
    revenue: Decimal
    direction: str
    heat: int
    href: str
    title: str


@dataclass(frozen=True)
class Matrix:
    """From which tier (rows) to which (columns); the row and the column without a tier are there if anybody is."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True)
class MovesPanel:
    """Who moved between two neighbouring runs: the flow, its matrix, and the sums."""

    picture: Pair
    matrix: Matrix
    up: Size
    down: Size
    stay: Size


@dataclass(frozen=True)
class HistoryPanel:
    """Sizes and revenue of the tiers at each run: what the chart is drawn from, its stand-in, and the tables."""

    revenue: Mapping[str, object]
    customers: Mapping[str, object]
    fallback: Pair
    tables: tuple[Table, ...]


def customers_href(run: Run | None = None, **filters: str) -> str:
    """The list of customers with filters; `run` where it is not the newest one that is meant."""
    latest = newest()
    past = [f"run={run.id}"] if run is not None and latest is not None and run.id != latest.id else []
    asked = [f"{name}={value}" for name, value in filters.items()]
    query = "&".join((*past, *asked))
    return f"{reverse('customers:list')}{'?' if query else ''}{query}"


def rungs(found: Scheme, run: Run) -> tuple[Rung, ...]:
    """The tier table of a scheme at a run."""
    rows = tier_rows(found, texts.writer("report"))
    return tuple(
        Rung(row, customers_href(run, tier=f"{found.key}:{row.tier.key}"), _links(found.key, row.tier.key))
        for row in rows
    )


def _links(scheme: str, tier: str) -> tuple[tuple[TierLink, str], ...]:
    """What the apps link a tier to, each with its address; empty where there is nothing for this tier."""
    declared = (link for app in manifests() for link in app.tier_links)
    return tuple(
        (link, reverse(link.address, args=[scheme, tier]) if function(link.exists)(scheme, tier) else "")
        for link in declared
    )


def rings_panel(found: Scheme, run: Run, place: int | None = None) -> RingsPanel:
    """The rings of a scheme at a run, or at an earlier place of its history."""
    days = tuple(moment.as_of for moment in found.history) or (run.as_of,)
    last = len(days) - 1
    shown = last if place is None else min(max(place, 0), last)
    known = [one for one in history(run) if found.key in one.record["tiers"]]
    link = customers_href(known[shown] if known else run, tier=f"{found.key}:")
    picture = both(partial(rings, found, texts.writer("report"), moment=shown, link=link))
    colours = tier_colours(found)
    sizes = zip(found.tiers, found.timeline[shown], strict=True)
    return RingsPanel(picture, days[shown], shown, days, tuple((tier, size, colours[tier.key]) for tier, size in sizes))


def moves_panel(found: Scheme, run: Run) -> MovesPanel:
    """The moves into a run, each leading to who made it: a run knows its own, not those over runs that were removed."""
    link = customers_href(run, moved=f"{found.key}:") if recorded_moves(run) else ""
    write = texts.writer("report")
    return MovesPanel(
        both(partial(flow, found, write, link=link)),
        matrix(found, link),
        found.moved("up"),
        found.moved("down"),
        found.moved("stay"),
    )


def matrix(found: Scheme, link: str = "") -> Matrix:
    """The moves of a scheme as a table, each cell leading to `link` with `source:target` behind it."""
    write, names = texts.writer("report"), {tier.key: tier.name for tier in found.tiers}
    moves: dict[tuple[str | None, str | None], Move] = {}
    for move in found.moves:
        ends = (_known(found, move.source), _known(found, move.target))
        held = moves.get(ends, Move(*ends, 0, Decimal(0)))
        moves[ends] = Move(*ends, held.customers + move.customers, held.revenue + move.revenue)
    # Tiers that nobody left and nobody came to would only be empty lines.
    ends_seen = {end for ends in moves for end in ends}
    tiers = [tier for tier in found.rank if tier in ends_seen]
    sources: list[str | None] = [*tiers, *([None] if any(source is None for source, _ in moves) else [])]
    targets: list[str | None] = [*tiers, *([None] if any(target is None for _, target in moves) else [])]
    rows = []
    for source in sources:
        total = sum(move.customers for (start, _), move in moves.items() if start == source)
        cells = tuple(_cell(found, moves.get((source, target)), total, link) for target in targets)
        rows.append((names.get(source or "", write("flow.before")), total, cells))
    return Matrix(tuple(names.get(target or "", write("flow.after")) for target in targets), tuple(rows))


def _known(found: Scheme, tier: str | None) -> str | None:
    """The tier where it is one of today's, else none: new customers, and those of tiers that are no more."""
    return tier if tier in found.rank else None


def _cell(found: Scheme, move: Move | None, total: int, link: str) -> Cell | None:
    if move is None or not move.customers:
        return None
    share = move.customers / total
    names, write = {tier.key: tier.name for tier in found.tiers}, texts.writer("report")
    title = write(
        "flow.mark",
        source=names.get(move.source or "", write("flow.before")),
        target=names.get(move.target or "", write("flow.after")),
        customers=write.number(move.customers),
        revenue=write.short_money(move.revenue),
    )
    heat = 0 if found.direction(move) == "outside" else max(1, min(HEAT, round(share * HEAT + 0.5)))
    href = f"{link}{move.source or ''}:{move.target or ''}" if link else ""
    return Cell(move.customers, share, move.revenue, found.direction(move), heat, href, title)


def history_panel(found: Scheme) -> HistoryPanel:
    """The history of a scheme up to the run it is of."""
    write = texts.writer("report")
    # Money becomes a float only here, where it is drawn.
    revenue = [[float(size.revenue) for size in sizes] for sizes in found.timeline]
    customers = [[float(size.customers) for size in sizes] for sizes in found.timeline]
    return HistoryPanel(
        _series(found, revenue, "money"),
        _series(found, customers, "number"),
        both(partial(stacked, found, write)),
        history_tables(found, write),
    )


def _series(found: Scheme, values: list[list[float]], unit: Unit) -> Mapping[str, object]:
    """The layers of a scheme's tiers over its runs, each leading to the customers of its tier."""
    colours, held = tier_colours(found), workspace().settings
    rows: list[Row] = [
        {
            "name": tier.name,
            "colour": colours[tier.key],
            "values": [run[place] for run in values],
            "hrefs": [customers_href(tier=f"{found.key}:{tier.key}")] * len(values),
        }
        for place, tier in enumerate(found.tiers)
    ]
    days = [moment.as_of.isoformat() for moment in found.history]
    marks: list[Mark] = [
        {"at": moment.as_of.isoformat(), "name": " · ".join(moment.marks)} for moment in found.history if moment.marks
    ]
    series: Series = {"days": days, "rows": rows, "unit": unit, "stacked": True, "marks": marks}
    return {**series, "currency": held.currency, "timezone": held.timezone}


def silence_chart(found: Silence) -> Mapping[str, object]:
    """What the chart of the silence curve is drawn from."""
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
            for stratum in found.drawn
        ],
        "x_name": write("silence.axis"),
        "y_name": write("silence.back", days=found.horizon_days),
        "seen_name": write("silence.seen"),
        "at_risk_name": write("silence.at_risk_from"),
        "churned_name": write("silence.churned_from"),
    }
    return {**chart}


def _silence_point(point: SilencePoint, write: Writer) -> ChartPoint:
    drawn: ChartPoint = {
        "start": point.silence,
        "back": point.back,
        "seen": point.seen,
        "said": share_told(point, write),
    }
    if point.low is not None and point.high is not None:
        drawn |= {"low": point.low, "high": point.high}
    return drawn


def small(found: Scheme) -> Markup:
    """The rings, small and without names."""
    return small_rings(found, texts.writer("report"))
