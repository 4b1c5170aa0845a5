"""The life of a tier between two runs: since when a customer is in it, and who moved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.lake import Run
from custrata.schema import INSTANT

CHANGES = ibis.schema(
    {
        "customer_id": "string",
        "scheme": "string",
        "direction": "string",
        "from_tier": "string",
        "tier": "string",
        "value": "decimal(18, 4)",
        "at": INSTANT,
    }
)


def with_since(graded: ir.Table, before: Run | None, engine: Engine, moment: AsOf, schemes: list[str]) -> ir.Table:
    """Add `<scheme>_since`: the instant of the run in which the customer entered the tier she is in."""
    now = ibis.literal(moment.instant).cast(INSTANT)
    published = [key for key in schemes if f"{key}_tier" in graded.columns]
    if before is None:
        return graded.mutate(**{f"{key}_since": now for key in published})
    former = before.read("profile", engine)
    known = [key for key in published if f"{key}_since" in former.columns]
    kept = former.select(
        before_customer="customer_id",
        **{f"before_{key}": former[f"{key}_tier"] for key in known},
        **{f"before_{key}_since": former[f"{key}_since"] for key in known},
    )
    both = graded.left_join(kept, graded.customer_id == kept.before_customer)
    since = {
        f"{key}_since": (both[f"before_{key}"] == both[f"{key}_tier"])
        .fill_null(False)
        .ifelse(both[f"before_{key}_since"].cast(INSTANT), now)
        if key in known
        else now
        for key in published
    }
    return both.select(*graded.columns, **since)


def changes(graded: ir.Table, before: Run | None, engine: Engine, schemes: Mapping[str, Mapping[str, Any]]) -> ir.Table:
    """Who entered, went up, went down or left since the run before, one row per customer and scheme.

    Columns of `CHANGES`. The first run has none: its profile is the opening of the history.
    """
    if before is None:
        return engine.from_arrow(CHANGES.to_pyarrow().empty_table())
    former = before.read("profile", engine)
    parts = [
        _moved(graded, former, key, list(decided["tiers"]))
        for key, decided in schemes.items()
        if f"{key}_tier" in graded.columns and f"{key}_tier" in former.columns
    ]
    return reduce(lambda left, right: left.union(right), parts)


def _moved(graded: ir.Table, former: ir.Table, key: str, tiers: list[str]) -> ir.Table:
    old = former.select(old_customer="customer_id", from_tier=former[f"{key}_tier"])
    new = graded.select("customer_id", tier=f"{key}_tier", value=f"{key}_value", at=f"{key}_since")
    both = new.left_join(old, new.customer_id == old.old_customer)
    moved = both.filter(both.from_tier.isnull() | (both.from_tier != both.tier))
    climb = _rank(moved.from_tier, tiers) - _rank(moved.tier, tiers)
    direction = ibis.cases((moved.from_tier.isnull(), "entered"), (climb > 0, "up"), else_="down")
    return moved.select(
        "customer_id",
        scheme=ibis.literal(key),
        direction=direction,
        from_tier=moved.from_tier,
        tier=moved.tier,
        value=moved.value.cast("decimal(18, 4)"),
        at=moved["at"].cast(INSTANT),
    )


def _rank(tier: ir.Value, tiers: list[str]) -> ir.Value:
    """The place of a tier, 0 the best."""
    return ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)], else_=len(tiers))
