"""What files tell of customers: their phones read, what is invalid kept aside, the newest of every attribute."""

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


def with_phones(made: Views, rows: ir.Table, plan: Plan, told: Callable[[float], None]) -> ir.Table:
    """The rows with those phone numbers read that only the library can; `phone__odd` keeps what is no number."""
    if not plan.has("phone"):
        return rows
    odd = rows.filter(rows.phone__odd.notnull()).select(text=rows.phone__odd).distinct().order_by("text")
    numbers = made.engine.arrow(odd)["text"].to_pylist()
    if not numbers:
        return rows
    book = made.book(phone_book(numbers, plan.region, told))
    joined = rows.left_join(book, rows.phone__odd == book.text)
    read = joined.mutate(
        phone=ibis.coalesce(joined.phone, joined.e164),
        phone__odd=joined.e164.isnull().ifelse(joined.phone__odd, ibis.null("string")),
    )
    return made.level(read.drop("text", "e164"))


def odd_contacts(rows: ir.Table, plan: Plan) -> dict[str, ir.IntegerScalar]:
    """How many cells of every soft field are not what they should be, by header."""
    return {plan.header(field.name): rows[f"{field.place}__odd"].count() for field in plan.fields if field.soft}


def with_odd_kept(rows: ir.Table, plan: Plan) -> ir.Table:
    """Rows of a customers file whose properties hold what is no phone, e-mail, birthday, gender or kind."""
    odd = {plan.header(field.name): rows[f"{field.place}__odd"] for field in plan.fields if field.soft}
    if not odd:
        return rows
    kept = texts_by_name(odd)
    both = map_concat(rows.properties, kept)
    merged = ibis.cases((kept.isnull(), rows.properties), (rows.properties.isnull(), kept), else_=both)
    return rows.mutate(properties=merged)


def told_by_orders(rows: ir.Table, plan: Plan) -> ir.Table | None:
    """One row per customer of an orders or lines file that tells of customers: the newest of every attribute.

    None where the file tells nothing of them.
    """
    told = [field for field in plan.fields if field.about == "customer"]
    if not told or not plan.has("customer_id"):
        return None
    known = rows.filter(rows.customer_id.notnull())
    age = age_of(known)
    newest = {field.place: _newest(known[field.place], age) for field in told}
    odd = {field: _newest(known[f"{field.place}__odd"], age) for field in told if field.soft}
    people = known.group_by("customer_id").agg(
        **newest, **{f"{field.place}__odd": value for field, value in odd.items()}, updated_at=known.ordered_at.max()
    )
    said = reduce(lambda one, other: one | other, (people[name].notnull() for name in _said(people)))
    people = people.filter(said)
    # A cell that is no phone is kept only where no newer cell is one.
    kept = {plan.header(f.name): people[f.place].isnull().ifelse(people[f"{f.place}__odd"], None) for f in odd}
    return people.mutate(source_id=people.customer_id, properties=texts_by_name(kept))


def _said(people: ir.Table) -> list[str]:
    return [name for name in people.columns if name not in ("customer_id", "updated_at")]


def age_of(rows: ir.Table) -> ir.IntegerColumn:
    """A number that grows with the second of a row and, within it, with the place in the file."""
    return cast(ir.IntegerColumn, epoch_micros(rows.ordered_at) // SECOND * MOST_ROWS + rows[INDEX])


def _newest(column: ir.Column, age: ir.IntegerColumn) -> ir.Scalar:
    return column.argmax(age, where=column.notnull())


def joined_with_known(people: ir.Table, known: ir.Table) -> ir.Table:
    """New records with what the lake's record of the same customer tells besides; of two words the newer counts."""
    known = known.filter(known.source == FROM_ORDERS)
    kept = (*ATTRIBUTES, "properties", "updated_at")
    old = known.select("source_id", **{f"{name}__old": known[name] for name in kept})
    both = people.left_join(old, "source_id")
    older = (both.updated_at < both.updated_at__old).fill_null(False)
    columns: dict[str, ir.Value] = {}
    for name in (*ATTRIBUTES, "properties"):
        new = both[name] if name in people.columns else ibis.null(CUSTOMER_RECORDS[name].type)
        before = both[f"{name}__old"]
        columns[name] = older.ifelse(ibis.coalesce(before, new), ibis.coalesce(new, before))
    columns["updated_at"] = older.ifelse(both.updated_at__old, both.updated_at)
    return both.select("source_id", "customer_id", **columns)
