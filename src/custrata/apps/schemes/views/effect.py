"""The preview beside the editor's form: tier sizes, and the distribution of the value with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from custrata.analytics.ladders import Ladder
from custrata.analytics.traits import CATALOGUE
from custrata.apps.schemes.queries.problems import Problems
from custrata.apps.schemes.queries.simulations import preview_draft, value_distribution
from custrata.apps.tiers.queries.runs import newest
from custrata.errors import CustrataError
from custrata.pipeline.reading.figures import Histogram, Lines, TierLine, Unit
from custrata.pipeline.simulation import Distribution
from custrata.report.colours import colour
from custrata.report.panels import Pair, in_both_widths
from custrata.report.pictures import distribution
from custrata.tiering import define
from custrata.tiering.names import tier_name, trait_name
from custrata.web import texts

SCORED = ("score", "points")


@dataclass(frozen=True)
class TierEffect:
    """A tier with its future and current number of customers."""

    key: str
    name: str
    colour: str
    customers: int
    share: float
    before: int | None
    line: str = ""


@dataclass(frozen=True)
class Effect:
    """Tier sizes, or the reason why there are none; `lines` update the chart."""

    sizes: tuple[TierEffect, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def customers(self) -> int:
        """The total of all tiers."""
        return sum(size.customers for size in self.sizes)


@dataclass(frozen=True)
class Spread:
    """The histogram of the value: chart data for the browser, and a static picture."""

    chart: Mapping[str, Any]
    picture: Pair
    name: str
    drags: bool


def effect(data: Mapping[str, Any], errors: Problems) -> Effect:
    """The effect of a draft on the customers of the newest run, by value alone."""
    run = newest()
    if run is None:
        return Effect(reason=texts.text("schemes.effect.no_run"))
    if errors:
        return Effect(reason=texts.text("schemes.effect.mend"))
    try:
        preview = preview_draft(define(data))
    except CustrataError as error:
        return Effect(reason=texts.sentence(error))
    if preview.waits:
        return Effect(reason=texts.text("schemes.effect.waits"))
    graded = run.scheme(data["key"])
    before = {key: tier.customers for key, tier in graded.sizes.items()} if graded else {}
    total = sum(many for _, many in preview.tiers) or 1
    lines = ladder_lines(data, preview.ladder)
    named = {line["tier"]: line["said"] for line in lines}
    sizes = tuple(
        TierEffect(
            tier, name_of(data, tier), tier_colour(place, len(preview.tiers)), many, many / total,
            before.get(tier, 0) if before else None, named.get(tier, ""),
        )
        for place, (tier, many) in enumerate(preview.tiers)
    )  # fmt: skip
    return Effect(sizes, lines=lines)


def name_of(data: Mapping[str, Any], tier: str) -> str:
    """The name of a tier in a draft."""
    return tier_name(str(data.get("key", "")), tier, texts.language(), {"definition": data})


def tier_colour(place: int, many: int) -> str:
    """The colour of a tier by its position; the best is the darkest."""
    return colour(place / max(1, many - 1))


def unit_of(data: Mapping[str, Any]) -> str:
    """The unit of a draft's value."""
    if data.get("kind") in SCORED:
        return "score"
    trait = CATALOGUE.get(str(data.get("trait", "")))
    return trait.unit if trait else ""


def amount(data: Mapping[str, Any], value: Decimal | int) -> str:
    """Format a value of a draft in its unit."""
    write, exact = texts.writer("tiers"), Decimal(value)
    match unit_of(data):
        case "money":
            return write.money(exact, 0 if exact == exact.to_integral_value() else 2)
        case "share":
            return write.share(exact, 2)
    return write.number(exact, 0 if exact == exact.to_integral_value() else 2)


def ladder_lines(data: Mapping[str, Any], ladder: Ladder | None) -> list[dict[str, Any]]:
    """The lines of a ladder as chart data, each with the form field it belongs to."""
    tiers = list(data.get("tiers") or ())
    places = {tier["key"]: place for place, tier in enumerate(tiers)}
    picture_lines = []
    for step in ladder.steps if ladder else ():
        place, name = places.get(step.tier, -1), name_of(data, step.tier)
        sign = "≤" if ladder and ladder.less_is_better else "≥"
        drags = place >= 0 and "line" in tiers[place]
        picture_lines.append(
            {
                "tier": step.tier,
                "at": float(step.line),
                "name": name,
                "said": f"{sign} {amount(data, step.line)}",
                "colour": tier_colour(place, len(tiers)),
                **({"field": f"tier-{place}-line"} if drags else {}),
            }
        )
    return picture_lines


def spread(data: Mapping[str, Any], errors: Problems) -> Spread | None:
    """The distribution of a draft's value; for an incomplete draft that of its trait, if it has one."""
    if newest() is None:
        return None
    try:
        if not errors:
            value_spread = value_distribution(define(data))
        elif isinstance(data.get("trait"), str):
            value_spread = value_distribution(str(data["trait"]))
        else:
            return None
    except CustrataError:
        return None
    return _draw_spread(data, value_spread) if any(value_spread.counts) else None


def _draw_spread(data: Mapping[str, Any], value_spread: Distribution) -> Spread:
    lines, name = ladder_lines(data, value_spread.ladder), value_name(data)
    unit = unit_of(data)
    chart = {
        "edges": list(value_spread.edges), "counts": list(value_spread.counts), "x_name": name,
        "y_name": texts.text("report.column.customers"), "lines": lines,
        "unit": unit if unit in ("money", "share", "days") else "number",
    }  # fmt: skip
    histogram_unit: Unit = unit if unit in ("days", "orders", "money", "score", "share", "ratio") else "score"  # type: ignore[assignment]  # one of them
    edges = tuple(Decimal(str(round(edge, 4))) for edge in value_spread.edges)
    bins = Histogram(str(data.get("key", "")), name, histogram_unit, edges, value_spread.counts)
    steps = tuple(
        TierLine(Decimal(str(line["at"])), line["colour"], f"{line['name']} {line['said']}") for line in lines
    )
    drawn = Lines(steps, "step-20", bool(data.get("less_is_better")))
    picture = in_both_widths(partial(distribution, bins, drawn, texts.writer("report")))
    return Spread(chart, picture, name, any("field" in line for line in lines))


def value_name(data: Mapping[str, Any]) -> str:
    """The name of a draft's value."""
    if data.get("kind") in SCORED:
        return texts.text(f"schemes.effect.{data['kind']}")
    return trait_name(str(data.get("trait", "")), texts.language())
