"""The inputs of a run: the facts of a workspace, and the profile of every customer at an instant."""

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
from custrata.pipeline.decisions import OF_PEOPLE, AppliedDecisions
from custrata.pipeline.snapshot import Snapshot, Span, known_customers, snapshot, span_of_facts
from custrata.schema.counting import FreeOrders
from custrata.tiering import SchemeLibrary


@dataclass(frozen=True)
class RunSource:
    """Inputs that several runs share: workspace, a snapshot of its facts, engine, current time, and schemes."""

    workspace: Workspace
    lake: LakeSnapshot
    facts: Snapshot
    engine: Engine
    at: datetime
    library: SchemeLibrary

    @property
    def zone(self) -> str:
        """The time zone of the workspace."""
        return self.workspace.settings.timezone

    @property
    def free_orders(self) -> FreeOrders:
        """Whether orders that cost nothing count."""
        return self.workspace.settings.free_orders

    @cached_property
    def span(self) -> Span:
        """The time span of the facts. Raises `NoFacts`, `NothingHappenedYet`."""
        return span_of_facts(self.facts, self.at)

    @cached_property
    def present(self) -> dict[str, bool]:
        """Whether any order has a return reference, a channel, a store."""
        orders = self.facts.orders
        named = {"returns": orders.returns_order_id, "channel": orders.channel, "store": orders.store}
        row = only_row(orders.aggregate(**{name: column.notnull().any() for name, column in named.items()}))
        return {name: bool(row[name]) for name in named}

    def with_orders(self, some: Callable[[ir.Table], ir.Table]) -> RunSource:
        """The same source with a subset of the orders; `present` stays that of all orders."""
        other = replace(self, facts=replace(self.facts, orders=some(self.facts.orders), placed=some(self.facts.placed)))
        vars(other)["present"] = self.present
        return other


@contextmanager
def open_source(
    workspace: Workspace,
    engine: Engine,
    *,
    at: datetime,
    lake: LakeSnapshot | None = None,
    excluded: Collection[str] | None = None,
) -> Iterator[RunSource]:
    """The current facts of a workspace, or those of a snapshot; their files are kept until the block ends.

    `excluded` are customers whose orders grading does not count (default: those excluded now).
    """
    with workspace.lake.reading() as now:
        state = lake or now
        without = workspace.exclusions.all() if excluded is None else excluded
        facts = snapshot(state, engine, without)
        yield RunSource(workspace, state, facts, engine, at, SchemeLibrary(workspace))


@dataclass(frozen=True)
class View:
    """The data at one instant: the orders, a profile with a row per customer and no tiers, and the headers of custom
    columns."""

    order_facts: KnownFacts
    profile: ir.Table
    headers: dict[str, str]


def known_at(source: RunSource, moment: AsOf, keep: Keep) -> KnownFacts:
    """The orders known at an instant, with everything derived from them."""
    orders, named = source.facts.orders, source.present["returns"]
    return known_facts(orders, moment, keep=keep, named_returns=named, free_orders=source.free_orders)


def view_of(source: RunSource, order_facts: KnownFacts, moment: AsOf, decisions: AppliedDecisions, keep: Keep) -> View:
    """The profile of all customers known at an instant; `keep` caches intermediate tables."""
    customers = keep(known_customers(source.facts, moment))
    profile, headers = _profile(source, order_facts, customers, moment, decisions=decisions, keep=keep)
    return View(order_facts, profile, headers)


def _profile(
    source: RunSource,
    order_facts: KnownFacts,
    customers: ir.Table,
    moment: AsOf,
    *,
    decisions: AppliedDecisions,
    keep: Keep,
) -> tuple[ir.Table, dict[str, str]]:
    """One row per customer: attributes, the traits of the catalogue, custom columns, tags and owners."""
    facts, engine = source.facts, source.engine
    computed = order_traits(
        order_facts,
        moment,
        lines=facts.lines if facts.rows["order_lines"] else None,
        products=facts.products if facts.rows["products"] else None,
        places=tuple(place for place in ("channel", "store") if source.present[place]),
        keep=keep,
    )
    tables = [computed]
    if facts.rows["feedback"]:
        tables.append(advocacy(facts.feedback, moment))
    headers: dict[str, str] = {}
    edits = decisions.edits(engine)
    if facts.rows["customer_records"] or edits is not None:
        tables.insert(0, golden_customers(facts.records, edits))
        taken = frozenset((*CATALOGUE, *OF_PEOPLE, *tables[0].columns, "advocacy"))
        custom, headers = custom_traits(facts.records, taken)
        tables += [with_typed_payments(custom)] if headers else []
    wide = joined_by_customer(customers, *tables, *decisions.tags_and_owners(engine))
    counts = {
        trait.key: wide[trait.key].fill_null(ibis.literal(0).cast(trait.type))
        for trait in CATALOGUE.values()
        if trait.zero
    }
    return wide.mutate(**counts), headers
