"""Summary of a run for charts, small enough for its record."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import discrete_quantile
from custrata.pipeline.histogram import Bins, histogram
from custrata.schema import SUM

PARETO_POINTS = 100
HISTOGRAMS = {"recency_days": "days", "orders": "orders", "spend": "money", "average_order_value": "money"}
BINS = 20
READ = (
    "orders", "orders_all", "orders_90d", "spend", "spend_90d", "spend_all", "recency_days", "average_order_value",
    "rfm_r_score", "rfm_f_score", "rfm_label", "rfm_monetary",
)  # fmt: skip
PARTS = ("tier", "before", "value", "since", "status", "was_status", "reason", "until")


def narrowed(graded: ir.Table, keys: Collection[str]) -> ir.Table:
    """The columns of a profile that history and summary need."""
    columns = [*READ, *(f"{key}_{part}" for key in keys for part in PARTS)]
    return graded.select("customer_id", *[name for name in columns if name in graded.columns])


def summary(tiers: ir.Table, keys: Collection[str]) -> dict[str, Any]:
    """Sizes of tiers, moves since the run before, the RFM map, Pareto points and histograms, of a narrowed profile.

    Money is a decimal, so that the tiers of a scheme add up to the whole, to the cent.
    """
    moves = {key: _rows(_moves(tiers, key)) for key in keys}
    has_rfm = "rfm_r_score" in tiers.columns
    return {
        "headline": _rows(_headline(tiers))[0],
        "tiers": {key: _sizes(rows) for key, rows in moves.items()},
        "moves": moves,
        "rfm_map": _rows(_rfm_map(tiers)) if has_rfm else [],
        "rfm_labels": _rows(_labels(tiers)) if has_rfm else [],
        "pareto": _pareto(tiers),
        "histograms": _histograms(tiers),
    }


def _sizes(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The size of each tier: all moves that end in it."""
    sizes: dict[str, dict[str, Any]] = {}
    for move in moves:
        size = sizes.setdefault(move["target"], {"tier": move["target"], "customers": 0, "revenue": Decimal(0)})
        size["customers"] += move["customers"]
        size["revenue"] += move["revenue"]
    return list(sizes.values())


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
    return value.sum().fill_null(ibis.literal(0).cast(SUM)).cast(SUM)


def _labels(graded: ir.Table) -> ir.Table:
    labelled = graded.filter(graded.rfm_label.notnull())
    sizes = labelled.group_by(tier="rfm_label").aggregate(customers=labelled.count(), revenue=_money(labelled.spend))
    return sizes.order_by("tier")


def _moves(graded: ir.Table, key: str) -> ir.Table:
    """How many customers, with what spend, came from which tier to which."""
    moved = graded.group_by(source=f"{key}_before", target=f"{key}_tier").aggregate(
        customers=graded.count(), revenue=_money(graded.spend)
    )
    return moved.order_by("source", "target")


def _rfm_map(graded: ir.Table) -> ir.Table:
    scored = graded.filter(graded.rfm_r_score.notnull())
    return (
        scored.group_by(r="rfm_r_score", f="rfm_f_score")
        .aggregate(customers=scored.count(), monetary=_money(scored.rfm_monetary))
        .order_by("r", "f")
    )


def _pareto(graded: ir.Table) -> list[dict[str, Any]]:
    """Of the customers with positive spend, from the best: the cumulated spend at every hundredth.

    Amounts are ranked instead of customers, who are many more: those of one amount follow each other.
    """
    spent = graded.filter(graded.spend > 0)
    amounts = spent.group_by("spend").aggregate(customers=spent.count(), total=spent.spend.sum())
    down = ibis.window(order_by=amounts.spend.desc(), rows=(None, 0))
    running = amounts.mutate(
        last=amounts.customers.sum().over(down).cast("int64"),
        cumulated=amounts.total.sum().over(down),
        many=amounts.customers.sum().over(ibis.window()).cast("int64"),
    )
    earlier = running["last"] - running.customers
    steps, earlier_steps = ((place * PARETO_POINTS) // running.many for place in (running["last"], earlier))
    holding = running.filter((steps > earlier_steps) | (earlier == 0))
    money = {name: holding[name].cast(SUM) for name in ("spend", "cumulated")}
    rows = _rows(holding.select("customers", "last", "many", **money).order_by("last"))
    return [point for row in rows for point in _points(**row)]


def _points(*, customers: int, last: int, many: int, spend: Decimal, cumulated: Decimal) -> list[dict[str, Any]]:
    """The points among the customers of one amount, the last of whom has that place of many."""
    places = {1, *(-(-many * step // PARETO_POINTS) for step in range(1, PARETO_POINTS + 1))}
    within = sorted(place for place in places if last - customers < place <= last)
    return [{"customers": place, "spend": cumulated - (last - place) * spend} for place in within]


def _histograms(graded: ir.Table) -> dict[str, dict[str, Any]]:
    """Twenty equal bins from the minimum to the 99th percentile; the last includes all beyond."""
    has = graded.filter(graded.orders > 0)
    aggregates = {
        f"{name}_{end}": value
        for name in HISTOGRAMS
        for end, value in (
            ("low", has[name].min().cast("float64")),
            ("high", has[name].cast("float64").quantile(0.99)),
            ("median", discrete_quantile(has[name], 0.5)),
        )
    }
    ends = _rows(has.aggregate(**aggregates))[0]
    return {
        name: _recorded(has[name], unit, ends[f"{name}_low"], ends[f"{name}_high"], ends[f"{name}_median"])
        for name, unit in HISTOGRAMS.items()
    }


def _recorded(value: ir.Value, unit: str, low: float | None, high: float, median: Any) -> dict[str, Any]:
    if low is None:
        return {"edges": [], "counts": [], "median": None}
    bins = Bins(low, max((high - low) / BINS, 0.01 if unit == "money" else 1.0), BINS)
    return {
        "edges": [round(edge, 2) for edge in bins.edges],
        "counts": list(histogram(value, bins)),
        "median": median,
    }
