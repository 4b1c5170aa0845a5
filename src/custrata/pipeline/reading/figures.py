"""The figures of a run, as pages and the report show them: plain values, with names in the reader's language.

A `ReportData` holds one published run of a workspace and the required data of the runs before it. All classes are
frozen; sizes and amounts are stored, and derived values (shares, means, changes) are computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Generic, Literal, TypeVar

Number = TypeVar("Number", int, Decimal)
Unit = Literal["days", "orders", "money", "score", "share", "ratio"]
Value = int | Decimal | float | date | str


@dataclass(frozen=True)
class NumberChange(Generic[Number]):
    """A number of this run and, where there was one, of the run before.

    >>> NumberChange(2469, 2458).difference, NumberChange(3).difference
    (11, None)
    """

    now: Number
    before: Number | None = None

    @property
    def difference(self) -> Number | None:
        """This run less the one before."""
        return None if self.before is None else self.now - self.before

    @property
    def growth(self) -> float | None:
        """The difference as a share of the run before; none where that was nothing or a loss."""
        if self.before is None or self.before <= 0:
            return None
        return float((self.now - self.before) / self.before)


@dataclass(frozen=True)
class Headline:
    """The headline figures: all customers, those who ordered in the last 90 days, and their spend."""

    customers: NumberChange[int]
    active: NumberChange[int]
    spend: NumberChange[Decimal]


@dataclass(frozen=True)
class Size:
    """How many customers, and their revenue in the workspace's currency."""

    customers: int
    revenue: Decimal

    @property
    def mean(self) -> Decimal | None:
        """Revenue per customer; none without customers."""
        return self.revenue / self.customers if self.customers else None


@dataclass(frozen=True, kw_only=True)
class Tier(Size):
    """One tier with its customers and revenue at this run.

    `aim` and `action` are recommendations, one sentence each. `apart` marks a tier outside the ranking (no order yet,
    not known yet); it is drawn grey.
    """

    key: str
    name: str
    aim: str = ""
    action: str = ""
    apart: bool = False


@dataclass(frozen=True)
class RunSizes:
    """One run in the history of a scheme: the sizes of its tiers by tier key.

    `marks` describe changes of the grading method since the run before: changes of sizes may be due to these.
    """

    as_of: datetime
    sizes: Mapping[str, Size]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TierMove:
    """Customers who were in tier `source` at the run before and are in `target` now, with the revenue they carry.

    `source` is None for new customers, `target` for customers who were removed.
    """

    source: str | None
    target: str | None
    customers: int
    revenue: Decimal


@dataclass(frozen=True)
class SchemeSummary:
    """A scheme: tiers best first, history oldest first with this run as its last moment, moves since the last run.

    `note` is a remark to show with it ("not learned yet"). A scheme without tiers waits for data, and its note says
    for which.
    """

    key: str
    name: str
    tiers: tuple[Tier, ...] = ()
    history: tuple[RunSizes, ...] = ()
    moves: tuple[TierMove, ...] = ()
    note: str = ""

    @cached_property
    def customers(self) -> int:
        """All customers of the scheme."""
        return sum(tier.customers for tier in self.tiers)

    @cached_property
    def revenue(self) -> Decimal:
        """All revenue of the scheme."""
        return sum((tier.revenue for tier in self.tiers), Decimal(0))

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each tier, 0 the best."""
        return {tier.key: place for place, tier in enumerate(self.tiers)}

    @cached_property
    def timeline(self) -> tuple[tuple[Size, ...], ...]:
        """The sizes of today's tiers at every moment of the history, or at this run alone; unknown ones are empty."""
        nothing = Size(0, Decimal(0))
        if not self.history:
            return (self.tiers,)
        return tuple(tuple(moment.sizes.get(tier.key, nothing) for tier in self.tiers) for moment in self.history)

    def share(self, tier: Tier) -> float | None:
        """The tier's share of the customers."""
        return tier.customers / self.customers if self.customers else None

    def revenue_share(self, tier: Tier) -> float | None:
        """The tier's share of the revenue; None where the total is not positive."""
        return float(tier.revenue / self.revenue) if self.revenue > 0 else None

    def change(self, tier: Tier) -> int | None:
        """Customers more or fewer than at the run before, where that run knew the tier."""
        before = self.history[-2].sizes.get(tier.key) if len(self.history) > 1 else None
        return None if before is None else tier.customers - before.customers

    def direction(self, move: TierMove) -> Literal["up", "down", "stay", "outside"]:
        """The direction of a move.

        >>> high, low = Tier(1, Decimal(9), key="high", name="High"), Tier(3, Decimal(2), key="low", name="Low")
        >>> ladder = SchemeSummary("value", "Value", (high, low))
        >>> ladder.direction(TierMove("low", "high", 1, Decimal(5)))
        'up'
        """
        if move.source not in self.rank or move.target not in self.rank:
            return "outside"
        climb = self.rank[move.source] - self.rank[move.target]
        return "up" if climb > 0 else "down" if climb < 0 else "stay"

    def moved(self, direction: str) -> Size:
        """All moves of a direction together: customers and the revenue they carry."""
        moves = [move for move in self.moves if self.direction(move) == direction]
        return Size(sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal(0)))


