"""What order lines tell of products: the latest word on every attribute."""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

from custrata.ingest.people import age_of
from custrata.ingest.plan import Plan
from custrata.schema import PRODUCTS

LINE_FIELDS = {"name": "product_name", "category": "category", "subcategory": "subcategory", "brand": "brand",
        "list_price": "list_price"}  # fmt: skip


def products_from_lines(rows: ir.Table, plan: Plan) -> ir.Table | None:
    """One row per product of a lines file that tells of products; None where it tells nothing.

    A line that was paid for is believed before one that was not: stock keepers write their remarks into the name.
    """
    fields = {name: field for name, field in LINE_FIELDS.items() if plan.has(field)}
    if not fields or not plan.has("product_id"):
        return None
    identified = rows.filter(rows.product_id.notnull())
    return identified.group_by("product_id").agg(**{name: _latest(identified, field) for name, field in fields.items()})


def _latest(rows: ir.Table, field: str) -> ir.Scalar:
    age, present = age_of(rows), rows[field].notnull()
    return ibis.coalesce(
        rows[field].argmax(age, where=present & (rows.amount > 0)), rows[field].argmax(age, where=present)
    )


def merged_with_existing(products: ir.Table, existing: ir.Table, own: Collection[str]) -> ir.Table:
    """New products with what the lake knows of them besides; what a products file said (`own` imports) stays."""
    carried_over = ("properties", "updated_at", "source")
    old = existing.select(
        "product_id",
        existing__own=existing.import_id.isin(sorted(own)) if own else ibis.literal(False),
        **{f"{name}__old": existing[name] for name in (*LINE_FIELDS, *carried_over)},
    )
    both = products.left_join(old, "product_id")
    stays = both.existing__own.fill_null(False)
    columns: dict[str, ir.Value] = {}
    for name in LINE_FIELDS:
        new = both[name] if name in products.columns else ibis.null(PRODUCTS[name].type)
        before = both[f"{name}__old"]
        columns[name] = stays.ifelse(ibis.coalesce(before, new), ibis.coalesce(new, before))
    columns |= {name: both[f"{name}__old"] for name in carried_over}
    return both.select("product_id", **columns)
