"""The panels of the page: the pictures in both widths and the rows of the tier tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

from markupsafe import Markup

from custrata.pipeline.reading.figures import ReportData, SchemeSummary, Tier
from custrata.report.colours import tier_colours
from custrata.report.pictures import flow, rings, small_rings, sparkline, stacked
from custrata.report.tables import ReportTable, history_tables, moves_table
from custrata.wording.writer import NOTHING, Writer


class Picture(Protocol):
    """A picture that can be drawn wide, for desktops, and narrow, for phones."""

    def __call__(self, *, wide: bool) -> Markup:
        """The picture as SVG."""
        ...


@dataclass(frozen=True)
class Pair:
    """One picture in two widths; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


def in_both_widths(picture: Picture) -> Pair:
    """A picture in both widths."""
    return Pair(picture(wide=True), picture(wide=False))


@dataclass(frozen=True)
class TierTableRow:
    """A line of the tier table."""

    tier: Tier
    colour: str
    customers: str
    share: str
    revenue: str
    short_revenue: str
    revenue_share: str
    mean: str
    change: str
    sign: str
    trend: Markup


@dataclass(frozen=True)
class Past:
    """The rings at one moment, for the slider."""

    day: str
    rings: Pair


@dataclass(frozen=True)
class SchemePanel:
    """A scheme with everything drawn of it; `past` is given for the scheme shown first alone."""

    scheme: SchemeSummary
    rows: tuple[TierTableRow, ...]
    small: Markup
    rings: Pair
    flow: Pair
    stacked: Pair
    moves: ReportTable
    history: tuple[ReportTable, ...]
    past: tuple[Past, ...] = ()

    @property
    def advised(self) -> bool:
        """Whether any tier says what to do."""
        return any(row.tier.aim or row.tier.action for row in self.rows)


@dataclass(frozen=True)
class HeadlineCard:
    """One headline number: its caption, the number, and how it changed."""

    caption: str
    number: str
    change: str = ""
    sign: str = ""
    remark: str = ""


def scheme_panel(scheme: SchemeSummary, write: Writer, *, with_past: bool = False) -> SchemePanel:
    """Everything drawn of a scheme."""
    link = f"#scheme-{scheme.key}-" if with_past else ""
    return SchemePanel(
        scheme,
        tier_rows(scheme, write),
        small_rings(scheme, write),
        in_both_widths(partial(rings, scheme, write, link=link)),
        in_both_widths(partial(flow, scheme, write)),
        in_both_widths(partial(stacked, scheme, write)),
        moves_table(scheme, write),
        history_tables(scheme, write),
        _past(scheme, write, link) if with_past and len(scheme.history) > 1 else (),
    )


def _past(scheme: SchemeSummary, write: Writer, link: str) -> tuple[Past, ...]:
    return tuple(
        Past(write.day(moment.as_of), in_both_widths(partial(rings, scheme, write, moment=place, link=link)))
        for place, moment in enumerate(scheme.history)
    )


def tier_rows(scheme: SchemeSummary, write: Writer) -> tuple[TierTableRow, ...]:
    """The tier table, the best tier first."""
    colours, means = tier_colours(scheme), write.amounts([tier.mean for tier in scheme.tiers])
    lines = zip(*scheme.timeline, strict=True)
    marks = [" · ".join(moment.marks) for moment in scheme.history]
    return tuple(
        TierTableRow(
            tier=tier,
            colour=colours[tier.key],
            customers=write.number(tier.customers),
            share=write.share(scheme.share(tier)),
            revenue=write.money(tier.revenue),
            short_revenue=write.short_money(tier.revenue),
            revenue_share=write.share(scheme.revenue_share(tier)),
            mean=mean,
            change=write.signed(scheme.change(tier)),
            sign=sign(scheme.change(tier)),
            trend=sparkline([size.customers for size in line], write("trend.title", tier=tier.name), marks),
        )
        for tier, mean, line in zip(scheme.tiers, means, lines, strict=True)
    )


def cards(data: ReportData, write: Writer) -> tuple[HeadlineCard, ...]:
    """The headline numbers: customers, active ones, their spend, and who moved in the scheme shown first."""
    head = data.headline
    more, active, spend = head.customers.difference, head.active.growth, head.spend.growth
    return (
        _card(write, "customers", write.number(head.customers.now), write.signed(more), more),
        _card(write, "active", write.number(head.active.now), write.signed_share(active), active),
        _card(write, "spend", write.short_money(head.spend.now), write.signed_share(spend), spend),
        _moved(data, write),
    )


def _card(write: Writer, name: str, number: str, change: str, value: float | None) -> HeadlineCard:
    caption = write(f"headline.{name}")
    if value is None:
        return HeadlineCard(caption, number)
    return HeadlineCard(caption, number, change, sign(value), write("headline.since_last"))


def _moved(data: ReportData, write: Writer) -> HeadlineCard:
    scheme, caption = data.main_scheme, write("headline.moved")
    if scheme is None or not scheme.moves or data.previous_as_of is None:
        return HeadlineCard(caption, NOTHING, remark=write("headline.first_run"))
    number = f"{write.number(scheme.moved('up').customers)} / {write.number(scheme.moved('down').customers)}"
    return HeadlineCard(caption, number, remark=write("headline.since", day=write.day(data.previous_as_of)))


def sign(value: float | None) -> str:
    """The class of a change: `up`, `down` or `same`."""
    if value is None or value == 0:
        return "same"
    return "up" if value > 0 else "down"
