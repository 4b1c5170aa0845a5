"""Grading of in-memory tables by any scheme, without a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.silence_learning import learn_silence
from custrata.analytics.sources import (
    TableLike,
    canonical_feedback,
    canonical_lines,
    canonical_orders,
    customer_table,
)
from custrata.analytics.traits import CATALOGUE, joined_by_customer, known_facts, order_traits
from custrata.analytics.traits.catalogue import uncovered
from custrata.engine.functions import epoch_micros
from custrata.engine.guard import guarded
from custrata.errors import BadInput
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.grading import Grader
from custrata.pipeline.windows import Windows
from custrata.schema.counting import FreeOrders
from custrata.tiering import BUILT_IN, Definition, GradingContext, Scheme, define, scheme_of
from custrata.tiering.schemes import dependency_order


class NoSuchBuiltIn(BadInput):
    status = 404
    template = "There is no built-in scheme “{scheme}”. Available: {known}; or pass a definition."


@guarded
def grade(
    scheme: str | Mapping[str, Any] | Definition,
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    customers: TableLike | None = None,
    lines: TableLike | None = None,
    feedback: TableLike | None = None,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Grade customers by any scheme: the key of a built-in one, or a definition as a file of schemes carries it.

    Parameters: `orders`, `as_of`, `lines`, `zone`, `columns`, `free_orders` as for `traits`; `customers` a table with
    `customer_id` and columns of your own that conditions may read (`tags`, names joined by ", "; `city` …), whose
    customers are graded too; `feedback` with `customer_id`, `given_at`, `kind`, `score`. A scheme may read the built-in
    ones. There is no run before, so tiers with a life are entered by their lines.

    Returns `customer_id`, `tier`, `value` and the further columns of its kind. Raises `NoSuchBuiltIn`, `LacksColumns`,
    `NotAMoment`, and what `custrata.tiering.define` raises; a scheme that lacks its data gives no tiers.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a", "b", "b"], "order_id": ["1", "2", "3"], "amount": [900, 40, 20],
    ...     "ordered_at": ["2024-06-01", "2025-01-10", "2024-09-01"],
    ... })
    >>> vip = {"key": "vip", "kind": "threshold", "trait": "spend",
    ...        "tiers": [{"key": "gold", "line": 500}, {"key": "basic"}]}
    >>> grade(vip, orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['gold', 'basic']
    >>> grade("potential", orders, as_of="2025-01-31").order_by("customer_id").to_pandas().tier.tolist()
    ['high', 'potential']
    """
    moment = AsOf.of(as_of, zone)
    target = scheme_of(_definition(scheme))
    order_facts = known_facts(
        canonical_orders(orders, zone, columns), moment, keep=ir.Table.cache, free_orders=free_orders
    )
    profile = order_traits(
        order_facts, moment, lines=None if lines is None else canonical_lines(lines, zone), places=()
    )
    facts = {"orders": order_facts.orders.filter(order_facts.orders.sold)}
    if feedback is not None:
        answers = canonical_feedback(feedback, zone)
        profile = joined_by_customer(profile, advocacy(answers, moment))
        facts["feedback"] = answers.mutate(at=epoch_micros(answers.given_at))
    if customers is not None:
        profile = _with_customers(profile, customer_table(customers, zone))
    context = GradingContext(
        learn_silence(order_facts.paced, moment),
        order_facts.everyone.period,
        moment,
        facts,
        keep=ir.Table.cache,
        uncovered=uncovered(order_facts.since, moment),
    )
    grader = Grader(
        profile.cache(),
        context,
        AppliedDecisions({}),
        None,
        None,
        ir.Table.cache,
        Windows(order_facts, moment, ir.Table.cache),
    )
    for required in _needed(target):
        grader.grade(required)
    nobody = grader.gradings[target.key].table().limit(0)
    return grader.results.get(target.key, nobody)


def _definition(scheme: str | Mapping[str, Any] | Definition) -> Definition:
    if isinstance(scheme, str):
        if scheme not in BUILT_IN:
            raise NoSuchBuiltIn(scheme=scheme, known=", ".join(BUILT_IN))
        return BUILT_IN[scheme].definition
    return scheme if isinstance(scheme, Definition) else define(scheme)


def _needed(target: Scheme) -> list[Scheme]:
    """The scheme and those it reads, directly or indirectly, in order of dependency."""
    schemes = {**BUILT_IN, target.key: target}
    collected: dict[str, Scheme] = {}

    def visit(key: str) -> None:
        if key not in collected:
            collected[key] = schemes[key]
            for needed in schemes[key].needs([other for other in schemes if other != key]):
                visit(needed)

    visit(target.key)
    return dependency_order(collected.values())


def _with_customers(profile: ir.Table, customers: ir.Table) -> ir.Table:
    """The traits of the customers in either table, with the given columns; traits that count default to 0."""
    ids = profile.select(customer_id=profile.customer_id.cast("string"))
    everyone = ids.union(customers.select(customer_id=customers.customer_id.cast("string"))).distinct()
    own = customers.drop(*[name for name in customers.columns if name in CATALOGUE])
    wide = joined_by_customer(everyone, profile, own)
    counted = {
        trait.key: wide[trait.key].fill_null(ibis.literal(0).cast(trait.type))
        for trait in CATALOGUE.values()
        if trait.zero and trait.key in wide.columns
    }
    return wide.mutate(**counted)
