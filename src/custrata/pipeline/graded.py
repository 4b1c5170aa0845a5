"""The record of a run, typed: `GradedRun`, its `GradedScheme`s, and their `GradedTier`s.

Runs of earlier versions recorded less, and traces of removed runs are shorter: what may be missing has a default here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from custrata.analytics.ladders import Ladder, LadderStep
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import SilenceCurve
from custrata.lake import Run

SchemeRecord = Mapping[str, Any]


@dataclass(frozen=True)
class GradedTier:
    """A tier at a run: its customers and their revenue."""

    key: str
    customers: int = 0
    revenue: Decimal = Decimal(0)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The tier of a recorded row."""
        return cls(row["tier"], int(row["customers"]), Decimal(row["revenue"]))


@dataclass(frozen=True)
class GradedMove:
    """Customers who moved from tier `source` to tier `target` since the run before, and their revenue."""

    source: str | None
    target: str | None
    customers: int
    revenue: Decimal


@dataclass(frozen=True)
class Learning:
    """The learning that a scheme was graded by: its number, the instants before which and at which, and why.

    `learned` is false where there were too few facts. Traces of removed runs have the number alone.
    """

    number: int | None
    before: datetime | None = None
    at: datetime | None = None
    why: str = ""
    learned: bool = True

    @classmethod
    def of(cls, heading: Mapping[str, Any] | None) -> Self | None:
        """The learning of a recorded heading; None without one."""
        if heading is None:
            return None
        before, at = _instant(heading.get("before")), _instant(heading.get("at"))
        return cls(heading.get("number"), before, at, heading.get("why", ""), bool(heading.get("learned", True)))


