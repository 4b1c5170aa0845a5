"""What the pictures of a run need, small enough to be kept in its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.lake import Run
from custrata.schema import MONEY

PARETO_POINTS = 100
HISTOGRAMS = {"recency_days": "days", "orders": "orders", "spend": "money", "average_order_value": "money"}
BINS = 20


def summary(
    graded: ir.Table, moved: ir.Table, before: Run | None, engine: Engine, schemes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Sizes of tiers, moves since the run before, the RFM map, Pareto points and histograms of a graded profile.

    Money is a decimal, so that the tiers of a scheme add up to the whole, to the cent.
    """
    published = [key for key in schemes if f"{key}_tier" in graded.columns]
    return {
        "headline": _rows(_headline(graded))[0],
        "tiers": {key: _rows(_sizes(graded, f"{key}_tier")) for key in published},
        "moves": {key: _rows(_moves(graded, before, engine, key)) for key in published} if before else {},
        "rfm_map": _rows(_rfm_map(graded)),
        "rfm_labels": _rows(_sizes(graded.filter(graded.rfm_label.notnull()), "rfm_label")),
        "pareto": _rows(_pareto(graded)),
        "histograms": {name: _histogram(graded, name) for name in HISTOGRAMS},
    }


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], table.to_pyarrow().to_pylist())


def _headline(graded: ir.Table) -> ir.Table:
    return graded.aggregate(
        customers=graded.count(),
        active=graded.count(where=graded.orders_90d > 0),
        spend_90d=_money(graded.spend_90d),
        spend=_money(graded.spend),
        spend_all=_money(graded.spend_all),
        orders=graded.orders_all.sum().fill_null(0),
    )


def _money(value: ir.NumericColumn) -> ir.Value:
    return value.sum().fill_null(ibis.literal(0).cast(MONEY)).cast(MONEY)


def _sizes(graded: ir.Table, column: str) -> ir.Table:
    return (
        graded.group_by(tier=graded[column])
        .aggregate(customers=graded.count(), revenue=_money(graded.spend))
        .order_by("tier")
    )


def _moves(graded: ir.Table, before: Run | None, engine: Engine, key: str) -> ir.Table:
    assert before is not None
    former = before.read("profile", engine)
    if f"{key}_tier" not in former.columns:
        former = former.mutate(**{f"{key}_tier": ibis.null("string")})
    old = former.select(old_customer="customer_id", source=former[f"{key}_tier"])
    new = graded.select("customer_id", "spend", target=f"{key}_tier")
    both = new.left_join(old, new.customer_id == old.old_customer)
    return (
        both.group_by("source", "target")
        .aggregate(customers=both.count(), revenue=_money(both.spend))
        .order_by("source", "target")
    )


def _rfm_map(graded: ir.Table) -> ir.Table:
    scored = graded.filter(graded.rfm_r_score.notnull())
    return (
        scored.group_by(r="rfm_r_score", f="rfm_f_score")
        .aggregate(customers=scored.count(), monetary=_money(scored.rfm_monetary))
        .order_by("r", "f")
    )


def _pareto(graded: ir.Table) -> ir.Table:
    """Of the customers with positive spend, from the best: the cumulated spend at every hundredth."""
    spent = graded.filter(graded.spend > 0).select("customer_id", "spend")
    order = [spent.spend.desc(), spent.customer_id]
    running = spent.mutate(
        rank=ibis.row_number().over(order_by=order) + 1,
        cumulated=spent.spend.sum().over(order_by=order, rows=(None, 0)),
        many=spent.count().over(ibis.window()),
    )
    step = (running["rank"] * PARETO_POINTS) // running.many
    earlier = ((running["rank"] - 1) * PARETO_POINTS) // running.many
    points = running.filter((step > earlier) | (running["rank"] == 1))
    return points.select(customers=points["rank"], spend=points.cumulated.cast(MONEY)).order_by("customers")


def _histogram(graded: ir.Table, name: str) -> dict[str, Any]:
    """Twenty equal bins from the least to the 99th percentile; the last takes in all beyond."""
    has = graded.filter(graded.orders > 0, graded[name].notnull())
    ends = _rows(
        has.aggregate(low=has[name].min(), high=has[name].cast("float64").quantile(0.99), middle=has[name].median())
    )[0]
    if ends["low"] is None:
        return {"edges": [], "counts": [], "median": None}
    low = float(ends["low"])
    width = max((float(ends["high"]) - low) / BINS, 1.0 if HISTOGRAMS[name] != "money" else 0.01)
    place = ibis.least(((has[name].cast("float64") - low) / width).floor().cast("int64"), BINS - 1)
    counts = {row["place"]: row["n"] for row in _rows(has.group_by(place=place).aggregate(n=has.count()))}
    return {
        "edges": [round(low + width * number, 2) for number in range(BINS + 1)],
        "counts": [counts.get(number, 0) for number in range(BINS)],
        "median": ends["middle"],
    }
