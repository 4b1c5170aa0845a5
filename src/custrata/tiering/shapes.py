"""The kinds of scheme: what a definition of each must say, and how its rules and factors are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from custrata.analytics.rfm import MOST_BINS
from custrata.analytics.score import Direction, Normaliser
from custrata.criteria import Criteria
from custrata.tiering import fields
from custrata.tiering.fields import Field, Unreadable, at, requirement


@dataclass(frozen=True)
class Shape:
    """What a kind of scheme wants: its own fields, what each tier but the last is drawn by, and its fixed tiers.

    `ordered` says that values stand on a ladder, so that tiers may have a life.
    """

    kind: str
    own: tuple[Field, ...]
    drawn: Literal["line", "share", "either", "none"] = "none"
    ordered: bool = False
    tiers: tuple[str, ...] = ()
    tiers_found: bool = False  # the tiers come out of the data, as clusters do


def _rules(name: str, read_rule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise Unreadable(value, requirement(name))
        return tuple(at(f"[{place}]", read_rule, rule) for place, rule in enumerate(value))

    return read


@dataclass(frozen=True)
class TierRule:
    """One rule of the kind `rules`: who fulfils it is in the tier, unless an earlier rule held."""

    tier: str
    when: Criteria


@dataclass(frozen=True)
class PointRule:
    """One rule of the kind `points`: what it gives or takes."""

    name: str
    when: Criteria
    points: int


@dataclass(frozen=True)
class FactorDefinition:
    """One factor of the kind `score`; see `custrata.analytics.score.Factor`."""

    trait: str
    weight: int
    direction: Direction = "more"
    normaliser: Normaliser = "lines"
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(1)


def _tier_rule(value: Any) -> TierRule:
    if not isinstance(value, Mapping) or set(value) != {"tier", "when"}:
        raise Unreadable(value, requirement("tier_rule"))
    return TierRule(at("tier", fields.key, value["tier"]), fields.criteria(value["when"]))


def _point_rule(value: Any) -> PointRule:
    if not isinstance(value, Mapping) or not {"when", "points"} <= set(value) <= {"name", "when", "points"}:
        raise Unreadable(value, requirement("point_rule"))
    name = value.get("name", "")
    if not isinstance(name, str) or len(name) > 60:
        raise Unreadable(name, requirement("name_most"), "name")
    return PointRule(name, fields.criteria(value["when"]), at("points", fields.signed, value["points"]))


FACTOR_FIELDS: dict[str, Callable[[Any], Any]] = {
    "trait": fields.trait,
    "weight": fields.positive,
    "direction": fields.choice("more", "less"),
    "normaliser": fields.choice("lines", "rank", "min_max", "z"),
    "low": fields.number,
    "high": fields.number,
}


def _factors(value: Any) -> dict[str, FactorDefinition]:
    if not isinstance(value, Mapping) or not value:
        raise Unreadable(value, requirement("factors"))
    return {at(str(name), fields.key, name): at(str(name), _factor, factor) for name, factor in value.items()}


def _factor(value: Any) -> FactorDefinition:
    if not isinstance(value, Mapping) or not {"trait", "weight"} <= set(value) <= set(FACTOR_FIELDS):
        raise Unreadable(value, requirement("factor", known=", ".join(FACTOR_FIELDS)))
    factor = FactorDefinition(**{name: at(name, FACTOR_FIELDS[name], value) for name, value in value.items()})
    if factor.low >= factor.high:
        raise Unreadable(value.get("low", 0), requirement("below_high"), "low")
    return factor


def _factor_data(factor: FactorDefinition) -> dict[str, Any]:
    usual = FactorDefinition(factor.trait, factor.weight)
    data: dict[str, Any] = {"trait": factor.trait, "weight": factor.weight}
    for name in ("direction", "normaliser", "low", "high"):
        value = getattr(factor, name)
        if value != getattr(usual, name):
            data[name] = fields.part_text(value) if isinstance(value, Decimal) else value
    return data


def _rfm_lines(value: Any) -> dict[str, tuple[Decimal, ...]]:
    if not isinstance(value, Mapping) or set(value) != {"r", "f", "m"} or not all(map(_is_list, value.values())):
        raise Unreadable(value, requirement("rfm_lines"))
    lines_by_name = {name: tuple(at(name, fields.number, line) for line in lines) for name, lines in value.items()}
    for name, lines in lines_by_name.items():
        if not lines or any(high <= low for low, high in pairwise(lines)):
            raise Unreadable(value[name], requirement("rfm_rising"), name)
    if len({len(lines) for lines in lines_by_name.values()}) > 1:
        raise Unreadable(value, requirement("rfm_even"))
    return lines_by_name


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _bins(value: Any) -> int:
    bins = fields.whole(value, least=2)
    if bins > MOST_BINS:
        raise Unreadable(value, requirement("bins", most=MOST_BINS))
    return bins


def _auto(value: Any) -> int | str:
    return "auto" if value == "auto" else fields.whole(value, least=2)


_LESS = Field("less_is_better", fields.flag, default=False)
_AMONG = Field("among", fields.criteria, lambda value: None if value is None else fields.criteria_data(value))
_TRAIT = Field("trait", fields.trait, default=...)
_WITHOUT = Field("without_order", fields.key)
_FROZEN = Field("frozen", fields.flag, default=False)

SHAPES: dict[str, Shape] = {
    shape.kind: shape
    for shape in (
        Shape("threshold", (_TRAIT, _LESS, _AMONG, _WITHOUT), "line", ordered=True),
        Shape("quantile", (_TRAIT, _LESS, _AMONG, _WITHOUT, Field("at_least", fields.number, fields.part_text),
                           Field("least_customers", fields.positive), Field("waits_for", fields.trait), _FROZEN),
              "share", ordered=True),
        Shape("pareto", (_TRAIT, _AMONG, _WITHOUT, _FROZEN), "share", ordered=True),
        Shape("prediction", (_TRAIT, _LESS, _AMONG, _WITHOUT), "either", ordered=True),
        Shape("score", (Field("factors", _factors, lambda factors: {
            name: _factor_data(factor) for name, factor in factors.items()
        }, default=...), _AMONG, _WITHOUT), "either", ordered=True),
        Shape("points", (Field("rules", _rules("point_rules", _point_rule), lambda rules: [
            {"name": rule.name, "when": fields.criteria_data(rule.when), "points": rule.points} for rule in rules
        ], default=...), _AMONG, _WITHOUT), "line", ordered=True),
        Shape("rules", (Field("rules", _rules("tier_rules", _tier_rule), lambda rules: [
            {"tier": rule.tier, "when": fields.criteria_data(rule.when)} for rule in rules
        ], default=...), Field("otherwise", fields.key), _AMONG)),
        Shape("rfm", (
            Field("method", fields.choice("quantile", "nested", "fixed", "log"), default="quantile"),
            Field("bins", _bins, default=5),
            Field("lines", _rfm_lines, lambda lines_by_name: None if lines_by_name is None else {
                name: [fields.part_text(line) for line in lines] for name, lines in lines_by_name.items()}),
            Field("reference", fields.choice("mean", "median"), default="mean"),
        ), tiers=("111", "101", "011", "001", "110", "100", "010", "000")),
        Shape("lifecycle", tuple(
            Field(name, fields.positive_days if name.endswith("_days") else fields.positive, default=usual)
            for name, usual in (("new_days", 60), ("new_orders", 3), ("won_back_days", 90), ("mature_orders", 6),
                                ("mature_days", 180), ("unpaced_at_risk_days", 180), ("unpaced_churned_days", 365))
        ), tiers=("mature", "growing", "won_back", "new", "at_risk", "churned", "prospect")),
        Shape("cluster", (
            Field("traits", fields.traits, list, default=...),
            Field("clusters", _auto, default="auto"),
            Field("method", fields.choice("k_means", "gaussian"), default="k_means"),
            Field("order_by", fields.trait),
        ), tiers_found=True),
        Shape("tree", (
            Field("target", fields.trait, default=...),
            Field("traits", fields.traits, list, default=...),
            Field("depth", fields.positive, default=3),
            Field("least_leaf", fields.positive, default=100),
        ), tiers_found=True),
    )
}  # fmt: skip
