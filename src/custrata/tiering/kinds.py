"""How each kind of scheme grades: from a definition to a `Scheme`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.averages import PARTS, unrounded
from custrata.analytics.clusters import ClusterModel, TooFewCustomers, fit_clusters, grade_clusters
from custrata.analytics.grading import Grading
from custrata.analytics.ladder_schemes import waiting_for_customers
from custrata.analytics.ladders import Ladder, LadderStep
from custrata.analytics.lifecycle import LifecycleLines, grade_lifecycle
from custrata.analytics.points import grade_points
from custrata.analytics.rfm import LIFECYCLE, grade_rfm
from custrata.analytics.rules import grade_rules
from custrata.analytics.score import Factor, grade_score, with_missing_notes
from custrata.analytics.threshold import grade_pareto, grade_quantile, grade_threshold
from custrata.analytics.traits import CATALOGUE, COMEBACKS
from custrata.analytics.trees import NothingToLearn, TreeModel, fit_tree, grade_tree
from custrata.criteria import Criteria, Scope
from custrata.engine.functions import only_row
from custrata.tiering.definitions import Definition
from custrata.tiering.ordering import for_customers_with_orders, order_count_column
from custrata.tiering.schemes import GradingContext, Scheme
from custrata.tiering.shapes import FactorDefinition, PointRule, TierRule

Grade = Callable[[ir.Table, GradingContext], Grading]


class NothingLearned(Exception):
    """There was too little to learn a scheme's lines from."""


def scheme_of(definition: Definition, version: int = 1) -> Scheme:
    """The scheme a definition describes."""
    grade, reads = _KINDS[definition.kind](definition)
    parts = {*PARTS.get(definition.settings.get("trait", ""), ())} - {*_columns(*_among(definition))}
    traits_shown = tuple(name for name in reads if not name.endswith(("_tier", "_since")) and name not in parts)
    inputs = _INPUTS.get(definition.kind, traits_shown)
    if column := order_count_column(definition, reads):
        grade, reads = for_customers_with_orders(definition, grade, column), tuple(dict.fromkeys((*reads, column)))
    optional = _OPTIONAL.get(definition.kind, ())
    return Scheme(definition, version, _unit(definition), tuple(inputs), reads, grade, optional)


# What an explanation shows of schemes whose formula stands in the code.
_INPUTS = {
    "lifecycle": ("recency_days", "rhythm_days", "silence", "order_days", "orders_all", "tenure_days"),
    "rfm": ("recency_days", "orders", "spend"),
}
# No label of RFM contradicts the lifecycle, where the workspace has one.
_OPTIONAL = {"rfm": (LIFECYCLE,)}
_UNITS = {"score": "score", "points": "score", "lifecycle": "ratio", "rfm": "money"}


def _unit(definition: Definition) -> str:
    trait = CATALOGUE.get(definition.settings.get("trait", ""))
    return _UNITS.get(definition.kind) or (trait.unit if trait and trait.unit else "count")


def _among(definition: Definition) -> tuple[Criteria, ...]:
    among = definition.settings.get("among")
    return () if among is None else (among,)


def _columns(*criteria: Criteria) -> tuple[str, ...]:
    """The columns of the profile that conditions read."""
    return tuple(dict.fromkeys(name for condition in criteria for name in sorted(condition.columns)))


def _apply_criteria(
    profile: ir.Table, criteria: Sequence[Criteria], context: GradingContext
) -> tuple[ir.Table, list[ir.BooleanValue]]:
    scope = Scope(profile, context.as_of.instant, context.as_of.zone, context.facts, context.keep)
    return scope.apply(criteria)


def _chosen(definition: Definition, profile: ir.Table, context: GradingContext) -> tuple[ir.Table, ir.NumericValue]:
    """The profile, and the value of the customers among whom lines are drawn; empty for the others."""
    trait, among = definition.settings["trait"], _among(definition)
    table, conditions = _apply_criteria(profile, among, context)
    value = _number(unrounded(table, trait))
    return table, cast(ir.NumericValue, conditions[0].ifelse(value, ibis.null(value.type())) if conditions else value)


def _number(value: ir.Value) -> ir.NumericValue:
    """A trait as a number; a file's own column is a text."""
    return cast(ir.NumericValue, value.try_cast("decimal(18, 4)") if value.type().is_string() else value)