@dataclass(frozen=True)
class RfmCell:
    """One cell of the map: scores 1 to 5, customers, and their mean monetary value."""

    recency: int
    frequency: int
    customers: int
    mean: Decimal


@dataclass(frozen=True)
class RfmMap:
    """Recency by frequency, and the eleven labels as tiers, best first."""

    cells: tuple[RfmCell, ...]
    labels: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class ParetoPoint:
    """The best `customers` (share of all) bring `revenue` (share of all)."""

    customers: float
    revenue: float


@dataclass(frozen=True)
class SilencePoint:
    """A stretch of a curve, from `silence` times a customer's rhythm to where the next one begins.

    Of `observations` of `people` customers silent for so long, the share `back` ordered again within the horizon;
    `low` and `high` are its interval, `date_low` and `date_high` the range over past dates. Older runs know no more
    than `observations`.
    """

    silence: float
    observations: int
    back: float
    people: int | None = None
    low: float | None = None
    high: float | None = None
    date_low: float | None = None
    date_high: float | None = None


@dataclass(frozen=True)
class SilenceStratum:
    """The curve of customers with `least` to `most` order days, and the lines drawn from it.

    `in_rhythm` is the share that comes back among customers in rhythm; `at_risk` and `churned` are the silences where
    those tiers begin, none where the curve never falls that low or, if `thin` names the tier, too few lie beyond.
    """

    least: int
    most: int | None
    points: tuple[SilencePoint, ...]
    in_rhythm: float | None = None
    at_risk: float | None = None
    churned: float | None = None
    thin: tuple[str, ...] = ()
    people: int = 0


@dataclass(frozen=True)
class SilenceClaim:
    """The predicted and the actual share of returning customers of a stratum in one tier, with the observations."""

    least: int
    most: int | None
    tier: str
    observations: int
    people: int
    claimed: float
    actual: float
    low: float
    high: float


@dataclass(frozen=True)
class Silence:
    """The learned return curves, one for each stratum of order days, and their back-test.

    `learned` is false where the lines are fixed ones. The claims were made from `dates − test_dates` dates and tested
    on the `test_dates` newest.
    """

    strata: tuple[SilenceStratum, ...]
    horizon_days: int = 90
    learned: bool = True
    claims: tuple[SilenceClaim, ...] = ()
    dates: int = 0
    test_dates: int = 0

    @property
    def drawn(self) -> tuple[SilenceStratum, ...]:
        """The strata that have a curve."""
        return tuple(stratum for stratum in self.strata if stratum.points)


@dataclass(frozen=True)
class Histogram:
    """How a trait is distributed: `counts[i]` customers between `edges[i]` and `edges[i + 1]`."""

    key: str
    name: str
    unit: Unit
    edges: tuple[Decimal, ...]
    counts: tuple[int, ...]
    median: Decimal | None = None


@dataclass(frozen=True)
class TierLine:
    """Where a tier begins on the scale of a scheme's value: `colour` is the tier's class, `words` name the line."""

    value: Decimal
    colour: str
    words: str


@dataclass(frozen=True)
class Lines:
    """The thresholds of a scheme, the best tier's first; values below all of them have the colour `lowest`.

    >>> steps = (TierLine(Decimal(50), "step-0", ""), TierLine(Decimal(20), "step-10", ""))
    >>> Lines(steps, "step-20").colour(Decimal(30))
    'step-10'
    """

    steps: tuple[TierLine, ...]
    lowest: str
    less_is_better: bool = False

    def colour(self, value: Decimal) -> str:
        """The colour class of the tier a value is in."""
        met = (step for step in self.steps if (value <= step.value if self.less_is_better else value >= step.value))
        return next((step.colour for step in met), self.lowest)


@dataclass(frozen=True)
class Import:
    """One file that was read."""

    file_name: str
    table: str
    rows: int
    accepted: int
    rejected: int
    at: datetime


@dataclass(frozen=True)
class Quality:
    """What is known of the data: rows per table, days covered, remarks as (what, value), files read.

    A value is written by its type: whole numbers grouped, decimals as money, floats as a share, dates as days,
    text as it is.
    """

    tables: Mapping[str, int] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None
    rows: tuple[tuple[str, Value], ...] = ()
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """One published run of a workspace.

    `chosen` is the key of the scheme shown first; where there is none of that key, the first with tiers is.
    `seconds` is how long the run took, `runs` how many there were with this one.
    """

    workspace: str
    currency: str
    timezone: str
    as_of: datetime
    headline: Headline
    schemes: tuple[SchemeSummary, ...]
    chosen: str = "value"
    seconds: float | None = None
    previous_as_of: datetime | None = None
    runs: int = 1
    rfm: RfmMap | None = None
    pareto: tuple[ParetoPoint, ...] = ()
    silence: Silence | None = None
    histograms: tuple[Histogram, ...] = ()
    quality: Quality = field(default_factory=Quality)

    @property
    def main_scheme(self) -> SchemeSummary | None:
        """The scheme shown first."""
        ready = [scheme for scheme in self.schemes if scheme.tiers]
        return next((scheme for scheme in ready if scheme.key == self.chosen), ready[0] if ready else None)
