"""How each kind of scheme grades: from a definition to a `Scheme`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.clusters import cluster_model, fit_clusters, grade_clusters
from custrata.analytics.grading import Grading
from custrata.analytics.ladders import only_row
from custrata.analytics.lifecycle import LifecycleLines, grade_lifecycle
from custrata.analytics.points import grade_points
from custrata.analytics.rfm import grade_rfm
from custrata.analytics.rules import grade_rules
from custrata.analytics.score import Factor, grade_score
from custrata.analytics.threshold import grade_pareto, grade_quantile, grade_threshold
from custrata.analytics.traits import CATALOGUE
from custrata.analytics.trees import fit_tree, grade_tree, tree_model
from custrata.criteria import Criteria, Scope
from custrata.tiering.definitions import Definition
from custrata.tiering.schemes import Context, Scheme

Grade = Callable[[ir.Table, Context], Grading]


def scheme_of(definition: Definition, version: int = 1) -> Scheme:
    """The scheme a definition describes."""
    grade, reads = _KINDS[definition.kind](definition)
    inputs = _INPUTS.get(definition.key if definition.kind in ("rfm", "lifecycle") else "", ()) or reads
    return Scheme(definition, version, _unit(definition), tuple(inputs), reads, grade)


# What an explanation shows of schemes whose formula stands in the code.
_INPUTS = {
    "lifecycle": ("recency_days", "rhythm_days", "silence", "orders_all", "tenure_days"),
    "rfm": ("recency_days", "orders", "sales"),
}
_UNITS = {"score": "score", "points": "score", "lifecycle": "ratio", "rfm": "money"}


def _unit(definition: Definition) -> str:
    trait = CATALOGUE.get(definition.settings.get("trait", ""))
    return _UNITS.get(definition.kind) or (trait.unit if trait and trait.unit else "count")


def _among(definition: Definition) -> tuple[Criteria, ...]:
    among = definition.settings.get("among")
    return () if among is None else (among,)


def _columns(*criteria: Criteria) -> tuple[str, ...]:
    """The columns of the profile that conditions read."""
    found: dict[str, None] = {}
    for one in criteria:
        found |= dict.fromkeys(sorted(one.needs.traits))
        found |= {"tags": None} if one.needs.tags else {}
        for key in sorted(one.needs.schemes):
            found |= {f"{key}_tier": None, f"{key}_since": None}
    return tuple(found)


def _applied(
    profile: ir.Table, criteria: Sequence[Criteria], context: Context
) -> tuple[ir.Table, list[ir.BooleanValue]]:
    scope = Scope(profile, context.as_of.instant, context.as_of.zone, context.facts, context.keep)
    return scope.apply(criteria)


def _chosen(definition: Definition, profile: ir.Table, context: Context) -> tuple[ir.Table, ir.NumericValue]:
    """The profile, and the value of the customers among whom lines are drawn; empty for the others."""
    trait, among = definition.settings["trait"], _among(definition)
    table, conditions = _applied(profile, among, context)
    value = _number(table[trait])
    return table, cast(ir.NumericValue, conditions[0].ifelse(value, ibis.null(value.type())) if conditions else value)


def _number(value: ir.Value) -> ir.NumericValue:
    """A trait as a number; a file's own column is a text."""
    return cast(ir.NumericValue, value.try_cast("decimal(18, 4)") if value.type().is_string() else value)


