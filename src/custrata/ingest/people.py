"""Customer attributes from files: parse phones, keep invalid values aside, take the newest of every attribute."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import epoch_micros
from custrata.ingest.contacts import phone_book
from custrata.ingest.dates import SECOND
from custrata.ingest.functions import map_concat, texts_by_name
from custrata.ingest.plan import Plan, Views
from custrata.ingest.staging import INDEX
from custrata.schema import CUSTOMER_RECORDS
from custrata.schema.tables import ORIGIN

FROM_ORDERS = "orders"
MOST_ROWS = 2**30  # a second of the year 2200 times this still fits 64 bits
ATTRIBUTES = tuple(
    column.name
    for column in CUSTOMER_RECORDS
    if column not in ORIGIN and column.name not in ("source_id", "customer_id", "kind", "registered_at")
)


def with_phones(views: Views, rows: ir.Table, plan: Plan, progress: Callable[[float], None]) -> ir.Table:
    """The rows with phone numbers parsed by the library; `phone__odd` keeps invalid ones."""
    if not plan.has("phone"):
        return rows
    odd = rows.filter(rows.phone__odd.notnull()).select(text=rows.phone__odd).distinct().order_by("text")
    numbers = views.engine.arrow(odd)["text"].to_pylist()
    if not numbers:
        return rows
    book = views.register(phone_book(numbers, plan.region, progress))
    joined = rows.left_join(book, rows.phone__odd == book.text)
    read = joined.mutate(
        phone=ibis.coalesce(joined.phone, joined.e164),
        phone__odd=joined.e164.isnull().ifelse(joined.phone__odd, ibis.null("string")),
    )
    return views.create(read.drop("text", "e164"))


def count_invalid(rows: ir.Table, plan: Plan) -> dict[str, ir.IntegerScalar]:
    """How many cells of every soft field are invalid, by header."""
    return {plan.header(field.name): rows[f"{field.place}__odd"].count() for field in plan.fields if field.soft}


def with_invalid_as_properties(rows: ir.Table, plan: Plan) -> ir.Table:
    """Rows of a customers file with invalid phones, e-mails, birthdays, genders and kinds added to the properties."""
    odd = {plan.header(field.name): rows[f"{field.place}__odd"] for field in plan.fields if field.soft}
    if not odd:
        return rows
    invalid = texts_by_name(odd)
    both = map_concat(rows.properties, invalid)
    merged = ibis.cases((invalid.isnull(), rows.properties), (rows.properties.isnull(), invalid), else_=both)
    return rows.mutate(properties=merged)


def records_from_orders(rows: ir.Table, plan: Plan) -> ir.Table | None:
    """One row per customer of an orders or lines file with customer columns: the newest of every attribute.

    None where the file has no customer columns.
    """
    fields = [field for field in plan.fields if field.about == "customer"]
    if not fields or not plan.has("customer_id"):
        return None
    identified = rows.filter(rows.customer_id.notnull())
    age = age_of(identified)
    newest = {field.place: _newest(identified[field.place], age) for field in fields}
    odd = {field: _newest(identified[f"{field.place}__odd"], age) for field in fields if field.soft}
    people = identified.group_by("customer_id").agg(
        **newest,
        **{f"{field.place}__odd": value for field, value in odd.items()},
        updated_at=identified.ordered_at.max(),
    )
    has_data = reduce(lambda left, right: left | right, (people[name].notnull() for name in _data_columns(people)))
    people = people.filter(has_data)
    # An invalid value is kept only where no newer cell is valid.
    invalid = {plan.header(f.name): people[f.place].isnull().ifelse(people[f"{f.place}__odd"], None) for f in odd}
    return people.mutate(source_id=people.customer_id, properties=texts_by_name(invalid))


def _data_columns(people: ir.Table) -> list[str]:
    return [name for name in people.columns if name not in ("customer_id", "updated_at")]


def age_of(rows: ir.Table) -> ir.IntegerColumn:
    """A number that grows with the second of a row and, within it, with the place in the file."""
    return cast(ir.IntegerColumn, epoch_micros(rows.ordered_at) // SECOND * MOST_ROWS + rows[INDEX])


def _newest(column: ir.Column, age: ir.IntegerColumn) -> ir.Scalar:
    return column.argmax(age, where=column.notnull())


def merged_with_existing(people: ir.Table, existing: ir.Table) -> ir.Table:
    """New records merged with those of the lake; of two values the newer counts."""
    existing = existing.filter(existing.source == FROM_ORDERS)
    carried_over = (*ATTRIBUTES, "properties", "updated_at")
    old = existing.select("source_id", **{f"{name}__old": existing[name] for name in carried_over})
    both = people.left_join(old, "source_id")
    older = (both.updated_at < both.updated_at__old).fill_null(False)
    columns: dict[str, ir.Value] = {}
    for name in (*ATTRIBUTES, "properties"):
        new = both[name] if name in people.columns else ibis.null(CUSTOMER_RECORDS[name].type)
        before = both[f"{name}__old"]
        columns[name] = older.ifelse(ibis.coalesce(before, new), ibis.coalesce(new, before))
    columns["updated_at"] = older.ifelse(both.updated_at__old, both.updated_at)
    return both.select("source_id", "customer_id", **columns)
