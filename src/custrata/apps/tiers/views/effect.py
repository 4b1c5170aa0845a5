"""What a draft would do, as the editor shows it beside the form: sizes of tiers, and the value with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from custrata.analytics.ladders import Ladder
from custrata.analytics.traits import CATALOGUE
from custrata.apps.tiers.queries.problems import Problems
from custrata.apps.tiers.queries.runs import newest
from custrata.apps.tiers.queries.trying import previewed, spread_of
from custrata.errors import CustrataError
from custrata.pipeline.simulation import Distribution
from custrata.report.colours import colour
from custrata.report.data import Histogram, Line, Lines, Unit
from custrata.report.panels import Pair, in_both_widths
from custrata.report.pictures import distribution
from custrata.tiering import define
from custrata.tiering.names import tier_name, trait_name
from custrata.web import texts

SCORED = ("score", "points")


@dataclass(frozen=True)
class Size:
    """A tier with the customers it would hold, and those it holds now."""

    key: str
    name: str
    colour: str
    customers: int
    share: float
    before: int | None
    line: str = ""


@dataclass(frozen=True)
class Effect:
    """The sizes of the tiers, or why there are none; `lines` are what the picture draws anew."""

    sizes: tuple[Size, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def customers(self) -> int:
        """All of them."""
        return sum(size.customers for size in self.sizes)


@dataclass(frozen=True)
class Spread:
    """The picture of the value: for the browser, and drawn."""

    chart: Mapping[str, Any]
    picture: Pair
    name: str
    drags: bool


def effect(data: Mapping[str, Any], wrong: Problems) -> Effect:
    """What a draft would do to the customers of the newest run, by value alone."""
    run = newest()
    if run is None:
        return Effect(reason=texts.text("tiers.effect.no_run"))
    if wrong:
        return Effect(reason=texts.text("tiers.effect.mend"))
    try:
        found = previewed(define(data))
    except CustrataError as error:
        return Effect(reason=texts.sentence(error))
    if found.waits:
        return Effect(reason=texts.text("tiers.effect.waits"))
    before = {row["tier"]: row["customers"] for row in run.record["tiers"].get(data["key"], ())}
    total = sum(many for _, many in found.tiers) or 1
    lines = marks(data, found.ladder)
    named = {line["tier"]: line["said"] for line in lines}
    sizes = tuple(
        Size(
            tier, name_of(data, tier), shade(place, len(found.tiers)), many, many / total,
            before.get(tier, 0) if before else None, named.get(tier, ""),
        )
        for place, (tier, many) in enumerate(found.tiers)
    )  # fmt: skip
    return Effect(sizes, lines=lines)


def name_of(data: Mapping[str, Any], tier: str) -> str:
    """What a draft calls a tier."""
    return tier_name(str(data.get("key", "")), tier, texts.language(), {"definition": data})


def shade(place: int, many: int) -> str:
    """The colour of a tier by its place, the best the deepest."""
    return colour(place / max(1, many - 1))


def unit_of(data: Mapping[str, Any]) -> str:
    """The unit of a draft's value."""
    if data.get("kind") in SCORED:
        return "score"
    trait = CATALOGUE.get(str(data.get("trait", "")))
    return trait.unit if trait else ""


def amount(data: Mapping[str, Any], value: Decimal | int) -> str:
    """A value of a draft in its unit."""
    write, exact = texts.writer("tiers"), Decimal(value)
    match unit_of(data):
        case "money":
            return write.money(exact, 0 if exact == exact.to_integral_value() else 2)
        case "share":
            return write.share(exact, 2)
    return write.number(exact, 0 if exact == exact.to_integral_value() else 2)


def marks(data: Mapping[str, Any], ladder: Ladder | None) -> list[dict[str, Any]]:
    """The lines of a ladder as the picture draws them, each with the field that moves it."""
    tiers = list(data.get("tiers") or ())
    places = {tier["key"]: place for place, tier in enumerate(tiers)}
    found = []
    for step in ladder.steps if ladder else ():
        place, name = places.get(step.tier, -1), name_of(data, step.tier)
        sign = "≤" if ladder and ladder.less_is_better else "≥"
        drags = place >= 0 and "line" in tiers[place]
        found.append(
            {
                "tier": step.tier,
                "at": float(step.line),
                "name": name,
                "said": f"{sign} {amount(data, step.line)}",
                "colour": shade(place, len(tiers)),
                **({"field": f"tier-{place}-line"} if drags else {}),
            }
        )
    return found


def spread(data: Mapping[str, Any], wrong: Problems) -> Spread | None:
    """How the value lies that a draft decides by; of an unfinished one the trait's, as long as there is one."""
    if newest() is None:
        return None
    try:
        if not wrong:
            found = spread_of(define(data))
        elif isinstance(data.get("trait"), str):
            found = spread_of(str(data["trait"]))
        else:
            return None
    except CustrataError:
        return None
    return _drawn(data, found) if any(found.counts) else None


def _drawn(data: Mapping[str, Any], found: Distribution) -> Spread:
    lines, name = marks(data, found.ladder), value_name(data)
    unit = unit_of(data)
    chart = {
        "edges": list(found.edges), "counts": list(found.counts), "x_name": name,
        "y_name": texts.text("report.column.customers"), "lines": lines,
        "unit": unit if unit in ("money", "share", "days") else "number",
    }  # fmt: skip
    known: Unit = unit if unit in ("days", "orders", "money", "score", "share", "ratio") else "score"  # type: ignore[assignment]  # one of them
    bins = Histogram(str(data.get("key", "")), name, known, tuple(Decimal(str(round(edge, 4))) for edge in found.edges),
                     found.counts)  # fmt: skip
    steps = tuple(Line(Decimal(str(line["at"])), line["colour"], f"{line['name']} {line['said']}") for line in lines)
    drawn = Lines(steps, "step-20", bool(data.get("less_is_better")))
    picture = in_both_widths(partial(distribution, bins, drawn, texts.writer("report")))
    return Spread(chart, picture, name, any("field" in line for line in lines))


def value_name(data: Mapping[str, Any]) -> str:
    """What the value is called that a draft decides by."""
    if data.get("kind") in SCORED:
        return texts.text(f"tiers.effect.{data['kind']}")
    return trait_name(str(data.get("trait", "")), texts.language())
