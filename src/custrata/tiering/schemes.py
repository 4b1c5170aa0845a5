"""Schemes ready to grade: made from definitions, and put into the order in which one reads the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import ibis.expr.types as ir

from custrata.analytics.counted import unmaterialized
from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import SilenceCurve
from custrata.errors import Refused
from custrata.tiering.definitions import Definition, define
from custrata.tiering.loading import load_plain

Keep = Callable[[ir.Table], ir.Table]


class SchemesInCircle(Refused):
    template = "The schemes {circle} depend on each other in a circle. Change one of them."


class ReadsUnknownScheme(Refused):
    template = "The scheme {scheme} reads the scheme {needed}, which does not exist. Publish that scheme first."


@dataclass(frozen=True)
class GradingContext:
    """What a scheme needs besides the profile.

    `curve` is the silence curve; `period` the length of a loyalty period in days; `as_of` the instant; `facts` the
    tables conditions may count in, as `custrata.criteria.Scope` wants them, only those with rows; `learned` what was
    learned for each scheme's version (a silence curve, a model as JSON, nothing where there was too little to learn
    from) - a scheme that is not in it learns from the profile at hand; `keep` computes a table once; `uncovered` are
    traits whose earlier window begins before the workspace's first fact.
    """

    curve: SilenceCurve
    period: int
    as_of: AsOf
    facts: Mapping[str, ir.Table] = field(default_factory=dict)
    learned: Mapping[str, Any] = field(default_factory=dict)
    keep: Keep = unmaterialized
    uncovered: tuple[str, ...] = ()

    def curve_of(self, key: str) -> SilenceCurve:
        """The silence curve that a scheme grades by."""
        curve: SilenceCurve = self.learned.get(key) or self.curve
        return curve


@dataclass(frozen=True)
class Scheme:
    """A ladder of tiers: its definition and version, the unit of its value, and how it grades a profile.

    `inputs` are the traits an explanation shows, `reads` all columns of the profile it is graded from; those of
    another scheme are called `<key>_tier`, `<key>_value`, `<key>_since`. `optional` are columns it reads where they
    are there, and does without where they are not.
    """

    definition: Definition
    version: int
    unit: str
    inputs: tuple[str, ...]
    reads: tuple[str, ...]
    grade: Callable[[ir.Table, GradingContext], Grading]
    optional: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What files and columns call it."""
        return self.definition.key

    @property
    def kind(self) -> str:
        """The kind of scheme it is."""
        return self.definition.kind

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers from the best down; empty where they come out of the data."""
        return tuple(tier.key for tier in self.definition.tiers)

    @property
    def columns_read(self) -> tuple[str, ...]:
        """Every column it reads where it is there."""
        return (*self.reads, *self.optional)

    def needs(self, keys: Collection[str], *, optional: bool = True) -> tuple[str, ...]:
        """Which of the schemes of these keys it reads; without the `optional` ones, which it cannot do without."""
        columns = self.columns_read if optional else self.reads
        return tuple(key for key in keys if any(column in columns for column in columns_of(key)))


def columns_of(key: str) -> tuple[str, str, str]:
    """The columns of a scheme that another may read."""
    return f"{key}_tier", f"{key}_value", f"{key}_since"


@lru_cache(maxsize=1)
def built_in() -> Mapping[str, Definition]:
    """The definitions every workspace begins with."""
    text = resources.files(__package__).joinpath("builtin.yaml").read_text("utf-8")
    return {definition.key: definition for definition in map(define, load_plain(text)["schemes"])}


def dependency_order(schemes: Iterable[Scheme]) -> list[Scheme]:
    """The schemes so that each comes after those it reads, otherwise as they stood.

    Raises `SchemesInCircle`.
    """
    by_key = {scheme.key: scheme for scheme in schemes}
    done: dict[str, Scheme] = {}

    def visit(key: str, above: tuple[str, ...]) -> None:
        if key in above:
            raise SchemesInCircle(circle=" → ".join((*above[above.index(key) :], key)))
        if key not in done:
            for needed in by_key[key].needs(by_key):
                visit(needed, (*above, key))
            done[key] = by_key[key]

    for key in by_key:
        visit(key, ())
    return list(done.values())
