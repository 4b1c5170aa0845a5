"""The data of the charts in `web/charts/draw.js`, one type per chart. Texts are already in the reader's language.

Numbers stay numbers; the browser formats them by `unit`, the language and the workspace's currency. A
`colour` is a tier's class (`step-3`, `apart`); without one a row takes the accent. An `href` makes its mark a link.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Unit = Literal["number", "money", "share", "days"]


class SeriesRow(TypedDict):
    """One line or layer: a value per day, none where there is nothing to show."""

    name: str
    values: list[float | None]
    colour: NotRequired[str]
    hrefs: NotRequired[list[str]]


class Mark(TypedDict):
    """A vertical line at one of the days, with its label: where the method of a curve changes."""

    at: str
    name: str


class Series(TypedDict):
    """`series`: lines, or layers stacked on each other, over days (ISO dates, oldest first); `marks` cross them."""

    days: list[str]
    rows: list[SeriesRow]
    unit: NotRequired[Unit]
    stacked: NotRequired[bool]
    marks: NotRequired[list[Mark]]


class ChartLine(TypedDict):
    """A line at a value, with its label."""

    at: float
    name: str
    colour: NotRequired[str]


class SilenceChartPoint(TypedDict):
    """Of `seen` customers silent for `start` times their rhythm, the share `back` that came back, `said` in words."""

    start: float
    back: float
    seen: int
    said: str
    low: NotRequired[float]
    high: NotRequired[float]


class SilenceRow(TypedDict):
    """The curve of one stratum; at `at_risk` and `churned` those tiers begin."""

    name: str
    colour: str
    points: list[SilenceChartPoint]
    at_risk: float | None
    churned: float | None


class SilenceChart(TypedDict):
    """`silence`: the share that comes back by length of silence, a curve for each stratum, with counts."""

    rows: list[SilenceRow]
    x_name: str
    y_name: str
    seen_name: str
    at_risk_name: str
    churned_name: str


class DistributionChart(TypedDict):
    """`distribution`: how many customers between each two edges (one edge more than counts), with lines."""

    edges: list[float]
    counts: list[int]
    x_name: str
    y_name: str
    unit: NotRequired[Unit]
    lines: NotRequired[list[ChartLine]]
    hrefs: NotRequired[list[str]]


class ChartOrder(TypedDict):
    """One order: its instant (ISO 8601) and amount."""

    at: str
    amount: float
    name: NotRequired[str]
    href: NotRequired[str]


class Rhythm(TypedDict):
    """`rhythm`: orders over time, the instant of the run, and when the next order is expected (ISO days)."""

    orders: list[ChartOrder]
    as_of: str
    as_of_name: str
    y_name: str
    expected: NotRequired[tuple[str, str]]
    expected_name: NotRequired[str]


class Bar(TypedDict):
    """One bar."""

    name: str
    value: float
    colour: NotRequired[str]
    href: NotRequired[str]


class Bars(TypedDict):
    """`bars`: horizontal bars, the first on top."""

    rows: list[Bar]
    unit: NotRequired[Unit]


Chart = Series | SilenceChart | DistributionChart | Rhythm | Bars
