"""The canonical tables: what every column is called, holds and means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt

MONEY = "decimal(18, 2)"
# A sum of amounts: ten million of 10¹⁵ have 24 digits.
SUM = "decimal(38, 2)"
PRICE = "decimal(18, 4)"
QUANTITY = "decimal(18, 3)"
INSTANT = "timestamp('UTC', 6)"
TEXTS = "map<string, string>"

ORDER_KINDS = ("sale", "return")
ORDER_STATUSES = ("completed", "refunded", "cancelled", "pending")
FEEDBACK_KINDS = ("nps", "csat", "ces", "review", "complaint", "suggestion", "inquiry")


@dataclass(frozen=True)
class Column:
    """One column: its Ibis type, whether a row needs it, and whether it tells who somebody is."""

    name: str
    type: str
    meaning: str
    required: bool = False
    personal: bool = False

    @property
    def dtype(self) -> dt.DataType:
        """The Ibis type, nullable unless the column is required."""
        return dt.dtype(self.type, nullable=not self.required)


@dataclass(frozen=True)
class TableSpec:
    """One canonical table: columns, natural key, and the instant its rows belong to."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    at: str | None = None

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> ibis.Schema:
        """The Ibis schema of a table that satisfies this description."""
        return ibis.schema({column.name: column.dtype for column in self.columns})


# Written by the import itself, at the end of every table.
ORIGIN = (
    Column("properties", TEXTS, "columns of the file that have no place of their own, by their header"),
    Column("source", "string", "where the row came from: the name given at import, else `file`", required=True),
    Column("updated_at", INSTANT, "when the row last changed at its source, where the file says so"),
    Column("imported_at", INSTANT, "when it was imported", required=True),
    Column("import_id", "string", "which import brought it", required=True),
)

CUSTOMER_RECORDS = TableSpec(
    "customer_records",
    "what one source says of one customer; several records can speak of the same customer",
    (
        Column("source_id", "string", "the customer's number at that source", required=True),
        Column("customer_id", "string", "the customer it speaks of", required=True, personal=True),
        Column("kind", "string", "`person` or `company`"),
        Column("name", "string", "full name", personal=True),
        Column("phone", "string", "phone number, normalised to E.164 where it can be", personal=True),
        Column("email", "string", "e-mail address, lower case", personal=True),
        Column("gender", "string", "`female`, `male` or `other`", personal=True),
        Column("birthday", "date", "date of birth", personal=True),
        Column("company", "string", "the company of a person, or its own name", personal=True),
        Column("country", "string", "country as the file writes it"),
        Column("province", "string", "province or state"),
        Column("city", "string", "city"),
        Column("address", "string", "street address", personal=True),
        Column("postcode", "string", "postal code"),
        Column("registered_at", INSTANT, "when the customer signed up"),
        *ORIGIN,
    ),
    key=("source", "source_id"),
    at="registered_at",
)

ORDERS = TableSpec(
    "orders",
    "one row per order or return",
    (
        Column("order_id", "string", "the order's number", required=True),
        Column("customer_id", "string", "who ordered; empty for an anonymous sale", personal=True),
        Column("ordered_at", INSTANT, "when", required=True),
        Column("kind", "string", "`sale` or `return`", required=True),
        Column("status", "string", "`completed`, `refunded`, `cancelled` or `pending`", required=True),
        Column("amount", MONEY, "after discounts, before refunds; a return is negative", required=True),
        Column("discount", MONEY, "price reductions given, as a positive amount; empty where the file says nothing"),
        Column("refund", MONEY, "given back on this order, as a positive amount", required=True),
        Column("returns_order_id", "string", "for a return: the order whose goods came back, where it is named"),
        Column("channel", "string", "where it was sold: web, app, store …"),
        Column("store", "string", "the store"),
        *ORIGIN,
    ),
    key=("order_id",),
    at="ordered_at",
)

ORDER_LINES = TableSpec(
    "order_lines",
    "one row per product of an order",
    (
        Column("order_id", "string", "the order it belongs to", required=True),
        Column("line_id", "string", "its number in the order, or the product and its count there", required=True),
        Column("customer_id", "string", "who ordered; empty for an anonymous sale", personal=True),
        Column("ordered_at", INSTANT, "when; empty where only the order knows"),
        Column("product_id", "string", "the product's number"),
        Column("product_name", "string", "the product's name as the line gives it"),
        Column("category", "string", "the product's category as the line gives it"),
        Column("quantity", QUANTITY, "how many; negative on a return", required=True),
        Column("unit_price", PRICE, "price of one, before the line's discount"),
        Column("discount", MONEY, "price reductions on the line, as a positive amount"),
        Column("amount", MONEY, "quantity × price − discount, rounded half up", required=True),
        *ORIGIN,
    ),
    key=("order_id", "line_id"),
    at="ordered_at",
)

PRODUCTS = TableSpec(
    "products",
    "one row per product",
    (
        Column("product_id", "string", "the product's number", required=True),
        Column("name", "string", "its name"),
        Column("category", "string", "its category"),
        Column("subcategory", "string", "the finer category"),
        Column("brand", "string", "its brand"),
        Column("list_price", PRICE, "its price before discounts"),
        *ORIGIN,
    ),
    key=("product_id",),
)

EVENTS = TableSpec(
    "events",
    "what a customer did besides ordering: visits, logins, coupons redeemed, campaigns received",
    (
        Column("event_id", "string", "the event's number, or a fingerprint of its content", required=True),
        Column("customer_id", "string", "who did it", personal=True),
        Column("occurred_at", INSTANT, "when", required=True),
        Column("name", "string", "what happened, as a short name", required=True),
        Column("channel", "string", "where it happened"),
        Column("value", MONEY, "an amount that belongs to it"),
        *ORIGIN,
    ),
    key=("event_id",),
    at="occurred_at",
)

FEEDBACK = TableSpec(
    "feedback",
    "what a customer told: survey answers, reviews, complaints, suggestions, inquiries",
    (
        Column("feedback_id", "string", "its number, or a fingerprint of its content", required=True),
        Column("customer_id", "string", "who gave it", personal=True),
        Column("given_at", INSTANT, "when", required=True),
        Column(
            "kind", "string", "`nps`, `csat`, `ces`, `review`, `complaint`, `suggestion` or `inquiry`", required=True
        ),
        Column("score", "decimal(5, 1)", "the answer: 0–10 for NPS, the scale of the survey otherwise"),
        Column("text", "string", "what was said", personal=True),
        Column("channel", "string", "where it was given"),
        *ORIGIN,
    ),
    key=("feedback_id",),
    at="given_at",
)

TABLES: dict[str, TableSpec] = {
    table.name: table for table in (CUSTOMER_RECORDS, ORDERS, ORDER_LINES, PRODUCTS, EVENTS, FEEDBACK)
}
FACTS = (ORDERS, ORDER_LINES, EVENTS, FEEDBACK)
