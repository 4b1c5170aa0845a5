"""Conditions as expressions over the profile of all customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from custrata.criteria.columns import (
    BETWEEN_TAGS,
    TAGS,
    line_column,
    measure_column,
    since_column,
    tier_column,
)
from custrata.criteria.language import Criteria
from custrata.criteria.moment import Moment
from custrata.criteria.nodes import (
    AllOf,
    AnyOf,
    FactsLeaf,
    Leaf,
    Measure,
    Node,
    NotOf,
    TagLeaf,
    TierLeaf,
    TraitLeaf,
    leaves,
)
from custrata.criteria.passing import every, has_tag, null_if_blank, passes, some
from custrata.engine.functions import Number, epoch_micros, only_row, values_at_share
from custrata.schema.zones import micros_of

Keep = Callable[[ir.Table], ir.Table]
Line = Number | float | None

OWNER = "_owner"


def unmaterialized(table: ir.Table) -> ir.Table:
    """Leave an expression as it is."""
    return table


@dataclass(frozen=True)
class Scope:
    """What conditions are evaluated on: the profile of all customers, their facts, and the instant.

    `profile` has one row per customer: `customer_id`, a column per trait, and as far as there are any `tags` (names
    joined by ", "), `<scheme>_tier` and `<scheme>_since` (an instant). `as_of` is an aware datetime, `zone` the IANA
    name of the zone whose days count.

    `facts` holds tables by name (orders, order_lines, events, feedback), each with `customer_id` and `at`
    (microseconds since 1970 UTC, int64) beside any columns that conditions name. Every row given counts, so orders are
    to be valued and filtered before (`net` of those that count, say). Facts at or after `as_of` are ignored.

    `keep` computes an intermediate table once, such as `Engine.materialize`.

    >>> import ibis
    >>> from datetime import UTC, datetime
    >>> from custrata.criteria import parse
    >>> people = ibis.memtable({"customer_id": ["a", "b"], "orders": [3, 1]})
    >>> scope = Scope(people, datetime(2025, 1, 31, tzinfo=UTC), "UTC")
    >>> table, (often,) = scope.apply([parse({"trait": "orders", "is": ">=", "value": 2})])
    >>> table.filter(often).customer_id.to_pyarrow().to_pylist()
    ['a']
    """

    profile: ir.Table
    as_of: datetime
    zone: str
    facts: Mapping[str, ir.Table] = field(default_factory=dict)
    keep: Keep = unmaterialized

    def apply(self, criteria: Sequence[Criteria]) -> tuple[ir.Table, list[ir.BooleanValue]]:
        """The profile with the helper columns that the conditions need, and each condition over that table.

        Helper columns begin with `_`: what is measured of facts (one aggregate per table of facts, joined from the
        left), and the lines of shares of the population (one count and one aggregate, computed here). Conditions are
        true or false, never empty.

        Raises `UnknownTrait`, `UngradedScheme`, `UnknownFacts`, `UnknownColumn`, `WrongOperator`, `NotSummable`,
        `BadValue`.
        """
        self._check(criteria)
        moment = Moment(self.as_of, self.zone)
        all_leaves = [leaf for condition in criteria for _, leaf in leaves(condition.root)]
        lines = _lines(self.profile, all_leaves)
        table = self._measured(all_leaves, moment)
        if lines:
            table = table.mutate(**{name: ibis.literal(line, kind) for name, (line, kind) in lines.items()})
        writer = _Conditions(table, moment, {name: line for name, (line, _) in lines.items()})
        return table, [writer.condition(condition.root) for condition in criteria]

    def count(self, criteria: Sequence[Criteria]) -> list[int]:
        """Of how many customers each condition holds, computed here. Raises what `apply` raises.

        Only what the conditions ask for is read, so this is quick on a wide profile.
        """
        self._check(criteria)
        columns_read = frozenset[str]().union(*(condition.columns for condition in criteria))
        columns = columns_read & frozenset(self.profile.columns)
        narrow = _narrow(self.profile, ["customer_id", *sorted(columns - {"customer_id"})])
        table, conditions = replace(self, profile=narrow).apply(criteria)
        if len(conditions) == 1:  # engines skip more of a file by a filter than by a count of some rows
            rows = table.filter(conditions[0])
            return [int(only_row(rows.aggregate(found=rows.count()))["found"])]
        counts = {f"found_{number}": table.count(where=holds) for number, holds in enumerate(conditions)}
        return [int(count) for count in only_row(table.aggregate(**counts)).values()] if counts else []

    def _check(self, criteria: Sequence[Criteria]) -> None:
        types = {name: table.schema() for name, table in self.facts.items()}
        for condition in criteria:
            condition.check(self.profile.schema(), types)

    def _measured(self, all_leaves: Iterable[Leaf], moment: Moment) -> ir.Table:
        """The profile with a column per measure; nought for a customer without such facts."""
        measures = dict.fromkeys(leaf.measure for leaf in all_leaves if isinstance(leaf, FactsLeaf))
        table = self.profile
        for name in dict.fromkeys(measure.facts for measure in measures):
            measures_of_table = [measure for measure in measures if measure.facts == name]
            sums = self.keep(_sums(self.facts[name], measures_of_table, moment))
            columns = [measure_column(measure) for measure in measures_of_table]
            joined = table.left_join(sums, table["customer_id"] == sums[OWNER]).drop(OWNER)
            table = joined.mutate(
                **{column: joined[column].fill_null(ibis.literal(0, sums[column].type())) for column in columns}
            )
        return table


def _narrow(table: ir.Table, columns: Sequence[str]) -> ir.Table:
    """The table, known to have these columns alone."""
    op = table.op()
    if isinstance(op, ops.DatabaseTable):  # Ibis walks all fields of a table again and again: let it know of few
        return cast(ir.Table, op.copy(schema=ibis.schema({name: op.schema[name] for name in columns})).to_expr())
    return table.select(columns)


def _sums(facts: ir.Table, measures: Sequence[Measure], moment: Moment) -> ir.Table:
    """One row per customer with such facts: the customer as `_owner`, and a column per measure."""
    counted = [_counted(facts, measure, moment) for measure in measures]
    marks = {f"_{number}": counts for number, counts in enumerate(counted)}
    marked = facts.mutate(**marks) if len(counted) > 1 else facts
    rows = marked.filter(marked["customer_id"].notnull(), marked["at"] < moment.micros, _any_of(marked, counted))
    sums = {
        measure_column(measure): _measure(rows, measure, rows[f"_{number}"] if len(counted) > 1 else None)
        for number, measure in enumerate(measures)
    }
    return rows.group_by(**{OWNER: rows["customer_id"]}).aggregate(**sums)


def _any_of(marked: ir.Table, counted: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    if len(counted) == 1:
        return counted[0]
    return cast(ir.BooleanValue, reduce(or_, [marked[f"_{number}"] for number in range(len(counted))]))


def _counted(facts: ir.Table, measure: Measure, moment: Moment) -> ir.BooleanValue:
    """Whether a fact before `as_of` belongs to a measure."""
    tests = [passes(facts[where.column], where.test, moment) for where in measure.where]
    if measure.window is not None:
        tests.append(facts["at"] >= micros_of(moment.start(measure.window)))
    return every(tests, facts["at"].notnull())


def _measure(rows: ir.Table, measure: Measure, where: ir.BooleanValue | None) -> ir.Value:
    if measure.column is None:
        return cast(ir.Value, rows.count(where=where).cast("int64"))
    value = rows[measure.column]
    kind = dt.Decimal(38, value.type().scale) if value.type().is_decimal() else dt.int64
    total = value.sum(where=where).cast(kind)
    return cast(ir.Value, total.fill_null(ibis.literal(0, kind)))


def _lines(profile: ir.Table, all_leaves: Iterable[Leaf]) -> dict[str, tuple[Line, dt.DataType]]:
    """The lines of all shares asked for: by helper column the line, and the type of the trait."""
    by_column = {line_column(leaf): leaf for leaf in all_leaves if isinstance(leaf, TraitLeaf)}
    share_leaves = {name: leaf for name, leaf in by_column.items() if name is not None}
    if not share_leaves:
        return {}
    values = {name: null_if_blank(profile[leaf.trait]) for name, leaf in share_leaves.items()}
    worth = profile.select(**{name: _sort_value(value, share_leaves[name]) for name, value in values.items()})
    lines = values_at_share(worth, {name: (name, Decimal(leaf.test.share or 0)) for name, leaf in share_leaves.items()})
    turned = {
        name: -line if _is_descending(share_leaves[name]) else line for name, line in lines.items() if line is not None
    }
    return {name: (turned.get(name), values[name].type()) for name in share_leaves}


def _sort_value(value: ir.Value, leaf: TraitLeaf) -> ir.Value:
    """The value such that the best are the smallest, for ranks are counted from below."""
    if value.type().is_integer():
        value = value.cast("int64")
    return -value if _is_descending(leaf) else value


def _is_descending(leaf: TraitLeaf) -> bool:
    return leaf.test.operator == "top"


@dataclass(frozen=True)
class _Conditions:
    """Builds conditions over one prepared table."""

    table: ir.Table
    moment: Moment
    lines: Mapping[str, Line]

    def condition(self, node: Node) -> ir.BooleanValue:
        match node:
            case AllOf(parts):
                return every([self.condition(part) for part in parts], ~self._nobody())
            case AnyOf(parts):
                return some([self.condition(part) for part in parts], self._nobody())
            case NotOf(part):
                return ~self.condition(part)
            case TraitLeaf(trait, test):
                line = self.lines.get(line_column(node) or "")
                return passes(self.table[trait], test, self.moment, line)
            case TagLeaf(tag):
                return has_tag(self.table[TAGS], tag, BETWEEN_TAGS) if TAGS in self.table.columns else self._nobody()
            case TierLeaf():
                return self._tiered(node)
            case FactsLeaf(measure, test):
                return passes(self.table[measure_column(measure)], test, self.moment)

    def _tiered(self, leaf: TierLeaf) -> ir.BooleanValue:
        tier, since = self.table[tier_column(leaf.scheme)], since_column(leaf.scheme)
        inside = tier.isin(leaf.tiers) & tier.notnull()
        if leaf.for_days is None:
            return cast(ir.BooleanValue, inside)
        if since not in self.table.columns:
            return self._nobody()
        at = epoch_micros(self.table[since])
        return cast(ir.BooleanValue, inside & (at <= micros_of(self.moment.start(leaf.for_days))) & at.notnull())

    def _nobody(self) -> ir.BooleanValue:
        """False for every row, as a column."""
        customer = self.table["customer_id"]
        return cast(ir.BooleanValue, customer.isnull() & customer.notnull())
