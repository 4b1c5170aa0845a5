"""What order lines tell of products: the latest word on every attribute."""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

from custrata.ingest.people import age_of
from custrata.ingest.plan import Plan
from custrata.schema import PRODUCTS

TOLD = {"name": "product_name", "category": "category", "subcategory": "subcategory", "brand": "brand",
        "list_price": "list_price"}  # fmt: skip


def told_by_lines(rows: ir.Table, plan: Plan) -> ir.Table | None:
    """One row per product of a lines file that tells of products; None where it tells nothing.

    A line that was paid for is believed before one that was not: stock keepers write their remarks into the name.
    """
    told = {name: field for name, field in TOLD.items() if plan.has(field)}
    if not told or not plan.has("product_id"):
        return None
    known = rows.filter(rows.product_id.notnull())
    return known.group_by("product_id").agg(**{name: _latest(known, field) for name, field in told.items()})


def _latest(rows: ir.Table, field: str) -> ir.Scalar:
    age, said = age_of(rows), rows[field].notnull()
    return ibis.coalesce(rows[field].argmax(age, where=said & (rows.amount > 0)), rows[field].argmax(age, where=said))


def joined_with_known(products: ir.Table, known: ir.Table, own: Collection[str]) -> ir.Table:
    """New products with what the lake knows of them besides; what a products file said (`own` imports) stays."""
    kept = ("properties", "updated_at", "source")
    old = known.select(
        "product_id",
        known__own=known.import_id.isin(sorted(own)) if own else ibis.literal(False),
        **{f"{name}__old": known[name] for name in (*TOLD, *kept)},
    )
    both = products.left_join(old, "product_id")
    stays = both.known__own.fill_null(False)
    columns: dict[str, ir.Value] = {}
    for name in TOLD:
        new = both[name] if name in products.columns else ibis.null(PRODUCTS[name].type)
        before = both[f"{name}__old"]
        columns[name] = stays.ifelse(ibis.coalesce(before, new), ibis.coalesce(new, before))
    columns |= {name: both[f"{name}__old"] for name in kept}
    return both.select("product_id", **columns)
