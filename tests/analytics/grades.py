"""A shop graded by every built-in scheme on one engine, each step computed once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.need import needs
from custrata.analytics.silence import SilenceCurve, learn_silence
from custrata.analytics.sources import canonical_feedback, canonical_lines, canonical_orders
from custrata.analytics.traits import Known, joined_by_customer, known_facts, order_traits
from custrata.engine import Engine
from custrata.tiering import BUILT_IN, Context
from tests.analytics.conftest import orders_table
from tests.analytics.population import Shop, feedback_table, lines_table


@dataclass(frozen=True)
class Graded:
    """Per customer the profile with `<scheme>_<column>`; per scheme what decided; the curve of the lifecycle."""

    rows: dict[str, dict[str, Any]]
    gradings: dict[str, Grading]
    curve: SilenceCurve

    def column(self, name: str) -> dict[str, Any]:
        """One column as customer → value."""
        return {customer: row[name] for customer, row in self.rows.items()}


def profiled(engine: Engine, shop: Shop, moment: AsOf) -> tuple[ir.Table, Known]:
    """The traits of every customer, and what they were worked out from."""
    zone = moment.zone
    orders = canonical_orders(engine.from_arrow(orders_table(shop.orders)), zone)
    known = known_facts(engine.materialize(orders), moment, keep=engine.materialize)
    lines = canonical_lines(engine.from_arrow(lines_table(shop.lines)), zone)
    answers = canonical_feedback(engine.from_arrow(feedback_table(shop.feedback)), zone)
    heard = (advocacy(answers, moment), needs(answers, moment))
    profile = joined_by_customer(order_traits(known, moment, lines=lines), *heard)
    return engine.materialize(profile), known


def graded(engine: Engine, shop: Shop, as_of: datetime | str, zone: str = "UTC") -> Graded:
    """Traits once, the schemes one after the other; side by side in Python, since Spark plans a join for seconds."""
    moment = AsOf.of(as_of, zone)
    return graded_by_every_scheme(engine, *profiled(engine, shop, moment), moment)


def graded_by_every_scheme(engine: Engine, profile: ir.Table, known: Known, moment: AsOf) -> Graded:
    """A profile graded by every scheme, from what it was worked out from."""
    curve = learn_silence(known.paced, moment)
    gradings: dict[str, Grading] = {}
    results: dict[str, ir.Table] = {}
    for key, scheme in BUILT_IN.items():
        before = [results[need] for need in scheme.needs]
        gradings[key] = scheme.grade(joined_by_customer(profile, *before), Context(curve, known.everyone.period))
        results[key] = engine.materialize(_named(gradings[key].table(), key))
    rows: dict[str, dict[str, Any]] = {row["customer_id"]: row for row in engine.arrow(profile).to_pylist()}
    for table in results.values():
        for row in engine.arrow(table).to_pylist():
            rows[row["customer_id"]] |= row
    return Graded(rows, gradings, curve)


def _named(table: ir.Table, key: str) -> ir.Table:
    return table.rename(**{f"{key}_{name}": name for name in table.columns if name != "customer_id"})
