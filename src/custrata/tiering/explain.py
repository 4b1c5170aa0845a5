"""Why a customer is in a tier: the inputs, the lines, what is missing to the next tier, and what keeps this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from custrata.analytics.ladders import Ladder, LadderStep
from custrata.analytics.moments import AsOf
from custrata.analytics.traits import CATALOGUE
from custrata.tiering.definitions import Definition, define
from custrata.tiering.kinds import scheme_of
from custrata.tiering.life import Life, Outlook, outlook
from custrata.tiering.rungs import life_on_ladder
from custrata.tiering.schemes import built_in

Row = Mapping[str, Any]
SchemeRecord = Mapping[str, Any]
# What is told of a customer whatever the scheme.
ALWAYS = ("orders_all", "first_order_on")


@dataclass(frozen=True)
class Explanation:
    """One customer's tier in one scheme, in plain facts and in sentences.

    `inputs` are (trait, value) pairs; `points` a score's parts; `next_tier` the tier above and `missing` what it
    takes, in the unit of the scheme; `outlook` what keeps the tier, where it has a life, and `status` and `until` that
    life's state. `sentences` say all of it, for staff; `short` says what a customer may be told, and nothing where the
    scheme is none of their business.
    """

    scheme: str
    tier: str
    since: datetime | None
    value: Any
    inputs: tuple[tuple[str, Any], ...]
    points: Mapping[str, Decimal]
    next_tier: str | None
    missing: int | Decimal | None
    sentences: tuple[str, ...]
    short: tuple[str, ...] = ()
    status: str | None = None
    until: datetime | None = None
    outlook: Outlook | None = None


class Decision:
    """One customer's tier as a run published it, with what the run recorded of the scheme."""

    def __init__(self, key: str, row: Row, record: SchemeRecord, as_of: AsOf | None = None) -> None:
        self.key, self.row, self.record, self.as_of = key, row, record, as_of

    @cached_property
    def definition(self) -> Definition:
        """The definition the run graded by; older runs that recorded none graded by the built-in ones."""
        data = self.record.get("definition")
        return define(data) if data else built_in()[self.key]

    @property
    def kind(self) -> str:
        """The kind of scheme."""
        return str(self.record.get("kind") or self.definition.kind)

    @property
    def unit(self) -> str:
        """The unit of the scheme's value."""
        return str(self.record.get("unit") or scheme_of(self.definition).unit)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The traits that an explanation shows."""
        return tuple(self.record.get("inputs") or scheme_of(self.definition).inputs)

    @property
    def as_shipped(self) -> bool:
        """Whether the run graded by the unchanged built-in scheme, which has sentences of its own."""
        return self.key in built_in() and self.record.get("version", 1) == 1

    def of(self, part: str) -> Any:
        """A column of the scheme in the customer's row: `tier`, `value`, `since`, …"""
        return self.row.get(f"{self.key}_{part}")

    @cached_property
    def points(self) -> dict[str, Decimal]:
        """The parts a score or a sum of points is made of; those that are empty are left out."""
        if self.kind == "score":
            names = list(self.definition.settings["factors"])
        elif self.kind == "points":
            names = [f"rule{number}" for number in self.record["facts"]["asked"]]
        else:
            return {}
        parts = ((name, self.of(name)) for name in names)
        return {name: Decimal(part) for name, part in parts if part is not None and (self.kind == "score" or part)}

    @cached_property
    def ladder(self) -> Ladder | None:
        """The lines that the run graded by."""
        recorded = self.record.get("ladder")
        if not recorded:
            return None
        steps = tuple(LadderStep(step["tier"], Decimal(step["line"])) for step in recorded["steps"])
        return Ladder(steps, recorded["lowest"], recorded["less_is_better"])

    @cached_property
    def life(self) -> Life | None:
        """The life of the tiers on that ladder; none where they follow their value."""
        if not self.record.get("lives") or self.ladder is None or not self.ladder.steps:
            return None
        return life_on_ladder(self.definition, self.ladder)

    @cached_property
    def outlook(self) -> Outlook | None:
        """What keeps the tier; none without a life, or where nobody says as of when."""
        if self.life is None or self.as_of is None or self.of("tier") not in self.life.tiers:
            return None
        status, first = self.of("status") or "kept", self.row.get("first_order_on")
        return outlook(
            self.life, self.of("tier"), self.of("value"), self.of("until"), self.as_of, status=status,
            since=self.of("own_since") or self.of("since"), member_since=first,
        )  # fmt: skip

    @cached_property
    def next_step(self) -> tuple[str | None, int | Decimal | None]:
        """The tier above on the ladder the run recorded, and how far away its line is."""
        above, value = self.ladder.next_step(self.of("tier")) if self.ladder else None, self._reached
        if above is None or value is None:
            return (above.tier if above else None), None
        missing = abs(above.line - Decimal(value))
        whole = isinstance(value, int) and missing == missing.to_integral_value()
        return above.tier, int(missing) if whole else missing

    @property
    def _reached(self) -> Any:
        """How far the customer has come: the value, or nought of what counts from nought for everybody."""
        value, settings = self.of("value"), self.definition.settings
        trait = None if settings.get("among") else CATALOGUE.get(str(settings.get("trait")))
        return 0 if value is None and trait is not None and trait.zero else value


def explained_by(key: str, record: SchemeRecord, columns: Iterable[str]) -> list[str]:
    """Which of a profile's columns an explanation of a scheme reads: those it grades by, and its own.

    >>> decided = {"definition": built_in()["value"].data()}
    >>> explained_by("value", decided, ["customer_id", "spend", "orders", "value_tier", "value_before"])
    ['spend', 'orders', 'value_tier', 'value_before']
    """
    decision = Decision(key, {}, record)
    read = {*ALWAYS, *decision.inputs, *scheme_of(decision.definition).reads}
    return [name for name in columns if name in read or name.startswith(f"{key}_")]
