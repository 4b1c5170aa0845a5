"""Customers without a counted order: in no numeric cut, and in the tier that the scheme names for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.threshold import where
from custrata.analytics.traits import CATALOGUE, ONE_WINDOW, WINDOWED
from custrata.tiering.definitions import Definition
from custrata.tiering.schemes import GradingContext

Grade = Callable[[ir.Table, GradingContext], Grading]

PROSPECT = "prospect"
# Kinds that draw shares of the customers or learn from them, whatever the trait.
_OF_CUSTOMERS = frozenset({"quantile", "pareto", "cluster", "tree"})
_LINES = frozenset({"threshold", "prediction", "score"})


def order_count_column(definition: Definition, reads: Sequence[str]) -> str | None:
    """The count that says whether a customer has an order as the scheme counts; none where that does not matter.

    A scheme that reads a trait of its window counts the orders in that window, any other all orders. Lines on what is
    not worked out from orders, and points, take in everybody, unless the scheme names a tier for those without one.
    """
    kind, settings = definition.kind, definition.settings
    by_share = any(tier.share is not None for tier in definition.tiers)
    counts = kind in _OF_CUSTOMERS or (kind in _LINES and (by_share or any(name in CATALOGUE for name in reads)))
    if not counts and settings.get("without_order") is None:
        return None
    windowed = any(name in WINDOWED or name in ONE_WINDOW for name in reads)
    return "orders" if windowed and definition.qualify == "rolling" else "orders_all"


def tier_without_order(definition: Definition) -> str | None:
    """The tier of customers without a counted order: as the scheme says, else `prospect` where it has one, else the
    lowest; none where the tiers come out of the data."""
    keys = [tier.key for tier in definition.tiers]
    named: str | None = definition.settings.get("without_order")
    if named is not None or not keys:
        return named
    return PROSPECT if PROSPECT in keys and not definition.lives else keys[-1]


def for_customers_with_orders(definition: Definition, grade: Grade, column: str) -> Grade:
    """The same, for customers with a counted order alone: what it reads is empty for all others."""
    own, lowest = tier_without_order(definition), definition.tiers[-1].key if definition.tiers else None

    def guarded_grade(profile: ir.Table, context: GradingContext) -> Grading:
        if column not in profile.columns:  # a table of one's own, which says nothing of orders
            return grade(profile, context)
        ordered = (profile[column] > 0).fill_null(False)
        masked = {name: where(ordered, profile[name]) for name in profile.columns if name != "customer_id"}
        graded = grade(profile.mutate(**masked, _ordered=ordered), context)
        if graded.waiting or own == lowest:  # whoever has no value is in the lowest tier anyway
            return graded
        return replace(graded, tier=graded.base["_ordered"].ifelse(graded.tier, ibis.literal(own)))

    return guarded_grade
