"""Late facts: which moves at a run they caused, and which would have happened without them.

Customers with late orders are graded a second time without these orders, from the same previous run and by the same
learned lines, all other customers unchanged. A move is a correction where the tier (or, for a customer who stays, the
status) differs without the late orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED
from custrata.analytics.traits import Keep
from custrata.analytics.traits.build import first_day
from custrata.analytics.traits.catalogue import uncovered
from custrata.analytics.traits.pace import Population
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros
from custrata.lake import Run
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.grading import Grader
from custrata.pipeline.handover import Handover
from custrata.pipeline.learning import Lines, models_of
from custrata.pipeline.snapshot import counted_facts
from custrata.pipeline.view import RunSource, known_at, view_of
from custrata.pipeline.windows import Windows, has_own_window
from custrata.schema import INSTANT
from custrata.tiering import GradingContext
from custrata.tiering.checking import conditions
from custrata.tiering.schemes import Scheme

WITHOUT = {"customer_id": "string", "scheme": "string", "tier_without": "string", "status_without": "string"}


@dataclass(frozen=True)
class LateContext:
    """Inputs of the second grading besides the facts: the same as of the first."""

    source: RunSource
    moment: AsOf
    before: Run
    decisions: AppliedDecisions
    schemes: Sequence[Scheme]
    lines: Lines
    handover: Handover
    population: Population

    @property
    def engine(self) -> Engine:
        """The engine of the run."""
        return self.source.engine


def with_lateness(changes: ir.Table, late: ir.Table, profile: ir.Table, of: LateContext, keep: Keep) -> ir.Table:
    """The changes of a run, `late` set where late orders caused them.

    Parameters: `changes` as `custrata.pipeline.history.changes` returns them; `late` the customers with late orders;
    `profile` the profile of the run; `keep` caches a table.
    """
    suspects = changes.semi_join(late, "customer_id").filter(changes.direction != "left")
    keys = [row["scheme"] for row in of.engine.arrow(suspects.select("scheme").distinct()).to_pylist()]
    if not keys:
        return changes
    tiers = keep(_tiers_without(late, profile, keys, of, keep))
    both = changes.left_join(tiers, ["customer_id", "scheme"])
    tier = ~both.tier.identical_to(both.tier_without)
    status = (both.direction == "stayed") & ~both.status.identical_to(both.status_without.nullif("computed"))
    has_late = both.customer_id.isin(late.customer_id) & (both.direction != "left")
    marked = both.mutate(late=has_late & (tier | status))
    return marked.select(*changes.columns)


def _needed(keys: Sequence[str], schemes: Sequence[Scheme]) -> list[Scheme]:
    """The schemes of these keys and those they read, in order of dependency."""
    by_key, waiting, needed = {scheme.key: scheme for scheme in schemes}, list(keys), set[str]()
    while waiting:
        key = waiting.pop()
        if key not in needed:
            needed.add(key)
            waiting += by_key[key].needs(by_key)
    return [scheme for scheme in schemes if scheme.key in needed]


def _tiers_without(late: ir.Table, profile: ir.Table, keys: Sequence[str], of: LateContext, keep: Keep) -> ir.Table:
    """Columns of `WITHOUT`: tier and status of the customers with late orders, graded without these orders."""
    schemes = _needed(keys, of.schemes)
    timely = of.source.with_orders(partial(_without_late_orders, of))
    theirs = timely.with_orders(lambda orders: orders.semi_join(late, "customer_id"))
    since = first_day(of.source.facts.orders, of.moment)
    order_facts = replace(known_at(theirs, of.moment, keep), everyone=of.population, since=since)
    view = view_of(theirs, order_facts, of.moment, of.decisions, keep)
    whole = keep(_combined(view.profile.semi_join(late, "customer_id"), profile.anti_join(late, "customer_id")))
    # Schemes that count facts or have their own window need the orders of all other customers as well.
    everyone = order_facts
    if any(map(_needs_all_orders, schemes)):
        everyone = replace(known_at(timely, of.moment, keep), everyone=of.population, since=since)
    windows = Windows(everyone, of.moment, keep)
    facts = counted_facts(timely.facts, everyone)
    models, unknown = models_of(of.lines), uncovered(since, of.moment)
    context = GradingContext(NOT_LEARNED, of.population.period, of.moment, facts, models, keep, unknown)
    grader = Grader(whole, context, of.decisions, of.before, of.engine, keep, windows, of.handover)
    for scheme in schemes:
        grader.grade(scheme)
    graded = {key: grader.results[key].semi_join(late, "customer_id") for key in keys if key in grader.results}
    return _stacked(graded)


def _needs_all_orders(scheme: Scheme) -> bool:
    counts = any(condition.needs.facts for condition in conditions(scheme.definition))
    return counts or has_own_window(scheme) or scheme.definition.qualify != "rolling"


def _without_late_orders(of: LateContext, orders: ir.Table) -> ir.Table:
    """The orders without the late ones: those dated before the previous run but imported after it."""
    at, previous_as_of = (
        ibis.literal(instant).cast(INSTANT) for instant in (GradedRun.of(of.before).created_at, of.before.as_of)
    )
    late = (epoch_micros(orders.ordered_at) < epoch_micros(previous_as_of)) & (
        epoch_micros(orders.imported_at) > epoch_micros(at)
    )
    return orders.filter(~late)


def _combined(theirs: ir.Table, rest: ir.Table) -> ir.Table:
    """The union of both tables, in the columns of a profile without tiers."""
    kinds = {name: kind for name, kind in theirs.schema().items() if name in rest.columns}
    return ibis.union(
        theirs.select(**{name: theirs[name].cast(kind) for name, kind in kinds.items()}),
        rest.select(**{name: rest[name].cast(kind) for name, kind in kinds.items()}),
    )


def _stacked(graded: Mapping[str, ir.Table]) -> ir.Table:
    """A row per customer and scheme."""
    parts = []
    for key, table in graded.items():
        status = table.status if "status" in table.columns else ibis.null("string")
        values: dict[str, Any] = {
            "customer_id": table.customer_id,
            "scheme": ibis.literal(key),
            "tier_without": table.tier,
            "status_without": status,
        }
        parts.append(table.select(**{name: values[name].cast(kind) for name, kind in WITHOUT.items()}))
    return reduce(lambda left, right: left.union(right), parts)
