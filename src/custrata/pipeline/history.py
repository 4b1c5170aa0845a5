"""The life of a tier between two runs: since when a customer is in it, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros
from custrata.lake import Run
from custrata.schema import INSTANT

CHANGES = ibis.schema(
    {
        "customer_id": "string",
        "scheme": "string",
        "version": "int32",
        "direction": "string",
        "from_tier": "string",
        "tier": "string",
        "value": "decimal(38, 4)",
        "at": INSTANT,
        "status": "string",
        "reason": "string",
        "until": INSTANT,
        "late": "boolean",
    }
)

LEFT = "left"  # the direction and status of whoever is in no run any more

Schemes = Mapping[str, Mapping[str, Any]]


def with_history(
    graded: ir.Table, schemes: Sequence[str], before: Run | None, engine: Engine, moment: AsOf
) -> ir.Table:
    """Add `<scheme>_before`, the tier at the run before, and `<scheme>_since`, when the present one was entered.

    Where tiers have a status, or had one, `<scheme>_was_status` is the former one. A life knows since when by itself.
    """
    now = ibis.literal(moment.instant).cast(INSTANT)
    if before is None:
        first = {f"{key}_before": ibis.null("string") for key in schemes}
        return graded.mutate(**first, **_since(graded, schemes, now))
    former = before.read("profile", engine)
    known = [key for key in schemes if f"{key}_since" in former.columns]
    kept = former.select(
        before_customer="customer_id",
        **{f"{key}_before": former[f"{key}_tier"] for key in known},
        **{f"{key}_entered": former[f"{key}_since"].cast(INSTANT) for key in known},
        **{f"{key}_was_status": former[f"{key}_status"] for key in known if f"{key}_status" in former.columns},
    )
    both = graded.left_join(kept, graded.customer_id == kept.before_customer)
    added: dict[str, ir.Value] = {}
    for key in schemes:
        old = both[f"{key}_before"] if key in known else ibis.null("string")
        entered = both[f"{key}_entered"] if key in known else now
        stayed = (old == both[f"{key}_tier"]).fill_null(False)
        added[f"{key}_before"] = old
        if f"{key}_since" not in graded.columns:
            added[f"{key}_since"] = stayed.ifelse(entered, now)
    was = {name: both[name] for name in kept.columns if name.endswith("_was_status")}
    return both.select(*graded.columns, **added, **was)


def _since(graded: ir.Table, schemes: Sequence[str], now: ir.Value) -> dict[str, ir.Value]:
    return {f"{key}_since": now for key in schemes if f"{key}_since" not in graded.columns}


def late_customers(orders: ir.Table, before: Run | None) -> ir.Table | None:
    """Customers of whom orders came after the run before that belong to the time it saw: `customer_id`, `late_orders`.

    The run before could not know of them: what they alone change is a correction, not a move of the customer's.
    """
    if before is None:
        return None
    at = ibis.literal(before.record["at"]).cast(INSTANT)
    seen = ibis.literal(before.as_of).cast(INSTANT)
    late = orders.filter(
        orders.customer_id.notnull(),
        epoch_micros(orders.ordered_at) < epoch_micros(seen),
        epoch_micros(orders.imported_at) > epoch_micros(at),
    )
    return late.group_by(customer_id=late.customer_id.cast("string")).aggregate(late_orders=late.count())


def changes(
    tiers: ir.Table,
    schemes: Schemes,
    *,
    before: Run | None,
    engine: Engine,
    moment: AsOf,
    gone: ir.Table | None = None,
) -> ir.Table:
    """Who entered, went up or down, stays with another status, or left since the run before; by customer and scheme.

    Columns of `CHANGES`; `late` is false: `custrata.pipeline.lateness` says of whom it is true. `gone` are the
    customers of the run before who are in this one no more, as `vanished` returns them: their tier ends, and `tier` is
    empty. The first run has no changes: its profile is the opening of the history.
    """
    if before is None or not schemes:
        return engine.from_arrow(CHANGES.to_pyarrow().empty_table())
    parts = [_moved(tiers, key, decided, moment) for key, decided in schemes.items()]
    if gone is not None:
        held = [(key, decided) for key, decided in schemes.items() if f"{key}_tier" in gone.columns]
        parts += [_left(gone, key, decided, moment) for key, decided in held]
    return reduce(lambda left, right: left.union(right), parts)


def vanished(tiers: ir.Table, schemes: Schemes, before: Run | None, engine: Engine) -> ir.Table | None:
    """Who was in the run before and is in this one no more, with the tier they had in each scheme."""
    if before is None:
        return None
    former = before.read("profile", engine)
    named = [name for name in former.columns if name in {f"{key}_tier" for key in schemes}]
    return former.select("customer_id", *named).anti_join(tiers.select("customer_id"), "customer_id")


def _left(gone: ir.Table, key: str, decided: Mapping[str, Any], moment: AsOf) -> ir.Table:
    """The end of a customer's life in a scheme: no fact or record bears the number any more."""
    held = gone.filter(gone[f"{key}_tier"].notnull())
    said = {
        "customer_id": held.customer_id,
        "scheme": ibis.literal(key),
        "version": ibis.literal(decided["version"]),
        "direction": ibis.literal(LEFT),
        "from_tier": held[f"{key}_tier"],
        "at": ibis.literal(moment.instant),
        "status": ibis.literal(LEFT),
        "reason": ibis.literal("no_facts"),
        "late": ibis.literal(False),
    }
    columns = {name: said.get(name, ibis.null(kind)).cast(kind) for name, kind in CHANGES.items()}
    return held.select(**columns)


def _moved(tiers: ir.Table, key: str, decided: Mapping[str, Any], moment: AsOf) -> ir.Table:
    tier, old = tiers[f"{key}_tier"], tiers[f"{key}_before"]
    status, was = _status(tiers, f"{key}_status"), _status(tiers, f"{key}_was_status")
    moved = tiers.filter(old.isnull() | (old != tier) | ~status.identical_to(was))
    climb = _rank(old, decided["tiers"]) - _rank(tier, decided["tiers"])
    directions = ((old.isnull(), "entered"), (old == tier, "stayed"), (climb > 0, "up"))
    told = f"{key}_status" in tiers.columns
    return moved.select(
        "customer_id",
        scheme=ibis.literal(key),
        version=ibis.literal(decided["version"], "int32"),
        direction=ibis.cases(*directions, else_="down"),
        from_tier=old,
        tier=tier,
        value=moved[f"{key}_value"].cast("decimal(38, 4)"),
        at=ibis.literal(moment.instant).cast(INSTANT),
        status=status,
        reason=moved[f"{key}_reason"] if told else ibis.null("string"),
        until=moved[f"{key}_until"].cast(INSTANT) if told else ibis.null(INSTANT),
        late=ibis.literal(False),
    )


def _status(tiers: ir.Table, name: str) -> ir.Value:
    """A status, empty where a tier follows its value: whether or not anybody else's is given by hand."""
    return tiers[name].nullif("computed") if name in tiers.columns else ibis.null("string")


def _rank(tier: ir.Value, tiers: Sequence[str]) -> ir.Value:
    """The place of a tier, 0 the best."""
    if not tiers:
        return ibis.literal(0)
    return ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)], else_=len(tiers))
