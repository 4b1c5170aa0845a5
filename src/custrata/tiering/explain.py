"""Why a customer is in a tier: the inputs, the lines, and what is missing to the next tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from custrata.analytics.ladders import Ladder, Step
from custrata.tiering.names import scheme_name, tier_name, trait_name
from custrata.tiering.schemes import BUILT_IN, Scheme
from custrata.wording.writer import Writer

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Explanation:
    """One customer's tier in one scheme, in plain facts and in sentences.

    `inputs` are (trait, value) pairs; `points` a score's parts; `next_tier` the tier above and `missing` what it
    takes, in the unit of the scheme; `sentences` say all of it.
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


def explain(scheme_key: str, row: Row, decided: Row, writer: Writer) -> Explanation:
    """Explain one tier from the customer's row of the published profile and what the run recorded of the scheme.

    Nothing is decided a second time: tier, value and points are those the run published, lines and shares those it
    graded by.
    """
    scheme = BUILT_IN[scheme_key]
    points = _points(scheme, row)
    next_tier, missing = _next_step(scheme, row, decided)
    told = _Teller(scheme, row, decided, writer)
    return Explanation(
        scheme_key,
        row[f"{scheme_key}_tier"],
        row.get(f"{scheme_key}_since"),
        row[f"{scheme_key}_value"],
        tuple((name, row.get(name)) for name in scheme.inputs),
        points,
        next_tier,
        missing,
        tuple(told.sentences(points, next_tier, missing)),
    )


def _points(scheme: Scheme, row: Row) -> dict[str, Decimal]:
    weights = {
        "loyalty": ("regularity", "repeat", "tenure", "breadth", "advocacy"),
        "combined": ("loyalty", "spend", "credit"),
    }
    named = ((name, row.get(f"{scheme.key}_{name}")) for name in weights.get(scheme.key, ()))
    return {name: part for name, part in named if part is not None}


def _next_step(scheme: Scheme, row: Row, decided: Row) -> tuple[str | None, int | Decimal | None]:
    """The step above on the ladder the run recorded, and how far away its line is."""
    recorded = decided.get("ladder")
    if not recorded:
        return None, None
    steps = tuple(Step(step["tier"], Decimal(step["line"])) for step in recorded["steps"])
    above = Ladder(steps, recorded["lowest"], recorded["less_is_better"]).next_step(row[f"{scheme.key}_tier"])
    value = row[f"{scheme.key}_value"]
    if above is None or value is None:
        return (above.tier if above else None), None
    missing = abs(above.line - Decimal(value))
    return above.tier, int(missing) if isinstance(value, int) else missing


