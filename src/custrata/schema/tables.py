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
class TableColumn:
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
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]
    at: str | None = None

    def __iter__(self) -> Iterator[TableColumn]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> TableColumn:
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
    TableColumn("properties", TEXTS, "columns of the file that have no place of their own, by their header"),
    TableColumn("source", "string", "where the row came from: the name given at import, else `file`", required=True),
    TableColumn("updated_at", INSTANT, "when the row last changed at its source, where the file says so"),
    TableColumn("imported_at", INSTANT, "when it was imported", required=True),
    TableColumn("import_id", "string", "which import brought it", required=True),
)

CUSTOMER_RECORDS = TableSpec(
    "customer_records",
    "what one source says of one customer; several records can speak of the same customer",
    (
        TableColumn("source_id", "string", "the customer's number at that source", required=True),
        TableColumn("customer_id", "string", "the customer it speaks of", required=True, personal=True),
        TableColumn("kind", "string", "`person` or `company`"),
        TableColumn("name", "string", "full name", personal=True),
        TableColumn("phone", "string", "phone number, normalised to E.164 where it can be", personal=True),
        TableColumn("email", "string", "e-mail address, lower case", personal=True),
        TableColumn("gender", "string", "`female`, `male` or `other`", personal=True),
        TableColumn("birthday", "date", "date of birth", personal=True),
        TableColumn("company", "string", "the company of a person, or its own name", personal=True),
        TableColumn("country", "string", "country as the file writes it"),
        TableColumn("province", "string", "province or state"),
        TableColumn("city", "string", "city"),
        TableColumn("address", "string", "street address", personal=True),
        TableColumn("postcode", "string", "postal code"),
        TableColumn("registered_at", INSTANT, "when the customer signed up"),
        *ORIGIN,
    ),
    key=("source", "source_id"),
    at="registered_at",
)

ORDERS = TableSpec(
    "orders",
    "one row per order or return",
    (
        TableColumn("order_id", "string", "the order's number", required=True),
        TableColumn("customer_id", "string", "who ordered; empty for an anonymous sale", personal=True),
        TableColumn("ordered_at", INSTANT, "when", required=True),
        TableColumn("kind", "string", "`sale` or `return`", required=True),
        TableColumn("status", "string", "`completed`, `refunded`, `cancelled` or `pending`", required=True),
        TableColumn("amount", MONEY, "after discounts, before refunds; a return is negative", required=True),
        TableColumn(
            "discount", MONEY, "price reductions given, as a positive amount; empty where the file says nothing"
        ),
        TableColumn("refund", MONEY, "given back on this order, as a positive amount", required=True),
        TableColumn("returns_order_id", "string", "for a return: the order whose goods came back, where it is named"),
        TableColumn("channel", "string", "where it was sold: web, app, store …"),
        TableColumn("store", "string", "the store"),
        *ORIGIN,
    ),
    key=("order_id",),
    at="ordered_at",
)

ORDER_LINES = TableSpec(
    "order_lines",
    "one row per product of an order",
    (
        TableColumn("order_id", "string", "the order it belongs to", required=True),
        TableColumn("line_id", "string", "its number in the order, or the product and its count there", required=True),
        TableColumn("customer_id", "string", "who ordered; empty for an anonymous sale", personal=True),
        TableColumn("ordered_at", INSTANT, "when; empty where only the order knows"),
        TableColumn("product_id", "string", "the product's number"),
        TableColumn("product_name", "string", "the product's name as the line gives it"),
        TableColumn("category", "string", "the product's category as the line gives it"),
        TableColumn("quantity", QUANTITY, "how many; negative on a return", required=True),
        TableColumn("unit_price", PRICE, "price of one, before the line's discount"),
        TableColumn("discount", MONEY, "price reductions on the line, as a positive amount"),
        TableColumn("amount", MONEY, "quantity × price − discount, rounded half up", required=True),
        *ORIGIN,
    ),
    key=("order_id", "line_id"),
    at="ordered_at",
)

PRODUCTS = TableSpec(
    "products",
    "one row per product",
    (
        TableColumn("product_id", "string", "the product's number", required=True),
        TableColumn("name", "string", "its name"),
        TableColumn("category", "string", "its category"),
        TableColumn("subcategory", "string", "the finer category"),
        TableColumn("brand", "string", "its brand"),
        TableColumn("list_price", PRICE, "its price before discounts"),
        *ORIGIN,
    ),
    key=("product_id",),
)

EVENTS = TableSpec(
    "events",
    "what a customer did besides ordering: visits, logins, coupons redeemed, campaigns received",
    (
        TableColumn("event_id", "string", "the event's number, or a fingerprint of its content", required=True),
        TableColumn("customer_id", "string", "who did it", personal=True),
        TableColumn("occurred_at", INSTANT, "when", required=True),
        TableColumn("name", "string", "what happened, as a short name", required=True),
        TableColumn("channel", "string", "where it happened"),
        TableColumn("value", MONEY, "an amount that belongs to it"),
        *ORIGIN,
    ),
    key=("event_id",),
    at="occurred_at",
)

FEEDBACK = TableSpec(
    "feedback",
    "what a customer told: survey answers, reviews, complaints, suggestions, inquiries",
    (
        TableColumn("feedback_id", "string", "its number, or a fingerprint of its content", required=True),
        TableColumn("customer_id", "string", "who gave it", personal=True),
        TableColumn("given_at", INSTANT, "when", required=True),
        TableColumn(
            "kind", "string", "`nps`, `csat`, `ces`, `review`, `complaint`, `suggestion` or `inquiry`", required=True
        ),
        TableColumn("score", "decimal(5, 1)", "the answer: 0–10 for NPS, the scale of the survey otherwise"),
        TableColumn("text", "string", "what was said", personal=True),
        TableColumn("channel", "string", "where it was given"),
        *ORIGIN,
    ),
    key=("feedback_id",),
    at="given_at",
)

TABLES: dict[str, TableSpec] = {
    table.name: table for table in (CUSTOMER_RECORDS, ORDERS, ORDER_LINES, PRODUCTS, EVENTS, FEEDBACK)
}
FACTS = (ORDERS, ORDER_LINES, EVENTS, FEEDBACK)