@dataclass(frozen=True)
class GradedScheme:
    """How a run graded by a scheme.

    `sizes` are the tiers with customers, by key. `record` is the recorded part, for the names and explanations of
    `custrata.tiering`.
    """

    key: str
    record: SchemeRecord
    sizes: Mapping[str, GradedTier]

    @property
    def waiting(self) -> bool:
        """Whether it waits for data: nobody was graded."""
        return bool(self.record["waiting"])

    @property
    def version(self) -> int:
        """The version; runs made before schemes had versions used the built-in ones, which are version 1."""
        version = self.record.get("version")
        return 1 if version is None else int(version)

    @property
    def kind(self) -> str:
        """The kind of scheme; empty in runs made before schemes had definitions."""
        return str(self.record.get("kind") or "")

    @property
    def unit(self) -> str:
        """The unit of its value; empty in runs of early versions."""
        return str(self.record.get("unit") or "")

    @property
    def lives(self) -> bool:
        """Whether its tiers have a life."""
        return bool(self.record.get("lives"))

    @property
    def definition(self) -> Mapping[str, Any]:
        """The definition as data; empty in runs made before schemes had definitions."""
        return self.record.get("definition") or {}

    @property
    def tier_keys(self) -> tuple[str, ...]:
        """The keys of its tiers, best first."""
        return tuple(self.record.get("tiers") or ())

    @property
    def tiers(self) -> tuple[GradedTier, ...]:
        """Its tiers, best first, those without customers included."""
        return tuple(self.sizes.get(key, GradedTier(key)) for key in self.tier_keys)

    @property
    def customers(self) -> int:
        """The customers of all tiers."""
        return sum(tier.customers for tier in self.sizes.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """The keys of the remarks on the grading."""
        return tuple(self.record.get("notes") or ())

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the method computed and decided by; its names are those of the method."""
        return self.record.get("facts") or {}

    @cached_property
    def ladder(self) -> Ladder | None:
        """The lines of its tiers; None without a ladder."""
        data = self.record.get("ladder")
        if not data:
            return None
        steps = tuple(LadderStep(step["tier"], Decimal(str(step["line"]))) for step in data["steps"])
        return Ladder(steps, data["lowest"], bool(data["less_is_better"]))

    @property
    def learning(self) -> Learning | None:
        """The learning it was graded by; None for schemes that do not learn."""
        return Learning.of(self.record.get("learning"))


@dataclass(frozen=True)
class Totals:
    """Numbers over all customers: how many, how many ordered in 90 days, orders, and spend."""

    customers: int
    active: int
    orders: int
    spend: Decimal
    spend_90d: Decimal
    spend_all: Decimal


@dataclass(frozen=True)
class Inputs:
    """The facts a run was made from: rows and table versions, their fingerprint, the definitions of the methods."""

    rows: Mapping[str, int]
    versions: Mapping[str, int]
    fingerprint: str
    definitions: int
    first_fact: datetime | None
    last_fact: datetime | None


@dataclass(frozen=True)
class LateFacts:
    """Facts that came in after the run before their instant: orders, and customers with such orders."""

    customers: int
    orders: int


@dataclass(frozen=True)
class LaterRows:
    """Rows dated after the run's facts, which are left out: how many by table, and one of them."""

    tables: Mapping[str, int]
    table: str
    key: str
    at: datetime
    newest: datetime


@dataclass(frozen=True)
class RecordedHistogram:
    """The distribution of a trait: `counts[i]` customers between `edges[i]` and `edges[i + 1]`, and the median."""

    edges: tuple[Decimal, ...]
    counts: tuple[int, ...]
    median: Decimal | None


@dataclass(frozen=True)
class ScoreCell:
    """The customers with one recency score and one frequency score, and their monetary value."""

    recency: int
    frequency: int
    customers: int
    monetary: Decimal


class GradedRun(Run):
    """A run with its record typed; `GradedRun.of(run)` makes one of any run."""

    @classmethod
    def of(cls, run: Run) -> GradedRun:
        """The run, typed; itself where it is already."""
        return run if isinstance(run, cls) else cls(run.id, run.as_of, run.folder, run.record)

    @cached_property
    def schemes(self) -> Mapping[str, GradedScheme]:
        """Every scheme by its key, in display order."""
        sizes = self.record.get("tiers") or {}
        return {
            key: GradedScheme(key, record, {row["tier"]: GradedTier.of(row) for row in sizes.get(key, ())})
            for key, record in self.record["schemes"].items()
        }

    def scheme(self, key: str) -> GradedScheme | None:
        """A scheme that customers were graded by; None if the run did not use it or it waits for data."""
        scheme = self.schemes.get(key)
        return None if scheme is None or scheme.waiting else scheme

    def brief(self, parts: Iterable[str], scheme_parts: Iterable[str]) -> dict[str, Any]:
        """These parts of its record, with the method of each scheme: a record of a few hundred bytes."""
        schemes = {
            key: {name: scheme.record.get(name) for name in scheme_parts}
            | {"learning": None if scheme.learning is None else {"number": scheme.learning.number}}
            for key, scheme in self.schemes.items()
        }
        saw = {"definitions": self.inputs.definitions}
        return {name: self.record.get(name) for name in parts} | {"schemes": schemes, "saw": saw}

    @property
    def created_at(self) -> datetime:
        """When the run was made."""
        return datetime.fromisoformat(self.record["at"])

    @property
    def zone(self) -> str:
        """The time zone of its days."""
        return str(self.record["zone"])

    @property
    def moment(self) -> AsOf:
        """Its instant in its zone."""
        return AsOf(self.as_of, self.zone)

    @property
    def before(self) -> str | None:
        """The id of the run it continued from; None for a first run."""
        return self.record.get("before")

    def follows(self, run: Run) -> bool:
        """Whether it recorded its moves since this run: it continued from it, or from none."""
        return self.before in (None, run.id)

    @property
    def version(self) -> str:
        """The version of the product that made it."""
        return str(self.record.get("version") or "")

    @property
    def engine(self) -> str:
        """The engine that made it."""
        return str(self.record.get("engine") or "")

    @property
    def totals(self) -> Totals:
        """The numbers over all customers."""
        head = self.record["headline"]
        spend = {name: Decimal(head.get(name) or 0) for name in ("spend", "spend_90d", "spend_all")}
        return Totals(int(head["customers"]), int(head["active"]), int(head.get("orders") or 0), **spend)

    @property
    def steps(self) -> Mapping[str, float]:
        """The seconds of each step."""
        return self.record["steps"]  # type: ignore[no-any-return]  # as recorded

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return float(sum(self.steps.values()))

    @property
    def inputs(self) -> Inputs:
        """The facts it was made from."""
        saw = self.record.get("saw") or {}
        first, last = _instant(saw.get("first_fact")), _instant(saw.get("last_fact"))
        parts = (saw.get("rows") or {}, saw.get("versions") or {}, str(saw.get("fingerprint") or ""))
        return Inputs(*parts, int(saw.get("definitions") or 1), first, last)

    def has_inputs(self, marks: Mapping[str, str]) -> bool:
        """Whether it was made from inputs with these fingerprints."""
        saw = self.record["saw"]
        return all(saw.get(name, "") == mark for name, mark in marks.items())

    @property
    def marks(self) -> Sequence[Mapping[str, Any]]:
        """Where a method changed since the run before, as `custrata.pipeline.marks` writes it."""
        return self.record.get("marks") or ()

    @property
    def late(self) -> LateFacts:
        """The facts that came in late."""
        late = self.record.get("late") or {}
        return LateFacts(int(late.get("customers", 0)), int(late.get("orders", 0)))

    @property
    def later(self) -> LaterRows | None:
        """Rows dated after its facts; None without any."""
        later = self.record.get("later")
        if later is None:
            return None
        at, newest = (datetime.fromisoformat(later[name]) for name in ("at", "newest"))
        return LaterRows(later["tables"], later["table"], str(later["key"]), at, newest)

    @property
    def corrected(self) -> Mapping[str, int]:
        """The customers with a corrected past tier, by scheme."""
        return self.record.get("corrected") or {}

    @property
    def handover(self) -> Mapping[str, Mapping[str, Any]]:
        """The definitions of the versions whose tiers it continued from, by scheme."""
        return self.record.get("handover") or {}

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The traits whose period the facts do not cover."""
        return tuple(self.record.get("uncovered") or ())

    @property
    def gap(self) -> int | None:
        """The median days between order days over all customers."""
        gap: int | None = (self.record.get("population") or {}).get("gap")
        return gap

    @property
    def period(self) -> Any:
        """The period over which the population was observed."""
        return self.record["population"]["period"]

    @property
    def curve(self) -> SilenceCurve:
        """The silence curve."""
        return SilenceCurve.from_record(self.record["curve"])

    def moves(self, key: str) -> tuple[GradedMove, ...]:
        """The moves in a scheme since the run before."""
        rows: Iterable[Mapping[str, Any]] = (self.record.get("moves") or {}).get(key, ())
        return tuple(
            GradedMove(row["source"], row["target"], row["customers"], Decimal(row["revenue"])) for row in rows
        )

    @property
    def score_cells(self) -> tuple[ScoreCell, ...]:
        """The RFM map."""
        rows = self.record["rfm_map"]
        return tuple(ScoreCell(row["r"], row["f"], row["customers"], Decimal(row["monetary"])) for row in rows)

    @property
    def score_labels(self) -> Mapping[str, GradedTier]:
        """The labels of the RFM map with their customers."""
        return {row["tier"]: GradedTier.of(row) for row in self.record["rfm_labels"]}

    @property
    def pareto(self) -> tuple[tuple[int, Decimal], ...]:
        """The best customers, and their spend together."""
        return tuple((row["customers"], Decimal(row["spend"])) for row in self.record["pareto"])

    @property
    def histograms(self) -> Mapping[str, RecordedHistogram]:
        """The distributions of traits, by trait."""
        return {name: _histogram(data) for name, data in self.record["histograms"].items()}


def _histogram(data: Mapping[str, Any]) -> RecordedHistogram:
    median = None if data["median"] is None else Decimal(str(data["median"]))
    return RecordedHistogram(tuple(Decimal(str(edge)) for edge in data["edges"]), tuple(data["counts"]), median)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
