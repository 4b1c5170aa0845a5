"""Filter rows by customer: those of some customers, and all others."""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.engine import Engine

FEW = 50  # up to this many are compared one by one, which keeps the order of rows


def rows_of_customers(rows: ir.Table, customer_ids: Collection[str], engine: Engine) -> ir.Table:
    """The rows of these customers."""
    if len(customer_ids) > FEW:
        return rows.semi_join(_id_table(customer_ids, engine), "customer_id")
    return rows.filter(_is_one_of(rows, customer_ids))


def rows_without(rows: ir.Table, customer_ids: Collection[str], engine: Engine) -> ir.Table:
    """The rows of all other customers, and those without a customer.

    >>> from custrata.engine import DuckEngine
    >>> with DuckEngine() as engine:
    ...     rows = engine.from_arrow(pa.table({"customer_id": ["a", None, "b"]}))
    ...     engine.arrow(rows_without(rows, ["a"], engine))["customer_id"].to_pylist()
    [None, 'b']
    """
    if len(customer_ids) > FEW:
        return rows.anti_join(_id_table(customer_ids, engine), "customer_id")
    return rows.filter(~_is_one_of(rows, customer_ids))


def _is_one_of(rows: ir.Table, customer_ids: Collection[str]) -> ir.BooleanValue:
    return ibis.or_(*(rows.customer_id.identical_to(customer_id) for customer_id in sorted(customer_ids)))


def _id_table(customer_ids: Collection[str], engine: Engine) -> ir.Table:
    return engine.from_arrow(pa.table({"customer_id": pa.array(sorted(set(customer_ids)), pa.string())}))
