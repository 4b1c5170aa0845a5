"""What a run looks at: the facts of a workspace, and all that is known of every customer at one instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import ibis
import ibis.expr.types as ir

from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.traits import CATALOGUE, Keep, KnownFacts, joined_by_customer, known_facts, order_traits
from custrata.engine import Engine
from custrata.engine.functions import only_row
from custrata.identity import custom_traits, golden_customers, with_typed_payments
from custrata.lake import LakeSnapshot, Workspace
from custrata.pipeline.decisions import OF_PEOPLE, Decided
from custrata.pipeline.snapshot import Snapshot, Span, everyone, snapshot, span_of_facts
from custrata.schema.counting import FreeOrders
from custrata.tiering import SchemeLibrary


@dataclass(frozen=True)
class Source:
    """What several runs share: the workspace, one state of its facts, the engine, the clock, and the schemes."""

    workspace: Workspace
    lake: LakeSnapshot
    facts: Snapshot
    engine: Engine
    at: datetime
    library: SchemeLibrary

    @property
    def zone(self) -> str:
        """The zone whose days count."""
        return self.workspace.settings.timezone

    @property
    def free_orders(self) -> FreeOrders:
        """Whether orders that cost nothing count."""
        return self.workspace.settings.free_orders

    @cached_property
    def span(self) -> Span:
        """From when to when the facts go. Raises `NoFacts`, `NothingHappenedYet`."""
        return span_of_facts(self.facts, self.at)

    @cached_property
    def present(self) -> dict[str, bool]:
        """Whether any order names the return it belongs to, a channel, a store."""
        orders = self.facts.orders
        named = {"returns": orders.returns_order_id, "channel": orders.channel, "store": orders.store}
        row = only_row(orders.aggregate(**{name: column.notnull().any() for name, column in named.items()}))
        return {name: bool(row[name]) for name in named}

    def with_orders(self, some: Callable[[ir.Table], ir.Table]) -> Source:
        """The same with some of the orders; what the workspace has at all does not depend on which."""
        other = replace(self, facts=replace(self.facts, orders=some(self.facts.orders), placed=some(self.facts.placed)))
        vars(other)["present"] = self.present
        return other


@contextmanager
def opened(
    workspace: Workspace,
    engine: Engine,
    *,
    at: datetime,
    lake: LakeSnapshot | None = None,
    excluded: Collection[str] | None = None,
) -> Iterator[Source]:
    """The facts of a workspace as they are now, or as a snapshot has them; their files stay until the block ends.

    `excluded` are customers whose orders grading does not count (default: those excluded now).
    """
    with workspace.lake.reading() as now:
        state = lake or now
        without = workspace.exclusions.all() if excluded is None else excluded
        facts = snapshot(state, engine, without)
        yield Source(workspace, state, facts, engine, at, SchemeLibrary(workspace))


@dataclass(frozen=True)
class View:
    """All that is known at one instant: the orders, a profile with a row per customer and no tiers, and the headers
    of columns that files brought."""

    known: KnownFacts
    profile: ir.Table
    headers: dict[str, str]


def known_at(source: Source, moment: AsOf, keep: Keep) -> KnownFacts:
    """The orders known at an instant, walked through."""
    orders, named = source.facts.orders, source.present["returns"]
    return known_facts(orders, moment, keep=keep, named_returns=named, free_orders=source.free_orders)


def view_of(source: Source, known: KnownFacts, moment: AsOf, decided: Decided, keep: Keep) -> View:
    """The profile of everybody known at an instant; `keep` computes intermediate tables once."""
    customers = keep(everyone(source.facts, moment))
    profile, headers = _profile(source, known, customers, moment, decided=decided, keep=keep)
    return View(known, profile, headers)


def _profile(
    source: Source, known: KnownFacts, customers: ir.Table, moment: AsOf, *, decided: Decided, keep: Keep
) -> tuple[ir.Table, dict[str, str]]:
    """One row per customer: attributes, the traits of the catalogue, and what files and people brought besides."""
    facts, engine = source.facts, source.engine
    computed = order_traits(
        known,
        moment,
        lines=facts.lines if facts.rows["order_lines"] else None,
        products=facts.products if facts.rows["products"] else None,
        places=tuple(place for place in ("channel", "store") if source.present[place]),
        keep=keep,
    )
    beside = [computed]
    if facts.rows["feedback"]:
        beside.append(advocacy(facts.feedback, moment))
    headers: dict[str, str] = {}
    edits = decided.edits(engine)
    if facts.rows["customer_records"] or edits is not None:
        beside.insert(0, golden_customers(facts.records, edits))
        taken = frozenset((*CATALOGUE, *OF_PEOPLE, *beside[0].columns, "advocacy"))
        custom, headers = custom_traits(facts.records, taken)
        beside += [with_typed_payments(custom)] if headers else []
    wide = joined_by_customer(customers, *beside, *decided.people(engine))
    counts = {
        trait.key: wide[trait.key].fill_null(ibis.literal(0).cast(trait.type))
        for trait in CATALOGUE.values()
        if trait.zero
    }
    return wide.mutate(**counts), headers
