"""The fields of each kind of file, their types, and which of them are required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from custrata.errors import BadInput
from custrata.schema import CUSTOMER_RECORDS, EVENTS, FEEDBACK, MONEY, ORDER_LINES, ORDERS, PRICE, PRODUCTS, QUANTITY
from custrata.schema.tables import TableSpec

Holds = Literal["id", "text", "instant", "date", "number", "choice", "phone", "email", "currency"]
About = Literal["fact", "customer", "product"]

PROPERTY = "property"


class UnknownKind(BadInput):
    template = "There is no kind of file “{kind}”. The kinds are orders, lines, customers, products, events, feedback."


@dataclass(frozen=True)
class ImportField:
    """One field of a kind of file, under the name used in mappings.

    `synonyms` is its entry in `synonyms.toml`; `type` the decimal of a number; `choice` the entry in `words.toml`;
    `column` the canonical column where it differs from the name. A wrong value of a `soft` field becomes a property,
    any other rejects the row.
    """

    name: str
    holds: Holds
    synonyms: str = ""
    type: str = MONEY
    choice: str = ""
    column: str = ""
    about: About = "fact"
    positive: bool = False
    required: bool = False
    soft: bool = False

    @property
    def place(self) -> str:
        """The canonical column."""
        return self.column or self.name

    @property
    def headers(self) -> str:
        """The entry of its header synonyms."""
        return self.synonyms or self.name


@dataclass(frozen=True)
class FileKind:
    """A kind of file: the table its rows go to, its fields, and of which groups of columns it must have one."""

    name: str
    table: TableSpec
    fields: tuple[ImportField, ...]
    needs: tuple[tuple[str, ...], ...]

    def __getitem__(self, name: str) -> ImportField:
        return next(field for field in self.fields if field.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names a mapping may use."""
        return tuple(field.name for field in self.fields)


def _text(name: str, **options: str) -> ImportField:
    return ImportField(name, "text", **options)  # type: ignore[arg-type]  # options of Field


UPDATED = ImportField("updated_at", "instant")
CURRENCY = ImportField("currency", "currency")
# The time of day and the zone in separate columns.
CLOCK = (_text("order_time"), _text("time_zone"))
# A discount as a share: what is taken off, or what is left to pay.
RATES = (_text("discount_rate"), _text("paid_rate"))
WHERE = (_text("channel"), _text("store"))


def _person(name: str) -> tuple[ImportField, ...]:
    """The customer attributes in customers files and orders files."""
    return (
        ImportField(name, "text", synonyms="customer_name", column="name", about="customer"),
        ImportField("phone", "phone", about="customer", soft=True),
        ImportField("email", "email", about="customer", soft=True),
        ImportField("gender", "choice", choice="gender", about="customer", soft=True),
        ImportField("birthday", "date", about="customer", soft=True),
        *(
            ImportField(part, "text", about="customer")
            for part in ("company", "country", "province", "city", "address")
        ),
        ImportField("postcode", "text", about="customer"),
    )


ORDER_FIELDS = (
    ImportField("order_id", "id", synonyms="order_id own_id", required=True),
    ImportField("customer_id", "id"),
    ImportField("ordered_at", "instant", required=True),
    *CLOCK,
    ImportField("amount", "number", required=True),
    ImportField("gross_amount", "number"),
    ImportField("discount", "number", positive=True),
    *RATES,
    ImportField("refund", "number", positive=True),
    ImportField("kind", "choice", synonyms="order_kind", choice="order_kind"),
    ImportField("status", "choice", synonyms="order_status", choice="order_status"),
    ImportField("cancelled_at", "instant"),
    ImportField("returns_order_id", "id"),
    *WHERE,
    CURRENCY,
    UPDATED,
    *_person("customer_name"),
)

LINE_FIELDS = (
    ImportField("order_id", "id", required=True),
    ImportField("line_id", "id"),
    ImportField("customer_id", "id"),
    ImportField("ordered_at", "instant"),
    *CLOCK,
    ImportField("product_id", "id"),
    _text("product_name"),
    _text("category"),
    ImportField("quantity", "number", type=QUANTITY, required=True),
    ImportField("unit_price", "number", type=PRICE),
    ImportField("gross_amount", "number", synonyms="line_gross"),
    ImportField("discount", "number", positive=True),
    *RATES,
    ImportField("amount", "number", synonyms="line_amount"),
    ImportField("refund", "number", positive=True),
    ImportField("kind", "choice", synonyms="order_kind", choice="order_kind"),
    ImportField("status", "choice", synonyms="order_status", choice="order_status"),
    ImportField("cancelled_at", "instant"),
    *WHERE,
    CURRENCY,
    UPDATED,
    ImportField("subcategory", "text", about="product"),
    ImportField("brand", "text", about="product"),
    ImportField("list_price", "number", type=PRICE, about="product"),
    *_person("customer_name"),
)

CUSTOMER_FIELDS = (
    ImportField("customer_id", "id", synonyms="customer_id own_id", column="source_id", required=True),
    ImportField("kind", "choice", synonyms="customer_kind", choice="customer_kind", soft=True),
    *_person("name"),
    ImportField("registered_at", "instant"),
    UPDATED,
)

PRODUCT_FIELDS = (
    ImportField("product_id", "id", synonyms="product_id own_id", required=True),
    ImportField("name", "text", synonyms="product_name"),
    _text("category"),
    _text("subcategory"),
    _text("brand"),
    ImportField("list_price", "number", type=PRICE),
    CURRENCY,
    UPDATED,
)

EVENT_FIELDS = (
    ImportField("event_id", "id"),
    ImportField("customer_id", "id"),
    ImportField("occurred_at", "instant", required=True),
    ImportField("name", "text", synonyms="event_name", required=True),
    _text("channel"),
    ImportField("value", "number", synonyms="event_value"),
    CURRENCY,
    UPDATED,
)

FEEDBACK_FIELDS = (
    ImportField("feedback_id", "id"),
    ImportField("customer_id", "id"),
    ImportField("given_at", "instant", required=True),
    ImportField("kind", "choice", synonyms="feedback_kind", choice="feedback_kind", required=True),
    ImportField("score", "number", type="decimal(5, 1)"),
    ImportField("text", "text", synonyms="feedback_text"),
    _text("channel"),
    UPDATED,
)

LINE_NEEDS = (("order_id", "customer_id"), ("quantity",), ("unit_price", "amount", "gross_amount"))
KINDS = {
    kind.name: kind
    for kind in (
        FileKind("orders", ORDERS, ORDER_FIELDS, (("customer_id",), ("ordered_at",), ("amount",))),
        FileKind(
            "lines",
            ORDER_LINES,
            LINE_FIELDS,
            (("order_id", "customer_id"), ("quantity",), ("unit_price", "amount", "gross_amount")),
        ),
        FileKind("customers", CUSTOMER_RECORDS, CUSTOMER_FIELDS, (("customer_id",),)),
        FileKind("products", PRODUCTS, PRODUCT_FIELDS, (("product_id",),)),
        FileKind("events", EVENTS, EVENT_FIELDS, (("customer_id",), ("occurred_at",), ("name",))),
        FileKind("feedback", FEEDBACK, FEEDBACK_FIELDS, (("given_at",), ("kind",), ("score", "text"))),
    )
}


def kind_named(name: str) -> FileKind:
    """The kind of that name.

    >>> kind_named("lines").table.name
    'order_lines'
    """
    if name not in KINDS:
        raise UnknownKind(kind=name)
    return KINDS[name]
