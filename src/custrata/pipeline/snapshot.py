"""The facts of a run: tables of the lake and customers known at its instant."""

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
        "Every fact is dated in the future ({rows} rows, the newest {newest}). Correct their dates and import them "
        "again."
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
    """Rows dated in the future: counts by table, the newest instant, and the key of one row as an example."""

    tables: dict[str, int]
    newest: datetime
    table: str
    key: str
    at: datetime

    @property
    def rows(self) -> int:
        """The number of rows in all tables."""
        return sum(self.tables.values())


@dataclass(frozen=True)
class Span:
    """The time span of the facts: the oldest, the newest that is not in the future, and the rows in the future."""

    first: datetime
    last: datetime
    later: Later | None

    def default_as_of(self, zone: str) -> AsOf:
        """The start of the day after the newest fact that is not in the future, in a zone."""
        last = self.last.astimezone(zone_named(zone)).date()
        return AsOf(start_of_day(last + timedelta(days=1), zone), zone)


def span_of_facts(facts: Snapshot, at: datetime) -> Span:
    """The time span of the facts, given the current time. Raises `NoFacts`, `NothingHappenedYet`."""
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
    later_rows = _later(tables, later) if later else None
    if not lasts:
        assert later_rows is not None
        raise NothingHappenedYet(newest=later_rows.newest.isoformat(), rows=later_rows.rows)
    return Span(_instant(min(firsts)), _instant(max(lasts)), later_rows)


def _later(tables: Mapping[str, ir.Table], later: Mapping[str, tuple[int, int]]) -> Later:
    """The rows dated in the future, with the newest of them (of several, the first by key) as the example."""
    name = max(later, key=lambda table: later[table][1])
    spec = next(spec for spec in FACTS if spec.name == name)
    assert spec.at is not None
    newest = tables[name].filter(epoch_micros(tables[name][spec.at]) == later[name][1])
    row = newest.select(*spec.key).order_by(*spec.key).limit(1).to_pyarrow().to_pylist()[0]
    key = " ".join(str(row[part]) for part in spec.key if row[part] is not None)
    counts = {table: rows for table, (rows, _) in later.items()}
    at = _instant(later[name][1])
    return Later(counts, at, name, key, at)


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(micros))


def known_customers(facts: Snapshot, as_of: AsOf) -> ir.Table:
    """`customer_id` of every customer known at `as_of`.

    A customer is known from the earliest of registration, first fact of any kind and first dated record on, so that
    nobody is a prospect before the first data on them. A customer without any date is always known.
    """
    dated = [
        (facts.records, "registered_at"),
        (facts.records, "updated_at"),
        (facts.placed, "ordered_at"),
        (facts.events, "occurred_at"),
        (facts.feedback, "given_at"),
    ]
    # The type includes nullability, and a union requires equal types.
    named = [
        table.filter(table.customer_id.notnull()).select(
            customer_id=table.customer_id.cast("string"), at=epoch_micros(table[at]).cast("int64")
        )
        for table, at in dated
    ]
    mentions = reduce(lambda left, right: left.union(right), named)
    first_seen = mentions.group_by("customer_id").aggregate(since=mentions["at"].min())
    return first_seen.filter(first_seen.since.isnull() | as_of.is_known(first_seen.since)).select("customer_id")


def counted_facts(facts: Snapshot, order_facts: KnownFacts) -> dict[str, ir.Table]:
    """The non-empty tables that conditions may count in: `customer_id`, `at` (microseconds) and further columns.

    Orders are the sold ones, with their value in `net`.
    """
    tables = {
        "orders": order_facts.orders.filter(order_facts.orders.sold),
        "events": facts.events.mutate(at=epoch_micros(facts.events.occurred_at)),
        "feedback": facts.feedback.mutate(at=epoch_micros(facts.feedback.given_at)),
    }
    return {name: table for name, table in tables.items() if facts.rows[name]}