def _single(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    """Threshold, quantile, pareto and prediction: lines through one trait."""
    lines, shares, tiers = _drawn(definition)
    less = bool(definition.settings.get("less_is_better"))
    waits_for, at_least = definition.settings.get("waits_for"), definition.settings.get("at_least")
    least_customers = definition.settings.get("least_customers") or 0

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        table, value = _chosen(definition, profile, context)
        if definition.kind == "pareto":
            graded = grade_pareto(table, value, tiers, shares)
        elif lines:
            graded = grade_threshold(table, value, tiers, lines, less_is_better=less)
        else:
            graded = grade_quantile(table, value, tiers, shares, less_is_better=less, at_least=at_least)
        if definition.settings.get("frozen"):
            graded = _frozen(graded, context, definition.key)
        graded = waiting_for_customers(graded, least_customers)
        if waits_for is not None and not only_row(table.aggregate(any=(table[waits_for] > 0).any()))["any"]:
            note = "waiting_discounts" if waits_for == "discount" else "waiting_trait"
            return replace(graded, notes=(note,), facts={**graded.facts, "missing": [waits_for]})
        return graded

    waits = () if waits_for is None else (waits_for,)
    trait = definition.settings["trait"]
    return grade, tuple(dict.fromkeys((trait, *_columns(*_among(definition)), *waits, *PARTS.get(trait, ()))))


def _frozen(graded: Grading, context: GradingContext, key: str) -> Grading:
    """Graded by the lines that were learned for the version, instead of those that the customers of today draw."""
    if key not in context.learned:
        return replace(graded, facts={**graded.facts, "model": graded.ladder})
    model = context.learned[key]
    if model is None or graded.ladder is None:
        return graded
    steps = tuple(LadderStep(step["tier"], Decimal(step["line"])) for step in model["steps"])
    ladder = Ladder(steps, model["lowest"], model["less_is_better"])
    facts = {name: fact for name, fact in graded.facts.items() if name != "missed"}
    tier = ladder.tier(cast(ir.NumericValue, graded.value))
    notes = tuple(note for note in graded.notes if note != "shares_missed")
    return replace(graded, tier=tier, ladder=ladder, facts={**facts, "model": model}, notes=notes)


def _score(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    factor_definitions: Mapping[str, FactorDefinition] = definition.settings["factors"]
    factors = {
        name: Factor(factor.trait, factor.weight, factor.direction, factor.normaliser, factor.low, factor.high)
        for name, factor in factor_definitions.items()
    }
    lines, shares, tiers = _drawn(definition)

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        if not any(factor.trait in profile.columns for factor in factor_definitions.values()):
            return waiting_grading(tiers, profile, [factor.trait for factor in factor_definitions.values()])
        table, conditions = _apply_criteria(profile, _among(definition), context)
        has = conditions[0] if conditions else None
        graded = grade_score(table, factors, tiers, lines or None, shares or None, has=has)
        noted = set(cast(list[str], graded.facts["missing"])) <= NOTED_FACTORS
        graded = with_missing_notes(graded, tuple(NOTED_FACTORS)) if noted else graded
        reads_rhythm = any(factor.trait == "regularity" for factor in factor_definitions.values())
        return replace(graded, facts={**graded.facts, "period": context.period}) if reads_rhythm else graded

    traits = dict.fromkeys((*(factor.trait for factor in factor_definitions.values()), *_columns(*_among(definition))))
    return grade, tuple(traits)


# Factors of the built-in schemes whose absence has a note of its own.
NOTED_FACTORS = frozenset({"breadth", "advocacy", "credit"})


def _drawn(definition: Definition) -> tuple[list[Decimal], list[Fraction], tuple[str, ...]]:
    """The lines, or the cumulated shares, of the tiers, and their keys."""
    lines = [tier.line for tier in definition.tiers if tier.line is not None]
    shares = [tier.share for tier in definition.tiers if tier.share is not None]
    return lines, shares, tuple(tier.key for tier in definition.tiers)


def waiting_grading(tiers: Sequence[str], table: ir.Table, missing: Sequence[str]) -> Grading:
    """The grading of a scheme whose data is missing: it names what is missing and grades nobody."""
    nothing = cast(ir.StringValue, ibis.null("string"))
    facts = {"missing": list(missing)}
    return Grading(tuple(tiers), table, nothing, ibis.null("int32"), facts=facts, notes=("waiting_trait",))


def _answerable(criteria: Criteria, profile: ir.Table, context: GradingContext) -> bool:
    """Whether the workspace has every column and table that a condition reads; tags may be missing."""
    columns = {name for name in _columns(criteria) if name != "tags" and not name.endswith("_since")}
    return columns <= set(profile.columns) and criteria.needs.facts <= set(context.facts)


def _has_any_input(criteria: Criteria, profile: ir.Table, context: GradingContext) -> bool:
    """Whether the workspace has at least one column or table that a condition reads."""
    return bool(set(_columns(criteria)) & set(profile.columns) or criteria.needs.facts & set(context.facts))


def _missing(criteria: Criteria, profile: ir.Table, context: GradingContext) -> list[str]:
    columns = [name for name in _columns(criteria) if name not in profile.columns and not name.endswith("_since")]
    return [*columns, *sorted(criteria.needs.facts - set(context.facts))]


def _answerable_rules(
    rules: Sequence[TierRule | PointRule], profile: ir.Table, context: GradingContext
) -> tuple[list[int], list[str]]:
    """The numbers of the rules that can be evaluated here, and what the others lack."""
    answerable = [number for number, rule in enumerate(rules) if _answerable(rule.when, profile, context)]
    if not any(_has_any_input(rule.when, profile, context) for rule in rules):
        answerable = []
    left_out = [rule for number, rule in enumerate(rules) if number not in answerable]
    missing = dict.fromkeys(name for rule in left_out for name in _missing(rule.when, profile, context))
    return answerable, list(missing)


def _rules(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    rules, tiers = definition.settings["rules"], tuple(tier.key for tier in definition.tiers)
    otherwise = definition.settings["otherwise"] or tiers[-1]

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        answerable, missing = _answerable_rules(rules, profile, context)
        if not answerable:
            return waiting_grading(tiers, profile, missing)
        chosen = _restricted(definition, profile, context)
        table, conditions = _apply_criteria(chosen, [rules[number].when for number in answerable], context)
        pairs = [(rules[number].tier, holds) for number, holds in zip(answerable, conditions, strict=True)]
        return _with_rules_used(grade_rules(table, pairs, otherwise, tiers), answerable, missing)

    return grade, _columns(*_among(definition), *(rule.when for rule in rules))


def _points(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    rules = definition.settings["rules"]
    lines, _, tiers = _drawn(definition)

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        answerable, missing = _answerable_rules(rules, profile, context)
        if not answerable:
            return waiting_grading(tiers, profile, missing)
        chosen = _restricted(definition, profile, context)
        table, conditions = _apply_criteria(chosen, [rules[number].when for number in answerable], context)
        point_rules = [
            (f"rule{number}", holds, rules[number].points) for number, holds in zip(answerable, conditions, strict=True)
        ]
        return _with_rules_used(grade_points(table, point_rules, tiers, lines), answerable, missing)

    return grade, _columns(*_among(definition), *(rule.when for rule in rules))


def _restricted(definition: Definition, profile: ir.Table, context: GradingContext) -> ir.Table:
    """The profile, its columns empty for customers who are not among those the scheme is for: no rule holds for them,
    and no share of the population counts them."""
    among = _among(definition)
    if not among:
        return profile
    table, (inside,) = _apply_criteria(profile, among, context)
    masked = {
        name: inside.ifelse(table[name], ibis.null(table[name].type()))
        for name in profile.columns
        if name != "customer_id"
    }
    return table.mutate(**masked)


def _with_rules_used(graded: Grading, answerable: list[int], missing: list[str]) -> Grading:
    """Record which rules were evaluated, and what the others lack."""
    notes = (*graded.notes, "rules_left_out") if missing else graded.notes
    return replace(graded, facts={**graded.facts, "asked": answerable, "missing": missing}, notes=notes)


def _rfm(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, _: GradingContext) -> Grading:
        return grade_rfm(
            profile,
            method=settings["method"],
            bins=settings["bins"],
            lines=settings["lines"],
            reference=settings["reference"],
        )

    return grade, ("orders", "recency_days", "spend")


def _lifecycle(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    lines = LifecycleLines(**definition.settings)
    reads = ("orders_all", "order_days", "tenure_days", "recency_days", "silence", *COMEBACKS)
    return (lambda profile, context: grade_lifecycle(profile, context.curve_of(definition.key), lines)), reads


def _cluster(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        if definition.key in context.learned:
            return grade_clusters(profile, ClusterModel.from_record(_learned(context, definition.key)))
        traits, method = settings["traits"], settings["method"]
        return grade_clusters(
            profile, fit_clusters(profile, traits, settings["clusters"], method, order_by=settings["order_by"])
        )

    order_by = (settings["order_by"],) if settings["order_by"] else ()
    return _unless_too_few(grade), tuple(dict.fromkeys((*settings["traits"], *order_by)))


def _tree(definition: Definition) -> tuple[Grade, tuple[str, ...]]:
    settings = definition.settings

    def grade(profile: ir.Table, context: GradingContext) -> Grading:
        if definition.key in context.learned:
            return grade_tree(profile, TreeModel.from_record(_learned(context, definition.key)))
        target, traits = settings["target"], settings["traits"]
        return grade_tree(profile, fit_tree(profile, target, settings["depth"], settings["least_leaf"], traits))

    return _unless_too_few(grade), tuple(dict.fromkeys((settings["target"], *settings["traits"])))


def _unless_too_few(grade: Grade) -> Grade:
    """The same, but waiting where there are too few customers to learn from."""

    def guarded_grade(profile: ir.Table, context: GradingContext) -> Grading:
        try:
            return grade(profile, context)
        except (TooFewCustomers, NothingToLearn, NothingLearned):
            return replace(waiting_grading((), profile, ()), notes=("waiting_customers",))

    return guarded_grade


def _learned(context: GradingContext, key: str) -> Mapping[str, Any]:
    """The model that was learned for a scheme. Raises `NothingLearned` where there was too little to learn from."""
    model: Mapping[str, Any] | None = context.learned[key]
    if model is None:
        raise NothingLearned()
    return model


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
