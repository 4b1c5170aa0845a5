"""What a run sees: the customers and facts known at its instant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import ibis.expr.types as ir

from custrata.analytics.moments import EPOCH, AsOf
from custrata.analytics.traits import KnownFacts
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros, only_row
from custrata.errors import Refused
from custrata.lake import LakeSnapshot
from custrata.schema import FACTS
from custrata.schema.zones import start_of_day, zone_named


class NoFacts(Refused):
    template = "There is nothing to grade yet: import orders first (custrata import orders FILE)."


class NothingHappenedYet(Refused):
    template = (
        "Every fact is dated in the future ({rows} rows, the newest {newest}). Mend their dates and import them again."
    )


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


@dataclass(frozen=True)
class Later:
    """Rows dated after the clock: how many by table, the newest instant, and one of them by its key."""

    tables: dict[str, int]
    newest: datetime
    table: str
    key: str
    at: datetime

    @property
    def rows(self) -> int:
        """How many there are in all tables."""
        return sum(self.tables.values())


@dataclass(frozen=True)
class Span:
    """From when to when the facts go: the oldest, the newest not dated after the clock, and the rows that are."""

    first: datetime
    last: datetime
    later: Later | None

    def default_as_of(self, zone: str) -> AsOf:
        """The start of the day after the newest fact that is not in the future, in a zone."""
        last = self.last.astimezone(zone_named(zone)).date()
        return AsOf(start_of_day(last + timedelta(days=1), zone), zone)


def span_of_facts(facts: Snapshot, at: datetime) -> Span:
    """From when to when the facts go, seen from the clock. Raises `NoFacts`, `NothingHappenedYet`."""
    clock = (at - EPOCH) // timedelta(microseconds=1)
    tables = {"orders": facts.placed, "order_lines": facts.lines, "events": facts.events, "feedback": facts.feedback}
    firsts, lasts, later = [], [], {}
    for spec in FACTS:
        assert spec.at is not None
        micros = epoch_micros(tables[spec.name][spec.at])
        row = only_row(
            tables[spec.name].aggregate(
                first=micros.min(),
                last=micros.max(where=micros <= clock),
                newest=micros.max(),
                later=(micros > clock).sum(),
            )
        )
        firsts += [row["first"]] if row["first"] is not None else []
        lasts += [row["last"]] if row["last"] is not None else []
        if row["later"]:
            later[spec.name] = int(row["later"]), int(row["newest"])
    if not firsts:
        raise NoFacts()
    told = _later(tables, later) if later else None
    if not lasts:
        assert told is not None
        raise NothingHappenedYet(newest=told.newest.isoformat(), rows=told.rows)
    return Span(_instant(min(firsts)), _instant(max(lasts)), told)


def _later(tables: Mapping[str, ir.Table], later: Mapping[str, tuple[int, int]]) -> Later:
    """The rows dated after the clock, with the newest of them (of several, the first by its key) as the example."""
    name = max(later, key=lambda one: later[one][1])
    spec = next(spec for spec in FACTS if spec.name == name)
    assert spec.at is not None
    newest = tables[name].filter(epoch_micros(tables[name][spec.at]) == later[name][1])
    row = newest.select(*spec.key).order_by(*spec.key).limit(1).to_pyarrow().to_pylist()[0]
    key = " ".join(str(row[part]) for part in spec.key if row[part] is not None)
    counts = {one: rows for one, (rows, _) in later.items()}
    at = _instant(later[name][1])
    return Later(counts, at, name, key, at)


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(micros))


def everyone(facts: Snapshot, as_of: AsOf) -> ir.Table:
    """`customer_id` of every customer known at `as_of`.

    A customer is known from the earliest of registration, first fact of any kind and first dated record on, so that
    nobody is a prospect before there was anything to know of them. Of whom no source says any date is known always.
    """
    dated = [
        (facts.records, "registered_at"),
        (facts.records, "updated_at"),
        (facts.placed, "ordered_at"),
        (facts.events, "occurred_at"),
        (facts.feedback, "given_at"),
    ]
    # The type says which column may be empty, and a union wants the same type on both sides.
    named = [
        table.filter(table.customer_id.notnull()).select(
            customer_id=table.customer_id.cast("string"), at=epoch_micros(table[at]).cast("int64")
        )
        for table, at in dated
    ]
    seen = reduce(lambda left, right: left.union(right), named)
    known = seen.group_by("customer_id").aggregate(since=seen["at"].min())
    return known.filter(known.since.isnull() | as_of.is_known(known.since)).select("customer_id")


def counted_facts(facts: Snapshot, known: KnownFacts) -> dict[str, ir.Table]:
    """What conditions may count in, of those tables that have rows: `customer_id`, `at` (microseconds) and the rest.

    Orders are the sold ones, valued: `net` is what each is worth.
    """
    tables = {
        "orders": known.orders.filter(known.orders.sold),
        "events": facts.events.mutate(at=epoch_micros(facts.events.occurred_at)),
        "feedback": facts.feedback.mutate(at=epoch_micros(facts.feedback.given_at)),
    }
    return {name: table for name, table in tables.items() if facts.rows[name]}
