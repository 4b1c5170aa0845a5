"""A condition: parsed, checked, serialized, described, and evaluated for one customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Unpack

import ibis.expr.datatypes as dt

from custrata.criteria.checking import check
from custrata.criteria.columns import profile_columns
from custrata.criteria.moment import Moment
from custrata.criteria.nodes import FactsLeaf, Json, Node, TagLeaf, TierLeaf, TraitLeaf, leaves
from custrata.criteria.parsing import Parser
from custrata.criteria.rows import actual, holds
from custrata.criteria.sentences import Names, SentenceWriter
from custrata.wording.writer import Writer

Columns = Mapping[str, str | dt.DataType]


@dataclass(frozen=True)
class Needs:
    """What a condition reads: traits, tags, schemes, and tables of facts, each by name."""

    traits: frozenset[str]
    tags: frozenset[str]
    schemes: frozenset[str]
    facts: frozenset[str]


class Block(NamedTuple):
    """One leaf of a condition, of one customer: the leaf in words, whether it holds, and what the customer has."""

    sentence: str
    holds: bool
    actual: Any


@dataclass(frozen=True)
class Criteria:
    """A condition on customers, as a frozen tree; two that say the same in the same words are equal.

    >>> regulars = parse({"all": [{"trait": "orders", "is": ">=", "value": 3}, {"not": {"tag": "staff"}}]})
    >>> regulars.to_json()
    {'all': [{'trait': 'orders', 'is': '>=', 'value': 3}, {'not': {'tag': 'staff'}}]}
    >>> regulars.sentence(Writer("en", "CNY", "Asia/Shanghai"))
    'orders ≥ 3 and not (tagged “staff”)'
    """

    root: Node

    def to_json(self) -> Json:
        """The condition as `parse` reads it, of plain values that JSON and YAML know."""
        return self.root.to_json()

    @cached_property
    def needs(self) -> Needs:
        """What it reads."""
        all_leaves = [leaf for _, leaf in leaves(self.root)]
        return Needs(
            frozenset(leaf.trait for leaf in all_leaves if isinstance(leaf, TraitLeaf)),
            frozenset(leaf.tag for leaf in all_leaves if isinstance(leaf, TagLeaf)),
            frozenset(leaf.scheme for leaf in all_leaves if isinstance(leaf, TierLeaf)),
            frozenset(leaf.measure.facts for leaf in all_leaves if isinstance(leaf, FactsLeaf)),
        )

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of the profile it reads; `tags` and `<scheme>_since` may be missing there."""
        return frozenset().union(*(profile_columns(leaf) for _, leaf in leaves(self.root)))

    def check(self, columns: Columns, facts: Mapping[str, Columns] | None = None) -> None:
        """Refuse what does not fit: `columns` are those of the profile with their Ibis types.

        With `facts`, the columns of each table of facts, conditions on these are checked too.

        Raises `UnknownTrait`, `UngradedScheme`, `UnknownFacts`, `UnknownColumn`, `WrongOperator`, `NotSummable`,
        `BadValue`, each with the place in the condition.
        """
        tables = None if facts is None else {name: _typed(table) for name, table in facts.items()}
        check(self.root, _typed(columns), tables)

    def sentence(self, writer: Writer, **names: Unpack[Names]) -> str:
        """The condition in the writer's language; without `names`, traits, tags, schemes and tiers go by their keys."""
        return SentenceWriter(writer, names).sentence(self.root)

    def holds(self, row: Mapping[str, Any], *, as_of: datetime, zone: str) -> bool:
        """Whether it holds for one row of a table that `Scope.apply` prepared for it."""
        return holds(self.root, row, Moment(as_of, zone))

    def blocks(
        self, row: Mapping[str, Any], writer: Writer, *, as_of: datetime, zone: str, **names: Unpack[Names]
    ) -> list[Block]:
        """Every leaf with its sentence, whether it holds for one row of a table that `Scope.apply` prepared, and what
        the row has there. A leaf below a `not` is told as it stands, without the `not`.
        """
        moment, teller = Moment(as_of, zone), SentenceWriter(writer, names)
        all_leaves = [leaf for _, leaf in leaves(self.root)]
        return [Block(teller.sentence(leaf), holds(leaf, row, moment), actual(leaf, row)) for leaf in all_leaves]


def parse(data: object) -> Criteria:
    """Read a condition from JSON or YAML, loaded into dictionaries, lists and plain values.

    A float is taken for the number it was written as; a date of YAML for its day.

    Raises `UnknownNode`, `UnknownPart`, `MissingPart`, `UnknownOperator`, `UnknownFacts`, `BadValue` (and the kinds of
    it: `NotANumber`, `NotADay` …) and `TooLarge`, each with the place in the condition.

    >>> parse({"all": [{"tag": "vip"}, {"trait": "city", "is": "contains", "value": ""}]})
    Traceback (most recent call last):
        ...
    custrata.criteria.values.NotAText: all[1].value: “” is not a text of 1 to 1,000 characters.
    """
    return Criteria(Parser().node(data))


def _typed(columns: Columns) -> dict[str, dt.DataType]:
    return {name: dt.dtype(kind) for name, kind in columns.items()}