def _single(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    """Threshold, quantile, pareto and prediction: lines through one trait."""
    lines = [tier.line for tier in definition.tiers if tier.line is not None]
    shares = [tier.share for tier in definition.tiers if tier.share is not None]
    tiers, less = tuple(tier.key for tier in definition.tiers), bool(definition.settings.get("less_is_better"))
    waits_for = definition.settings.get("waits_for")

    def grade(profile: ir.Table, context: Context) -> Grading:
        table, value = _chosen(definition, profile, context)
        if definition.kind == "pareto":
            graded = grade_pareto(table, value, tiers, shares)
        elif lines:
            graded = grade_threshold(table, value, tiers, lines, less_is_better=less)
        else:
            graded = grade_quantile(table, value, tiers, shares, less_is_better=less)
        if waits_for is not None and not only_row(table.aggregate(any=(table[waits_for] > 0).any()))["any"]:
            note = "waiting_discounts" if waits_for == "discount" else "waiting_trait"
            return replace(graded, notes=(note,), facts={**graded.facts, "missing": [waits_for]})
        return graded

    waits = () if waits_for is None else (waits_for,)
    return grade, tuple(dict.fromkeys((definition.settings["trait"], *_columns(*_among(definition)), *waits)))


def _score(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    held = definition.settings["factors"]
    factors = {
        name: Factor(
            one.trait, one.weight, direction=one.direction, normaliser=one.normaliser, low=one.low, high=one.high
        )
        for name, one in held.items()
    }
    lines = [tier.line for tier in definition.tiers if tier.line is not None]
    shares = [tier.share for tier in definition.tiers if tier.share is not None]
    tiers = tuple(tier.key for tier in definition.tiers)

    def grade(profile: ir.Table, context: Context) -> Grading:
        table, conditions = _applied(profile, _among(definition), context)
        graded = grade_score(
            table, factors, tiers, lines=lines or None, shares=shares or None, has=conditions[0] if conditions else None
        )
        reads_rhythm = any(one.trait == "regularity" for one in held.values())
        return replace(graded, facts={**graded.facts, "period": context.period}) if reads_rhythm else graded

    traits = dict.fromkeys((*(one.trait for one in held.values()), *_columns(*_among(definition))))
    return grade, tuple(traits)


def _answerable(criteria: Criteria, profile: ir.Table, context: Context) -> bool:
    """Whether the workspace has what a condition asks for; nobody having a tag is an answer."""
    columns = set(profile.columns) | {"tags"} | {name for name in _columns(criteria) if name.endswith("_since")}
    return set(_columns(criteria)) <= columns and criteria.needs.facts <= set(context.facts)


def _rules(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    rules, tiers = definition.settings["rules"], tuple(tier.key for tier in definition.tiers)
    otherwise = definition.settings["otherwise"] or tiers[-1]

    def grade(profile: ir.Table, context: Context) -> Grading:
        asked = [place for place, rule in enumerate(rules) if _answerable(rule.when, profile, context)]
        table, conditions = _applied(profile, [rules[place].when for place in asked], context)
        pairs = [(rules[place].tier, holds) for place, holds in zip(asked, conditions, strict=True)]
        graded = grade_rules(table, pairs, otherwise, tiers)
        return _with_left_out(graded, [place for place in range(len(rules)) if place not in asked], len(rules), asked)

    return grade, _columns(*(rule.when for rule in rules))


def _points(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    rules, tiers = definition.settings["rules"], tuple(tier.key for tier in definition.tiers)
    lines = [tier.line for tier in definition.tiers if tier.line is not None]

    def grade(profile: ir.Table, context: Context) -> Grading:
        asked = [place for place, rule in enumerate(rules) if _answerable(rule.when, profile, context)]
        table, conditions = _applied(profile, [rules[place].when for place in asked], context)
        given = [
            (f"rule{place}", holds, rules[place].points) for place, holds in zip(asked, conditions, strict=True)
        ]
        graded = grade_points(table, given, tiers, lines)
        return _with_left_out(graded, [place for place in range(len(rules)) if place not in asked], len(rules), asked)

    return grade, _columns(*(rule.when for rule in rules))


def _with_left_out(graded: Grading, left_out: list[int], many: int, asked: list[int]) -> Grading:
    """Say which rules could not be asked; where none could, the scheme waits."""
    facts = {**graded.facts, "asked": asked, "left_out": left_out}
    note = () if not left_out else ("waiting_trait",) if len(left_out) == many else ("rules_left_out",)
    return replace(graded, facts=facts, notes=(*graded.notes, *note))


def _rfm(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, _: Context) -> Grading:
        return grade_rfm(profile, method=settings["method"], bins=settings["bins"], lines=settings["lines"])

    return grade, ("orders", "recency_days", "sales")


def _lifecycle(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    lines = LifecycleLines(**definition.settings)
    reads = ("orders_all", "tenure_days", "recency_days", "silence", "last_gap_silence")
    return (lambda profile, context: grade_lifecycle(profile, context.curve, lines)), reads


def _cluster(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, context: Context) -> Grading:
        kept = _learned(context, definition.key)
        model = cluster_model(kept) if kept else fit_clusters(
            profile, settings["traits"], settings["clusters"], settings["method"], order_by=settings["order_by"]
        )  # fmt: skip
        return grade_clusters(profile, model)

    order_by = (settings["order_by"],) if settings["order_by"] else ()
    return grade, tuple(dict.fromkeys((*settings["traits"], *order_by)))


def _tree(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, context: Context) -> Grading:
        kept = _learned(context, definition.key)
        model = tree_model(kept) if kept else fit_tree(
            profile, settings["target"], settings["depth"], settings["least_leaf"], settings["traits"]
        )  # fmt: skip
        return grade_tree(profile, model)

    return grade, tuple(dict.fromkeys((settings["target"], *settings["traits"])))


def _learned(context: Context, key: str) -> Mapping[str, Any] | None:
    """The model of the run before, so that tiers do not drift unseen."""
    former = context.former.get(key)
    return None if former is None or former.get("waiting") else (former.get("facts") or {}).get("model")


_KINDS: dict[str, Callable[[Definition], tuple[Grade, tuple[str, ...]]]] = {
    "threshold": _single,
    "quantile": _single,
    "pareto": _single,
    "prediction": _single,
    "score": _score,
    "points": _points,
    "rules": _rules,
    "rfm": _rfm,
    "lifecycle": _lifecycle,
    "cluster": _cluster,
    "tree": _tree,
}

Number = int | Decimal
