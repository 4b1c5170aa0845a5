"""The tree of a condition, each node able to write itself as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Json = dict[str, object]


@dataclass(frozen=True)
class Test:
    """An operator with what it takes. `truth` stands apart from `value`, for to Python 1 is True."""

    operator: str
    value: str | int | None = None
    values: tuple[str | int, ...] = ()
    truth: bool | None = None
    days: int | None = None
    share: str | None = None

    def to_json(self) -> Json:
        """The keys of the leaf that belong to the test."""
        data: Json = {"is": self.operator}
        if self.values:
            data["value"] = list(self.values)
        for key, part in (("value", self.truth), ("value", self.value), ("days", self.days), ("share", self.share)):
            if part is not None:
                data[key] = part
        return data


@dataclass(frozen=True)
class TraitLeaf:
    """A column of the profile passes a test."""

    trait: str
    test: Test

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"trait": self.trait, **self.test.to_json()}


@dataclass(frozen=True)
class TagLeaf:
    """The customer bears a tag."""

    tag: str

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"tag": self.tag}


@dataclass(frozen=True)
class TierLeaf:
    """The customer is in one of these tiers of a scheme, since at least `for_days` days where that is given."""

    scheme: str
    tiers: tuple[str, ...]
    for_days: int | None = None

    def to_json(self) -> Json:
        """As `parse` reads it."""
        data: Json = {"scheme": self.scheme, "tier": list(self.tiers)}
        return data if self.for_days is None else {**data, "for_days": self.for_days}


@dataclass(frozen=True)
class Where:
    """A column of a fact passes a test."""

    column: str
    test: Test

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"column": self.column, **self.test.to_json()}


@dataclass(frozen=True)
class Measure:
    """What is counted of a customer's facts, or which column summed, over the last `window` days or all of time."""

    facts: str
    column: str | None = None
    window: int | None = None
    where: tuple[Where, ...] = ()

    def to_json(self) -> Json:
        """The keys of the leaf that belong to the measure."""
        data: Json = {"facts": self.facts, **({"sum": self.column} if self.column is not None else {"count": True})}
        if self.window is not None:
            data["window"] = self.window
        return {**data, "where": [where.to_json() for where in self.where]} if self.where else data


@dataclass(frozen=True)
class FactsLeaf:
    """A measure of the customer's facts passes a test."""

    measure: Measure
    test: Test

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {**self.measure.to_json(), **self.test.to_json()}


@dataclass(frozen=True)
class AllOf:
    """Every part holds; without parts it holds for everybody."""

    parts: tuple[Node, ...]

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"all": [part.to_json() for part in self.parts]}


@dataclass(frozen=True)
class AnyOf:
    """One part holds at least; without parts it holds for nobody."""

    parts: tuple[Node, ...]

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"any": [part.to_json() for part in self.parts]}


@dataclass(frozen=True)
class NotOf:
    """The part does not hold."""

    part: Node

    def to_json(self) -> Json:
        """As `parse` reads it."""
        return {"not": self.part.to_json()}


Leaf = TraitLeaf | TagLeaf | TierLeaf | FactsLeaf
Node = AllOf | AnyOf | NotOf | Leaf


def leaves(node: Node, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf with its path, in order.

    >>> [path for path, _ in leaves(AllOf((TagLeaf("vip"), NotOf(TagLeaf("staff")))))]
    ['all[0]', 'all[1].not']
    """
    match node:
        case AllOf(parts) | AnyOf(parts):
            name = "all" if isinstance(node, AllOf) else "any"
            for number, part in enumerate(parts):
                yield from leaves(part, below(path, f"{name}[{number}]"))
        case NotOf(part):
            yield from leaves(part, below(path, "not"))
        case _:
            yield path, node


def below(path: str, step: str) -> str:
    """The path one step further down."""
    return f"{path}.{step}" if path else step
