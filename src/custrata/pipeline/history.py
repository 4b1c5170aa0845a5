"""The life of a tier between two runs: since when a customer is in it, and who moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.lake import Run
from custrata.schema import INSTANT
from custrata.tiering import BUILT_IN

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


def with_history(graded: ir.Table, before: Run | None, engine: Engine, moment: AsOf) -> ir.Table:
    """Add `<scheme>_before`, the tier at the run before, and `<scheme>_since`, when the present one was entered."""
    now = ibis.literal(moment.instant).cast(INSTANT)
    published = [key for key in BUILT_IN if f"{key}_tier" in graded.columns]
    if before is None:
        first = {f"{key}_before": ibis.null("string") for key in published}
        return graded.mutate(**first, **{f"{key}_since": now for key in published})
    former = before.read("profile", engine)
    known = [key for key in published if f"{key}_since" in former.columns]
    kept = former.select(
        before_customer="customer_id",
        **{f"{key}_before": former[f"{key}_tier"] for key in known},
        **{f"{key}_entered": former[f"{key}_since"].cast(INSTANT) for key in known},
    )
    both = graded.left_join(kept, graded.customer_id == kept.before_customer)
    added: dict[str, ir.Value] = {}
    for key in published:
        old = both[f"{key}_before"] if key in known else ibis.null("string")
        entered = both[f"{key}_entered"] if key in known else now
        stayed = (old == both[f"{key}_tier"]).fill_null(False)
        added |= {f"{key}_before": old, f"{key}_since": stayed.ifelse(entered, now)}
    return both.select(*graded.columns, **added)


def changes(tiers: ir.Table, before: Run | None, engine: Engine) -> ir.Table:
    """Who entered, went up or went down since the run before, one row per customer and scheme.

    Columns of `CHANGES`. The first run has none: its profile is the opening of the history.
    """
    if before is None:
        return engine.from_arrow(CHANGES.to_pyarrow().empty_table())
    parts = [_moved(tiers, key) for key in BUILT_IN if f"{key}_tier" in tiers.columns]
    return reduce(lambda left, right: left.union(right), parts)


def _moved(tiers: ir.Table, key: str) -> ir.Table:
    tier, old = tiers[f"{key}_tier"], tiers[f"{key}_before"]
    moved = tiers.filter(old.isnull() | (old != tier))
    climb = _rank(old, BUILT_IN[key].tiers) - _rank(tier, BUILT_IN[key].tiers)
    return moved.select(
        "customer_id",
        scheme=ibis.literal(key),
        direction=ibis.cases((old.isnull(), "entered"), (climb > 0, "up"), else_="down"),
        from_tier=old,
        tier=tier,
        value=moved[f"{key}_value"].cast("decimal(18, 4)"),
        at=moved[f"{key}_since"].cast(INSTANT),
    )


def _rank(tier: ir.Value, tiers: Sequence[str]) -> ir.Value:
    """The place of a tier, 0 the best."""
    return ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)], else_=len(tiers))
