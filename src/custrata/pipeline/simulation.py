"""What would happen if a scheme were published and graded now: nothing is written, and no formula is a second one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder
from custrata.engine import Engine
from custrata.engine.guard import guarded
from custrata.lake import Run, Workspace
from custrata.pipeline.decisions import Decisions
from custrata.pipeline.drafts import Draft, graded_draft
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.histogram import Distribution, distribution_of
from custrata.pipeline.record import graded_record
from custrata.schema import SUM
from custrata.tiering import explain
from custrata.tiering.definitions import Definition, TierDefinition, define
from custrata.tiering.explanations import explain_move
from custrata.wording.writer import Writer

__all__ = [
    "Distribution",
    "Preview",
    "SimulatedMove",
    "SimulatedMover",
    "Simulation",
    "TierSize",
    "distribution",
    "preview",
    "simulate",
]

Direction = Literal["up", "down", "stayed", "entered", "moved"]
LOSERS = 20
SHARE = Decimal("0.000001")


@dataclass(frozen=True)
class TierSize:
    """One tier: how many customers it would hold, what they spent in the last 365 days, and what it would cost.

    `share` and `revenue_share` are of the whole, empty where there is none; `before` are the customers of the tier of
    the same key as it is published, empty where the scheme is new; `cost` is money a year, empty where none is given.
    """

    tier: str
    customers: int
    share: Decimal | None
    revenue: Decimal
    revenue_share: Decimal | None
    before: int | None
    cost: Decimal | None


@dataclass(frozen=True)
class SimulatedMove:
    """How many customers, with what spend, would come from which tier to which; `source` is empty in a new scheme."""

    source: str | None
    target: str
    customers: int
    revenue: Decimal
    direction: Direction


@dataclass(frozen=True)
class SimulatedMover:
    """One customer who would change tiers: the value the tier is decided by, the spend of 365 days, and the reason."""

    customer_id: str
    source: str
    target: str
    direction: Direction
    value: Any
    spend: Decimal | None
    reason: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Simulation:
    """What a definition would do to the customers of a run.

    `tiers` from the best down, `moves` a row per pair of tiers, `ladder` the lines that would be drawn (none where the
    kind has none); `movers` some who would change tiers, the one with most spend of each move first, and `losers` those
    who would go down and spend most. `cost` and `cost_before` are the yearly cost of all tiers, as drafted and as
    published, empty where none is given. `notes` are names of phrases in the area `tiers` (`notes.<name>`), `missing`
    what the workspace lacks; where the scheme `waits`, nobody is graded. `record` is what a run would record of it.
    """

    key: str
    version: int
    run: str
    as_of: datetime
    customers: int
    tiers: tuple[TierSize, ...]
    moves: tuple[SimulatedMove, ...]
    ladder: Ladder | None
    movers: tuple[SimulatedMover, ...]
    losers: tuple[SimulatedMover, ...]
    cost: Decimal | None
    cost_before: Decimal | None
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    waits: bool
    record: Mapping[str, Any]

    @property
    def moved(self) -> int:
        """How many customers would change tiers."""
        return sum(move.customers for move in self.moves if move.direction not in ("stayed", "entered"))


@dataclass(frozen=True)
class Preview:
    """Tiers and their customers by value alone, without the life of tiers: (tier, customers) from the best down."""

    tiers: tuple[tuple[str, int], ...]
    ladder: Ladder | None
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    waits: bool


@guarded
def simulate(
    workspace: Workspace,
    definition: Definition,
    engine: Engine,
    *,
    run: Run | None = None,
    decisions: Decisions | None = None,
    movers: int = 50,
    writer: Writer | None = None,
    other_definitions: Sequence[Definition] = (),
) -> Simulation:
    """What would happen if a definition were published and the customers of a run graded by it.

    Parameters: `run` (default: the published one) gives the profile, the instant, and the tiers to continue from;
    `decisions` of people (default: the run's); `movers` how many moving customers to return; `writer` the language of
    their reasons (default: the workspace's); `other_definitions` that would be published together with it.

    Only schemes that count facts or have their own window read the current lake; all others read the columns they need
    from the profile. Writes nothing.

    Raises `NotGradedYet`, and what refuses to publish the definition.
    """
    settings = workspace.settings
    writer = writer or Writer(settings.language, settings.currency, settings.timezone, "tiers")
    with graded_draft(
        workspace, definition, engine, run=run, decisions=decisions, other_definitions=other_definitions
    ) as draft:
        comparison = _Comparison(draft, engine, writer)
        return comparison.simulation(movers)


@guarded
def preview(workspace: Workspace, definition: Definition, engine: Engine, *, run: Run | None = None) -> Preview:
    """How many customers each tier would have by value alone: fast enough to call while a line is dragged.

    The life of tiers (keep lines, validity, grace, reviews) and overrides are left out; `simulate` includes them.

    Raises what `simulate` raises.
    """
    with graded_draft(workspace, definition, engine, run=run, by_value=True) as draft:
        record, result = draft.grader.records[definition.key], draft.result
        sizes = {} if result is None else _counts(result, engine)
        tiers = tuple((tier, sizes.get(tier, 0)) for tier in record["tiers"])
        missing = tuple(record["facts"].get("missing", ()))
        return Preview(tiers, record["ladder"], tuple(record["notes"]), missing, record["waiting"])


def distribution(
    workspace: Workspace, of: Definition | str, engine: Engine, *, run: Run | None = None, bins: int = 40
) -> Distribution:
    """The distribution of the customers' values: of a definition, with its lines, or of a trait.

    Long tails are cut at the 99th percentile (and, below zero, at the first): the outer bins include all beyond.

    Raises what `simulate` raises, and `UnknownTraits`, `NotANumberTrait` for a trait that will not do.
    """
    definition = of if isinstance(of, Definition) else _of_trait(of)
    with graded_draft(workspace, definition, engine, run=run, by_value=True) as draft:
        record = draft.grader.records[definition.key]
        if draft.result is None:
            return Distribution((), (), None, 0, record["unit"])
        ladder = record["ladder"] if isinstance(of, Definition) else None
        return distribution_of(draft.result.value, bins, ladder=ladder, unit=record["unit"])


def _of_trait(trait: str) -> Definition:
    """A dummy scheme over a trait, to get its value."""
    return define(
        {"key": "looked_at", "kind": "threshold", "trait": trait, "tiers": [{"key": "a", "line": 0}, {"key": "b"}]}
    )


def _counts(result: ir.Table, engine: Engine) -> dict[str, int]:
    counted = result.group_by("tier").aggregate(customers=result.count())
    return {row["tier"]: row["customers"] for row in engine.arrow(counted).to_pylist()}


class _Comparison:
    """Compares a graded draft with the published tiers."""

    def __init__(self, draft: Draft, engine: Engine, writer: Writer) -> None:
        self.draft, self.engine, self.writer = draft, engine, writer
        self.key = draft.scheme.key
        self.decisions: dict[str, Any] = draft.grader.records[self.key]
        self.json_record: dict[str, Any] = graded_record(self.decisions)
        self.published = GradedRun.of(draft.run).scheme(self.key)
        self.ranks = {tier: place for place, tier in enumerate(self.decisions["tiers"])}

    def simulation(self, movers: int) -> Simulation:
        """The whole simulation, with at most so many movers."""
        compared = None if self.draft.result is None else self.draft.grader.keep(self._compared(self.draft.result))
        moves = [] if compared is None else self._moves(compared)
        tiers = self._sizes(moves)
        some, losers = ([], []) if compared is None or self.published is None else self._movers(compared, movers)
        return Simulation(
            key=self.key,
            version=self.draft.scheme.version,
            run=self.draft.run.id,
            as_of=self.draft.run.as_of,
            customers=sum(move.customers for move in moves),
            tiers=tuple(tiers),
            moves=tuple(moves),
            ladder=self.decisions["ladder"],
            movers=tuple(some),
            losers=tuple(losers),
            cost=_sum(size.cost for size in tiers),
            cost_before=self._cost_before(moves),
            notes=tuple(self.decisions["notes"]),
            missing=tuple(self.decisions["facts"].get("missing", ())),
            waits=bool(self.decisions["waiting"]),
            record=self.json_record,
        )

    def _compared(self, result: ir.Table) -> ir.Table:
        """Each customer's drafted tier, value and spend, and the published tier."""
        profile = self.draft.profile
        was = ibis.null("string") if self.published is None else profile[f"{self.key}_tier"]
        before = profile.select(was_customer="customer_id", was=was, spend=profile.spend)
        both = result.select("customer_id", "tier", "value").left_join(
            before, ibis._.customer_id == before.was_customer
        )
        return both.drop("was_customer")

    def _moves(self, compared: ir.Table) -> list[SimulatedMove]:
        spend = compared.spend.sum().fill_null(ibis.literal(0).cast(SUM)).cast(SUM)
        counted = compared.group_by("was", "tier").aggregate(customers=compared.count(), revenue=spend)
        moves = [
            SimulatedMove(
                row["was"], row["tier"], row["customers"], row["revenue"], self._direction(row["was"], row["tier"])
            )
            for row in self.engine.arrow(counted).to_pylist()
        ]
        return sorted(moves, key=lambda move: (self._rank(move.source), move.source or "", self._rank(move.target)))

    def _rank(self, tier: str | None) -> int:
        return self.ranks.get(tier or "", len(self.ranks))

    def _direction(self, source: str | None, target: str) -> Direction:
        if source is None:
            return "entered"
        if source == target:
            return "stayed"
        if source not in self.ranks:
            return "moved"
        return "up" if self.ranks[target] < self.ranks[source] else "down"

    def _sizes(self, moves: Sequence[SimulatedMove]) -> list[TierSize]:
        customers, revenue = _totals(moves)
        costs = _costs(self.draft.scheme.definition.tiers)
        sizes = []
        for tier in self.decisions["tiers"]:
            many, spent = _totals([move for move in moves if move.target == tier])
            before = sum(move.customers for move in moves if move.source == tier)
            sizes.append(
                TierSize(
                    tier,
                    many,
                    _share(Decimal(many), Decimal(customers)),
                    spent,
                    _share(spent, revenue),
                    None if self.published is None else before,
                    costs[tier] * many if tier in costs else None,
                )
            )
        return sizes

    def _cost_before(self, moves: Sequence[SimulatedMove]) -> Decimal | None:
        """The yearly cost of the published tiers with their current customers."""
        if self.published is None or not self.published.definition:
            return None
        costs = _costs(define(self.published.definition).tiers)
        return _sum(costs[move.source] * move.customers for move in moves if move.source in costs)

    def _movers(self, compared: ir.Table, movers: int) -> tuple[list[SimulatedMover], list[SimulatedMover]]:
        """Who would move: round-robin over the moves, the biggest spenders first; and the 20 biggest who move down."""
        moved = compared.filter(compared.was.notnull() & (compared.was != compared.tier))
        dearest = [moved.spend.desc(nulls_first=False), moved.customer_id]
        ranked = moved.mutate(
            turn=ibis.row_number().over(ibis.window(group_by=["was", "tier"], order_by=dearest)),
            down=self._moves_down(moved),
        )
        turns = ranked.order_by("turn", ranked.spend.desc(nulls_first=False), "customer_id").limit(movers)
        falls = ranked.filter("down").order_by(ranked.spend.desc(nulls_first=False), "customer_id").limit(LOSERS)
        some, down = (self.engine.arrow(table).to_pylist() for table in (turns, falls))
        rows = self._rows({row["customer_id"] for row in (*some, *down)})
        return [self._mover(row, rows) for row in some], [self._mover(row, rows) for row in down]

    def _moves_down(self, moved: ir.Table) -> ir.BooleanValue:
        places = [(tier, place) for tier, place in self.ranks.items()]
        if not places:
            return ibis.literal(False)
        before, after = (cast(ir.StringValue, moved[name]).cases(*places, else_=-1) for name in ("was", "tier"))
        return cast(ir.BooleanValue, (before >= 0) & (after > before))

    def _rows(self, customers: set[str]) -> dict[str, dict[str, Any]]:
        """The inputs of an explanation, for a few customers: their traits, and the columns of the drafted scheme."""
        result, profile, scheme = self.draft.result, self.draft.profile, self.draft.scheme
        assert result is not None
        columns = {*scheme.inputs, *scheme.reads, "orders_all", "first_order_on"} & set(profile.columns)
        picked = profile.filter(profile.customer_id.isin(sorted(customers))).select("customer_id", *sorted(columns))
        graded = result.filter(result.customer_id.isin(sorted(customers)))
        rows = {row["customer_id"]: row for row in self.engine.arrow(picked).to_pylist()}
        for row in self.engine.arrow(graded).to_pylist():
            drafted_parts = {f"{self.key}_{name}": value for name, value in row.items() if name != "customer_id"}
            rows[row["customer_id"]] |= {f"{self.key}_since": self.draft.run.as_of, **drafted_parts}
        return rows

    def _mover(self, row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> SimulatedMover:
        customer = row["customer_id"]
        subject = self.key, rows[customer], self.json_record, self.writer
        sentences = explain(*subject, as_of=self.draft.moment).sentences
        reason = " ".join(explain_move(*subject, source=row["was"]))
        direction = self._direction(row["was"], row["tier"])
        return SimulatedMover(
            customer, row["was"], row["tier"], direction, row["value"], row["spend"], reason, sentences
        )


def _totals(moves: Sequence[SimulatedMove]) -> tuple[int, Decimal]:
    return sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal("0.00"))


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(SHARE) if whole > 0 else None


def _costs(tiers: Sequence[TierDefinition]) -> dict[str | None, Decimal]:
    return {tier.key: tier.cost for tier in tiers if tier.cost is not None}


def _sum(costs: Iterator[Decimal | None]) -> Decimal | None:
    amounts = [cost for cost in costs if cost is not None]
    return sum(amounts, Decimal(0)) if amounts else None