class _Teller:
    """Puts one decision into sentences."""

    def __init__(self, scheme: Scheme, row: Row, decided: Row, writer: Writer) -> None:
        self.scheme, self.row, self.decided, self.write = scheme, row, decided, writer

    def sentences(
        self, points: Mapping[str, Decimal], next_tier: str | None, missing: int | Decimal | None
    ) -> Iterator[str]:
        yield self._where()
        if self.scheme.kind == "rules":
            yield from self._rule()
        elif self.row[f"{self.scheme.key}_value"] is None and not self._unpaced():
            yield self.write(f"nothing.{self.scheme.key}")
        else:
            yield from self._why(points)
        if next_tier is not None and missing is not None and self.scheme.key != "usage_cycle":
            yield self.write(f"missing.{self.scheme.key}", missing=self._amount(missing), tier=self._tier(next_tier))
        for note in self.decided.get("notes", ()):
            yield self.write(f"notes.{note}")

    def _where(self) -> str:
        since = self.row.get(f"{self.scheme.key}_since")
        facts = {
            "scheme": scheme_name(self.scheme.key, self.write.language),
            "tier": self._tier(self.row[f"{self.scheme.key}_tier"]),
        }
        return (
            self.write("where.since", since=self.write.day(since), **facts)
            if since
            else self.write("where.plain", **facts)
        )

    def _why(self, points: Mapping[str, Decimal]) -> Iterator[str]:
        if self.scheme.kind == "lifecycle":
            yield from self._silence()
        elif self.scheme.kind == "rfm":
            yield from self._rfm()
        else:
            yield self.write(f"value.{self.scheme.key}", value=self._amount(self.row[f"{self.scheme.key}_value"]))
        if points:
            parts = (f"{self.write(f'points.{name}')} {self.write.number(part, 2)}" for name, part in points.items())
            yield self.write("made_of", parts=self.write("comma").join(parts))
        for step in (self.decided.get("ladder") or {}).get("steps", ()):
            line = Decimal(step["line"])
            yield self.write(
                "line.most" if self.decided["ladder"].get("less_is_better") else "line.least",
                tier=self._tier(step["tier"]), line=self._amount(line),
            )  # fmt: skip

    def _rule(self) -> Iterator[str]:
        """Which rule held, and the value it shows, where it shows one."""
        key, value = self.scheme.key, self.row[f"{self.scheme.key}_value"]
        rule = self.row.get(f"{key}_rule")
        yield self.write(f"nothing.{key}") if rule is None else self.write(f"rule.{key}.{rule}")
        if value is not None:
            yield self.write(f"value.{key}", value=self._amount(value))

    def _unpaced(self) -> bool:
        """Whether there are orders and yet no silence: nobody in the workspace has ordered on two days."""
        return self.scheme.kind == "lifecycle" and bool(self.row.get("orders_all"))

    def _silence(self) -> Iterator[str]:
        row, curve = self.row, self.decided["facts"]["curve"]
        facts = {
            "days": self.write.number(row["recency_days"]),
            "orders": self.write.number(row["orders_all"]),
            "tenure": self.write.number(row["tenure_days"]),
        }
        if row["silence"] is None:
            yield self.write("value.lifecycle_unpaced", **facts)
            return
        silence, rhythm = self.write.number(row["silence"], 1), self.write.number(row["rhythm_days"], 1)
        yield self.write("value.lifecycle", silence=silence, rhythm=rhythm, **facts)
        reached = [s for s in curve["stretches"] if Decimal(s["start"]) <= row["silence"]]
        if reached:
            back = Decimal(reached[-1]["back"]) / reached[-1]["seen"]
            yield self.write("came_back", share=self.write.share(back, 0), horizon=curve["horizon"])
        for tier in ("at_risk", "churned"):
            if curve[tier] is not None:
                yield self.write(f"silence_line.{tier}", line=self.write.number(Decimal(curve[tier]), 2))

    def _rfm(self) -> Iterator[str]:
        row, facts = self.row, self.decided["facts"]
        many = max(1, facts["customers"])
        means = {name: abs(Decimal(facts["sums"][name])) / many for name in ("r", "f", "m")}
        yield self.write(
            "value.rfm",
            recency=self.write.number(row["rfm_recency"]), recency_mean=self.write.number(means["r"], 1),
            frequency=self.write.number(row["rfm_frequency"]), frequency_mean=self.write.number(means["f"], 2),
            monetary=self.write.money(row["rfm_monetary"], 2), monetary_mean=self.write.money(means["m"], 2),
        )  # fmt: skip
        yield self.write(
            "scores", r=row["rfm_r_score"], f=row["rfm_f_score"], m=row["rfm_m_score"],
            label=self.write(f"labels.{row['rfm_label']}"),
        )  # fmt: skip

    def _tier(self, tier: str) -> str:
        return tier_name(self.scheme.key, tier, self.write.language)

    def _amount(self, value: int | Decimal) -> str:
        match self.scheme.unit:
            case "money":
                return self.write.money(Decimal(value), 2)
            case "share":
                return self.write.share(Decimal(value), 2)
            case "score" | "ratio":
                return self.write.number(Decimal(value), 2)
            case _:
                return self.write.number(Decimal(value))


def inputs_named(explanation: Explanation, language: str) -> dict[str, Any]:
    """The inputs under the names people read."""
    return {trait_name(name, language): value for name, value in explanation.inputs}
