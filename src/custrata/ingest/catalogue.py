"""Product attributes taken from order lines: the latest value of every attribute."""

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
    """One row per product of a lines file with product columns; None where it has none.

    Lines with an amount take precedence over lines without: stock corrections often have remarks in the name.
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
    """New products merged with those of the lake; values from products files (`own` imports) take precedence."""
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
