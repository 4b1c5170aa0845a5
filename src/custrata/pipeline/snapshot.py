"""What a run sees: the customers and facts known at its instant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Literal

import ibis.expr.types as ir

from custrata.analytics.moments import EPOCH, AsOf
from custrata.analytics.traits import Known
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros, only_row
from custrata.errors import Refused
from custrata.lake import LakeSnapshot
from custrata.schema import FACTS
from custrata.schema.zones import start_of_day, zone_named


class NoFacts(Refused):
    template = "There is nothing to grade yet: import orders first (custrata import orders FILE)."


@dataclass(frozen=True)
class Snapshot:
    """The tables of the lake as one consistent view, and how many rows each has.

    `orders` are those that grading counts: without the orders of customers excluded from it, which `placed` has.
    """

    orders: ir.Table
    lines: ir.Table
    products: ir.Table
    events: ir.Table
    feedback: ir.Table
    records: ir.Table
    rows: dict[str, int]
    placed: ir.Table
    excluded: frozenset[str] = frozenset()


def snapshot(lake: LakeSnapshot, engine: Engine, excluded: Collection[str] = ()) -> Snapshot:
    """Open every table of the lake on an engine; `excluded` are customers whose orders grading does not count."""
    names = {"orders": "orders", "lines": "order_lines", "products": "products", "events": "events"}
    names |= {"feedback": "feedback", "records": "customer_records"}
    tables: dict[str, Any] = {field: lake.read(name, engine) for field, name in names.items()}
    placed = tables["orders"]
    if excluded:
        tables["orders"] = placed.filter(placed.customer_id.isnull() | ~placed.customer_id.isin(sorted(excluded)))
    rows = {name: lake.rows(name) for name in names.values()}
    return Snapshot(**tables, rows=rows, placed=placed, excluded=frozenset(excluded))


def default_as_of(facts: Snapshot, zone: str) -> AsOf:
    """The start of the day after the newest fact, in the workspace's zone.

    Raises `NoFacts`.
    """
    last = (_end_of_facts(facts, "max")).astimezone(zone_named(zone)).date()
    return AsOf(start_of_day(last + timedelta(days=1), zone), zone)


def first_instant(facts: Snapshot) -> datetime:
    """The instant of the oldest fact. Raises `NoFacts`."""
    return _end_of_facts(facts, "min")


def _end_of_facts(facts: Snapshot, end: Literal["min", "max"]) -> datetime:
    found: list[int] = []
    held = {"orders": facts.placed, "order_lines": facts.lines, "events": facts.events, "feedback": facts.feedback}
    for spec in FACTS:
        assert spec.at is not None
        micros = epoch_micros(held[spec.name][spec.at])
        at = only_row(held[spec.name].aggregate(end=micros.max() if end == "max" else micros.min()))["end"]
        found += [at] if at is not None else []
    if not found:
        raise NoFacts()
    return EPOCH + timedelta(microseconds=max(found) if end == "max" else min(found))


def everyone(facts: Snapshot, as_of: AsOf) -> ir.Table:
    """`customer_id` of every customer known at `as_of`: from a record (not registered later) or a fact."""
    registered = epoch_micros(facts.records.registered_at)
    parts = [facts.records.filter(registered.isnull() | as_of.known(registered))]
    for table, at in ((facts.placed, "ordered_at"), (facts.events, "occurred_at"), (facts.feedback, "given_at")):
        parts.append(table.filter(as_of.known(epoch_micros(table[at])), table.customer_id.notnull()))
    # The type says which column may be empty, and a union wants the same type on both sides.
    named = [part.select(customer_id=part.customer_id.cast("string")) for part in parts]
    return reduce(lambda left, right: left.union(right), named).distinct()


def counted_facts(facts: Snapshot, known: Known) -> dict[str, ir.Table]:
    """What conditions may count in, of those tables that have rows: `customer_id`, `at` (microseconds) and the rest.

    Orders are the sold ones, valued: `net` is what each is worth.
    """
    tables = {
        "orders": known.orders.filter(known.orders.sold),
        "events": facts.events.mutate(at=epoch_micros(facts.events.occurred_at)),
        "feedback": facts.feedback.mutate(at=epoch_micros(facts.feedback.given_at)),
    }
    return {name: table for name, table in tables.items() if facts.rows[name]}
