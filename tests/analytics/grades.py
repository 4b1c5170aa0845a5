"""A shop graded by every built-in scheme on one engine, each step computed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import SilenceCurve
from custrata.analytics.silence_learning import learn_silence
from custrata.analytics.sources import canonical_feedback, canonical_lines, canonical_orders
from custrata.analytics.traits import KnownFacts, joined_by_customer, known_facts, order_traits
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.grading import Grader
from custrata.pipeline.windows import Windows
from custrata.tiering import BUILT_IN, GradingContext
from tests.analytics.conftest import orders_table
from tests.analytics.population import Shop, feedback_table, lines_table


@dataclass(frozen=True)
class Graded:
    """Per customer the profile with `<scheme>_<column>`; per scheme what decided, as it is and as a run keeps it; the
    curve of the lifecycle."""

    rows: dict[str, dict[str, Any]]
    gradings: dict[str, Grading]
    records: dict[str, dict[str, Any]]
    curve: SilenceCurve

    def column(self, name: str) -> dict[str, Any]:
        """One column as customer → value."""
        return {customer: row[name] for customer, row in self.rows.items()}


def profiled(engine: Engine, shop: Shop, moment: AsOf) -> tuple[ir.Table, KnownFacts]:
    """The traits of every customer, and what they were worked out from."""
    zone = moment.zone
    orders = canonical_orders(engine.from_arrow(orders_table(shop.orders)), zone)
    order_facts = known_facts(engine.materialize(orders), moment, keep=engine.materialize)
    lines = canonical_lines(engine.from_arrow(lines_table(shop.lines)), zone)
    answers = canonical_feedback(engine.from_arrow(feedback_table(shop.feedback)), zone)
    profile = joined_by_customer(order_traits(order_facts, moment, lines=lines), advocacy(answers, moment))
    return engine.materialize(profile), order_facts


def graded(
    engine: Engine, shop: Shop, as_of: datetime | str, zone: str = "UTC", schemes: Iterable[str] = BUILT_IN
) -> Graded:
    """Traits once, the schemes one after the other; side by side in Python, since Spark plans a join for seconds."""
    moment = AsOf.of(as_of, zone)
    answers = canonical_feedback(engine.from_arrow(feedback_table(shop.feedback)), zone)
    facts = {"feedback": answers.mutate(at=epoch_micros(answers.given_at))} if shop.feedback else {}
    return graded_by_every_scheme(engine, *profiled(engine, shop, moment), moment, facts=facts, schemes=schemes)


def graded_by_every_scheme(
    engine: Engine,
    profile: ir.Table,
    order_facts: KnownFacts,
    moment: AsOf,
    *,
    facts: Mapping[str, ir.Table] | None = None,
    schemes: Iterable[str] = BUILT_IN,
) -> Graded:
    """A profile graded by every scheme, or by the named ones, from what it was worked out from."""
    curve = learn_silence(order_facts.paced, moment)
    context = GradingContext(curve, order_facts.everyone.period, moment, facts or {})
    windows = Windows(order_facts, moment, engine.materialize)
    grader = Grader(profile, context, AppliedDecisions({}), None, engine, engine.materialize, windows)
    for key in schemes:
        grader.grade(BUILT_IN[key])
    rows: dict[str, dict[str, Any]] = {row["customer_id"]: row for row in engine.arrow(profile).to_pylist()}
    for key, table in grader.results.items():
        for row in engine.arrow(_named(table, key)).to_pylist():
            rows[row["customer_id"]] |= row
    return Graded(rows, grader.gradings, grader.records, curve)


def _named(table: ir.Table, key: str) -> ir.Table:
    return table.rename(**{f"{key}_{name}": name for name in table.columns if name != "customer_id"})
