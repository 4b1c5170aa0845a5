"""Changes between two runs: since when a customer is in a tier, and who moved."""

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
from custrata.pipeline.graded import GradedRun
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

LEFT = "left"  # direction and status of customers who are no longer in the run

Schemes = Mapping[str, Mapping[str, Any]]


def with_history(
    graded: ir.Table, schemes: Sequence[str], before: Run | None, engine: Engine, moment: AsOf
) -> ir.Table:
    """Add `<scheme>_before`, the tier at the previous run, and `<scheme>_since`, when the present one was entered.

    `<scheme>_was_status` is the previous status, where there was one. Tiers with a life already have a `since`.
    """
    now = ibis.literal(moment.instant).cast(INSTANT)
    if before is None:
        first = {f"{key}_before": ibis.null("string") for key in schemes}
        return graded.mutate(**first, **_since(graded, schemes, now))
    previous_profile = before.read("profile", engine)
    previous_keys = [key for key in schemes if f"{key}_since" in previous_profile.columns]
    previous = previous_profile.select(
        before_customer="customer_id",
        **{f"{key}_before": previous_profile[f"{key}_tier"] for key in previous_keys},
        **{f"{key}_entered": previous_profile[f"{key}_since"].cast(INSTANT) for key in previous_keys},
        **{
            f"{key}_was_status": previous_profile[f"{key}_status"]
            for key in previous_keys
            if f"{key}_status" in previous_profile.columns
        },
    )
    both = graded.left_join(previous, graded.customer_id == previous.before_customer)
    added: dict[str, ir.Value] = {}
    for key in schemes:
        old = both[f"{key}_before"] if key in previous_keys else ibis.null("string")
        entered = both[f"{key}_entered"] if key in previous_keys else now
        stayed = (old == both[f"{key}_tier"]).fill_null(False)
        added[f"{key}_before"] = old
        if f"{key}_since" not in graded.columns:
            added[f"{key}_since"] = stayed.ifelse(entered, now)
    was = {name: both[name] for name in previous.columns if name.endswith("_was_status")}
    return both.select(*graded.columns, **added, **was)


def _since(graded: ir.Table, schemes: Sequence[str], now: ir.Value) -> dict[str, ir.Value]:
    return {f"{key}_since": now for key in schemes if f"{key}_since" not in graded.columns}


def late_customers(orders: ir.Table, before: Run | None) -> ir.Table | None:
    """Customers with orders imported after the previous run but dated before it: `customer_id`, `late_orders`.

    The previous run could not include them: a change that they alone cause is a correction, not a move.
    """
    if before is None:
        return None
    at = ibis.literal(GradedRun.of(before).created_at).cast(INSTANT)
    previous_as_of = ibis.literal(before.as_of).cast(INSTANT)
    late = orders.filter(
        orders.customer_id.notnull(),
        epoch_micros(orders.ordered_at) < epoch_micros(previous_as_of),
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
    """Who entered, moved up or down, changed status, or left since the previous run; by customer and scheme.

    Columns of `CHANGES`; `late` is false here and set by `custrata.pipeline.lateness`. `gone` are the customers of the
    previous run that this one no longer has, as `departed_customers` returns them: their tier ends, and `tier` is
    empty. The first run has no changes: the history starts with its profile.
    """
    if before is None or not schemes:
        return engine.from_arrow(CHANGES.to_pyarrow().empty_table())
    parts = [_moved(tiers, key, scheme_record, moment) for key, scheme_record in schemes.items()]
    if gone is not None:
        left_schemes = [(key, scheme_record) for key, scheme_record in schemes.items() if f"{key}_tier" in gone.columns]
        parts += [_departures(gone, key, scheme_record, moment) for key, scheme_record in left_schemes]
    return reduce(lambda left, right: left.union(right), parts)


def departed_customers(tiers: ir.Table, schemes: Schemes, before: Run | None, engine: Engine) -> ir.Table | None:
    """Customers of the previous run who are not in this one, with the tier they had in each scheme."""
    if before is None:
        return None
    previous_profile = before.read("profile", engine)
    named = [name for name in previous_profile.columns if name in {f"{key}_tier" for key in schemes}]
    return previous_profile.select("customer_id", *named).anti_join(tiers.select("customer_id"), "customer_id")


def _departures(gone: ir.Table, key: str, scheme_record: Mapping[str, Any], moment: AsOf) -> ir.Table:
    """The changes of customers who left a scheme: no fact or record has their number any more."""
    members = gone.filter(gone[f"{key}_tier"].notnull())
    values = {
        "customer_id": members.customer_id,
        "scheme": ibis.literal(key),
        "version": ibis.literal(scheme_record["version"]),
        "direction": ibis.literal(LEFT),
        "from_tier": members[f"{key}_tier"],
        "at": ibis.literal(moment.instant),
        "status": ibis.literal(LEFT),
        "reason": ibis.literal("no_facts"),
        "late": ibis.literal(False),
    }
    columns = {name: values.get(name, ibis.null(kind)).cast(kind) for name, kind in CHANGES.items()}
    return members.select(**columns)


def _moved(tiers: ir.Table, key: str, scheme_record: Mapping[str, Any], moment: AsOf) -> ir.Table:
    tier, old = tiers[f"{key}_tier"], tiers[f"{key}_before"]
    status, was = _status(tiers, f"{key}_status"), _status(tiers, f"{key}_was_status")
    moved = tiers.filter(old.isnull() | (old != tier) | ~status.identical_to(was))
    climb = _rank(old, scheme_record["tiers"]) - _rank(tier, scheme_record["tiers"])
    directions = ((old.isnull(), "entered"), (old == tier, "stayed"), (climb > 0, "up"))
    has_status = f"{key}_status" in tiers.columns
    return moved.select(
        "customer_id",
        scheme=ibis.literal(key),
        version=ibis.literal(scheme_record["version"], "int32"),
        direction=ibis.cases(*directions, else_="down"),
        from_tier=old,
        tier=tier,
        value=moved[f"{key}_value"].cast("decimal(38, 4)"),
        at=ibis.literal(moment.instant).cast(INSTANT),
        status=status,
        reason=moved[f"{key}_reason"] if has_status else ibis.null("string"),
        until=moved[f"{key}_until"].cast(INSTANT) if has_status else ibis.null(INSTANT),
        late=ibis.literal(False),
    )


def _status(tiers: ir.Table, name: str) -> ir.Value:
    """A status, empty where a tier follows its value, independent of overrides of other customers."""
    return tiers[name].nullif("computed") if name in tiers.columns else ibis.null("string")


def _rank(tier: ir.Value, tiers: Sequence[str]) -> ir.Value:
    """The rank of a tier, 0 the best."""
    if not tiers:
        return ibis.literal(0)
    return ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)], else_=len(tiers))
