"""The golden record: one row per customer, merged from all records of the customer."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.schema import CUSTOMER_RECORDS
from custrata.schema.tables import ORIGIN

ATTRIBUTES = tuple(
    column.name
    for column in CUSTOMER_RECORDS
    if column.name not in {"source_id", "customer_id", *(origin.name for origin in ORIGIN)}
)
# Only a source knows when somebody signed up.
EDITABLE = tuple(name for name in ATTRIBUTES if name != "registered_at")
MOST_CUSTOM_TRAITS = 200
YES, NO = ("true", "yes", "y", "1", "是", "有"), ("false", "no", "n", "0", "否", "无", "無")


def _ranked(records: ir.Table) -> ir.Table:
    """Each customer's records numbered from the oldest, so that the newest non-empty value is the one of highest rank.

    Newer beats older, by the time the source gives, else by import; of equals the later import, then the name of the
    source decides.
    """
    changed_at = ibis.coalesce(records.updated_at, records.imported_at)
    order = ibis.row_number().over(
        group_by=records.customer_id, order_by=[changed_at, records.imported_at, records.source, records.source_id]
    )
    return records.mutate(rank=order)


def golden_customers(records: ir.Table, edits: ir.Table | None = None) -> ir.Table:
    """One row per customer: `customer_id` and each attribute, newest non-empty value, unless a person edited it.

    `records` is the canonical table `customer_records`; `edits` has one row per `customer_id` and `attribute` of
    `EDITABLE`, and what the attribute is to be as `value`, a text; empty where it is to be empty.
    """
    ranked = _ranked(records)
    newest = {name: ranked[name].argmax(ranked["rank"], where=ranked[name].notnull()) for name in ATTRIBUTES}
    customers = ranked.group_by("customer_id").aggregate(**newest)
    return customers if edits is None else _with_edits(customers, edits)


def _with_edits(customers: ir.Table, edits: ir.Table) -> ir.Table:
    """The customers with edited attributes replaced; a customer that no source has consists of the edits alone."""
    by_hand = {f"to_{name}": edits.value.max(where=edits.attribute == name) for name in EDITABLE}
    marked = {f"is_{name}": (edits.attribute == name).any() for name in EDITABLE}
    wide = edits.group_by(edited_customer=edits.customer_id).aggregate(**by_hand, **marked)
    both = customers.outer_join(wide, customers.customer_id == wide.edited_customer)
    final: dict[str, ir.Value] = {"customer_id": ibis.coalesce(both.customer_id, both.edited_customer)}
    for name, kind in customers.drop("customer_id").schema().items():
        value = both[name]
        if name in EDITABLE:
            to = both[f"to_{name}"] if kind.is_string() else both[f"to_{name}"].try_cast(kind)
            value = both[f"is_{name}"].fill_null(False).ifelse(to, value)
        final[name] = value
    return both.select(**final)


def custom_traits(records: ir.Table, taken: frozenset[str]) -> tuple[ir.Table, dict[str, str]]:
    """The columns a file brought that have no place of their own, one column each, newest non-empty value.

    Returns the table (`customer_id` and a text column each) and what header each column had. A name that is `taken`
    gets `_2` behind it. The 200 that most customers have are kept as columns; all stay in the lake.
    """
    keyed = records.filter(records.properties.notnull()).select(key=records.properties.keys().unnest())
    counted = keyed.group_by("key").aggregate(records=keyed.count())
    frequent = counted.order_by(counted.records.desc(), counted.key).limit(MOST_CUSTOM_TRAITS)
    headers = cast(list[str], frequent.to_pyarrow().to_pydict()["key"])
    names = {f"{header}_2" if header in taken else header: header for header in headers}
    ranked = _ranked(records)
    with_properties = ranked.filter(ranked.properties.notnull())
    newest = {
        name: with_properties.properties.get(header).argmax(
            with_properties["rank"], where=with_properties.properties.get(header).notnull()
        )
        for name, header in names.items()
    }
    if not newest:
        return ranked.select("customer_id").distinct(), {}
    return with_properties.group_by("customer_id").aggregate(**newest), names


def with_typed_payments(custom: ir.Table) -> ir.Table:
    """Custom traits in which `late_share`, the share of payments made late, is a number, and `overdue` true or false.

    Files bring them as texts; what is neither is empty.
    """
    typed: dict[str, ir.Value] = {}
    if "late_share" in custom.columns:
        typed["late_share"] = custom.late_share.try_cast("decimal(18, 6)")
    if "overdue" in custom.columns:
        answer = custom.overdue.lower()
        typed["overdue"] = ibis.cases((answer.isin(YES), True), (answer.isin(NO), False), else_=ibis.null("boolean"))
    return custom.mutate(**typed) if typed else custom
