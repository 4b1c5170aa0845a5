"""From typed fields to the columns of a canonical table, and what makes a row unfit for it, by kind of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.cleaning import BLANK, GONE, LOST, Values
from custrata.ingest.datetimes import UNKNOWN_ZONE, WITHOUT_DAY
from custrata.ingest.fields import ImportField
from custrata.ingest.functions import md5
from custrata.ingest.headers import LINE
from custrata.ingest.money import LIMITS
from custrata.ingest.plan import Plan
from custrata.ingest.statuses import LEFT_OUT, PARTLY, UNSOLD
from custrata.ingest.texts import half_width, tidy
from custrata.schema import INSTANT, MONEY, PRICE, QUANTITY

WIDE = "decimal(38, 4)"
LARGEST = LIMITS[MONEY]
PRODUCT, DIFFERS, WORD, FOLLOWS, CANCELLED = "_product", "_differs", "_word", "_follows", "_cancelled"
WRONG = {"number": "not_a_number", "instant": "not_a_date", "date": "not_a_date", "choice": "unknown_value"}


@dataclass(frozen=True)
class Problem:
    """A reason to reject a row: the field it lies in, None for the whole row, and the reason's name.

    `computed` says that it lies in what follows from several fields.
    """

    field: str | None
    reason: str
    computed: bool = False


Problems = dict[Problem, ir.BooleanValue]
LEFT_OUT_ROW = Problem(None, "left_out")


@dataclass(frozen=True)
class CanonicalRow:
    """The columns of a row, and the problems it may have."""

    columns: Values
    problems: Problems


def canonical_row(table: ir.Table, plan: Plan) -> CanonicalRow:
    """The columns of the kind's table that the file provides, the further columns that orders, customers and products
    are derived from, and every problem a row may have."""
    columns, problems = FINISH[plan.kind.name](table, plan)
    columns |= {"properties": table.properties, "updated_at": _field(table, plan, "updated_at", INSTANT)}
    columns |= _attributes(table, plan) | _words(table, plan)
    if plan.mapping.leave_out:
        columns[GONE] = table[GONE]
    if plan.kind.name == "orders":
        columns[FOLLOWS] = _is_continuation(table, plan)
    if plan.has("cancelled_at"):
        columns[CANCELLED] = _cancelled_later(table, plan)
    present = ~table[BLANK]
    general = {Problem(None, "blank"): table[BLANK], LEFT_OUT_ROW: present & _left_out(table, plan)}
    general |= {Problem(None, "unreadable"): present & table[LOST]}
    general |= {problem: present & condition for problem, condition in (_wrong(table, plan) | problems).items()}
    return CanonicalRow(columns, general)


def _left_out(table: ir.Table, plan: Plan) -> ir.BooleanValue:
    """Rows that are no orders, as a decision or the mapping says, and rows that only go on with the order above."""
    gone = table[GONE].notnull()
    if plan.has("status") and LEFT_OUT in plan.words.get("status", {}).values():
        gone |= (table.status == LEFT_OUT).fill_null(False)
    return gone | _is_continuation(table, plan)


def _is_continuation(table: ir.Table, plan: Plan) -> ir.BooleanValue:
    """Order rows with an order number and no other field of the order: continuation lines.

    A word without a digit is not an order number but a remark below the table.
    """
    if plan.kind.name != "orders" or not all(map(plan.has, ("order_id", "customer_id", "ordered_at", "amount"))):
        return ibis.literal(False)
    cells = [table[name] for name in ("customer_id", "ordered_at__text", "amount__text")]
    alone = table.order_id.notnull() & ibis.coalesce(*cells).isnull()
    return alone & cast(ir.StringValue, table.order_id).re_search("[0-9]")


def _wrong(table: ir.Table, plan: Plan) -> Problems:
    problems: Problems = {}
    for field in plan.fields:
        if field.holds in WRONG and not field.soft:
            wrong = table[f"{field.name}__wrong"]
            problems[Problem(field.name, WRONG[field.holds])] = wrong
            if field.holds == "number":
                problems[Problem(field.name, "too_large")] = table[f"{field.name}__large"]
            if field.holds in ("instant", "date"):
                fault = table[f"{field.name}__fault"]
                problems[Problem(field.name, WRONG[field.holds])] = wrong & fault.isnull()
                problems |= {Problem(field.name, name): wrong & (fault == name) for name in (UNKNOWN_ZONE, WITHOUT_DAY)}
    return problems


def _missing(table: ir.Table, plan: Plan, *names: str) -> Problems:
    """Empty cells of fields a row needs."""
    return {Problem(name, "missing"): _empty(table, plan.kind[name]) for name in names if plan.has(name)}


def _empty(table: ir.Table, field: ImportField) -> ir.BooleanValue:
    empty = table[field.name].isnull()
    return empty & ~_unusable(table, field) if field.holds in WRONG else empty


def _unusable(table: ir.Table, field: ImportField) -> ir.BooleanValue:
    """Whether a cell is filled with a value that cannot be used."""
    wrong = table[f"{field.name}__wrong"]
    return wrong | table[f"{field.name}__large"] if field.holds == "number" else wrong


def _field(table: ir.Table, plan: Plan, name: str, dtype: str = "string") -> ir.Value:
    return table[name] if plan.has(name) else ibis.null(dtype)


def _attributes(table: ir.Table, plan: Plan) -> Values:
    """The customer and product attributes that the file provides."""
    values: Values = {}
    for field in plan.fields:
        if field.about != "fact":
            values[field.place] = table[field.name]
        if field.soft:
            values[field.place] = table[field.name]
            values[f"{field.place}__odd"] = table[f"{field.name}__wrong"].ifelse(
                table[f"{field.name}__text"], ibis.null("string")
            )
    return values


def _words(table: ir.Table, plan: Plan) -> Values:
    """The unknown words of the status column, to be counted and asked about."""
    if not plan.has("status"):
        return {}
    unknown = table.status__wrong & ~table[BLANK]
    return {WORD: unknown.ifelse(tidy(table.status__text), ibis.null("string"))}


def _orders(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    amount, gross = (_field(table, plan, name, MONEY) for name in ("amount", "gross_amount"))
    discount, refund = (_field(table, plan, name, MONEY) for name in ("discount", "refund"))
    discount = ibis.coalesce(discount, _of_rate(table, plan, gross))
    less = gross.cast(WIDE) - discount.fill_null(0).cast(WIDE)
    net = cast(ir.DecimalValue, ibis.coalesce(amount, less.try_cast(MONEY)))
    kind = _field(table, plan, "kind")
    net = cast(ir.DecimalValue, kind.isin(["return"]).fill_null(False).ifelse(-(net.abs()), net).cast(MONEY))
    columns: Values = {
        "order_id": _field(table, plan, "order_id"),
        "customer_id": _field(table, plan, "customer_id"),
        "ordered_at": table.ordered_at,
        as_reported("kind"): kind,
        as_reported("status"): _status(table, plan),
        "amount": net,
        "discount": discount,
        as_reported("refund"): refund,
        **{name: _field(table, plan, name) for name in ("returns_order_id", "channel", "store")},
    }
    problems = _missing(table, plan, "order_id", "ordered_at")
    amounts = ("amount", "gross_amount", "discount")
    wrong = ibis.or_(*(_unusable(table, plan.kind[name]) for name in amounts if plan.has(name)))
    money = "amount" if plan.has("amount") else "gross_amount"
    large = (amount.isnull() & (less.abs() > LARGEST)).fill_null(False)
    return columns, problems | {
        Problem(money, "missing"): net.isnull() & ~wrong & ~large,
        Problem(money, "too_large", computed=True): large & ~wrong,
    }


def with_defaults(rows: ir.Table, kind: str) -> ir.Table:
    """The rows with derived values for empty cells; `<column>__reported` keeps the value of the file."""
    if kind != "orders":
        return rows
    status, back = rows[as_reported("status")].fill_null("completed"), rows[as_reported("refund")]
    # A refunded order without an amount was refunded in full; the amount of a partial refund is unknown.
    whole = ((status == "refunded") & (rows.amount > 0)).ifelse(rows.amount, 0).cast(MONEY)
    partly = (back > 0).fill_null(False).ifelse("refunded", "completed")
    refund = cast(ir.DecimalValue, ibis.coalesce(back, whole))
    return rows.mutate(
        kind=(rows.amount < 0).ifelse("return", rows[as_reported("kind")].fill_null("sale")),
        status=(status == PARTLY).ifelse(partly, status),
        refund=(rows.amount >= 0).ifelse(ibis.least(refund, rows.amount), refund).cast(MONEY),
    )


def as_reported(column: str) -> str:
    """The column that keeps the value of the file for a column that is filled later."""
    return f"{column}__reported"


def _lines(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    kind = _field(table, plan, "kind")
    quantity = cast(ir.DecimalValue, _field(table, plan, "quantity", QUANTITY))
    price, discount = _field(table, plan, "unit_price", PRICE), _field(table, plan, "discount", MONEY)
    back = kind.isin(["return"]).fill_null(False)
    gross = _field(table, plan, "gross_amount", MONEY)
    worth = quantity.cast(WIDE) * price.cast(WIDE) if plan.has("unit_price") else gross.cast(WIDE)
    discount = ibis.coalesce(discount, _of_rate(table, plan, ibis.coalesce(gross, worth.try_cast(MONEY))))
    quantity = cast(ir.DecimalValue, back.ifelse(-(quantity.abs()), quantity).cast(QUANTITY))
    amount = computed = _line_amount(quantity, cast(ir.DecimalValue, price), cast(ir.DecimalValue, discount))
    if plan.has("gross_amount"):
        whole = (gross.cast(WIDE) - discount.fill_null(0).cast(WIDE)).try_cast(MONEY)
        amount = ibis.coalesce(back.ifelse(-(whole.abs()), whole), computed)
    differs = ibis.literal(False)
    if plan.has("amount"):
        reported = back.ifelse(-(table.amount.abs()), table.amount)
        amount, differs = ibis.coalesce(reported, amount), (reported != computed).fill_null(False)
    names = ("customer_id", "product_id", "product_name", "category", "channel", "store")
    status, absent = _status(table, plan), ibis.literal(False)
    if plan.has("status"):
        # Lines that were never sold often have neither quantity nor price.
        absent = status.isin(UNSOLD).fill_null(False)
        quantity = cast(ir.DecimalValue, ibis.coalesce(quantity, absent.ifelse(0, None).cast(QUANTITY)))
        amount = ibis.coalesce(amount, absent.ifelse(0, None).cast(MONEY))
    columns: Values = {
        "order_id": _field(table, plan, "order_id"),
        "line_id": ibis.coalesce(*([table[LINE]] if plan.mended else []), _field(table, plan, "line_id")),
        "ordered_at": _field(table, plan, "ordered_at", INSTANT),
        "quantity": quantity,
        "unit_price": price,
        "discount": discount,
        "amount": amount,
        "kind": kind,
        "status": status,
        "refund": _field(table, plan, "refund", MONEY),
        **{name: _field(table, plan, name) for name in names},
        DIFFERS: differs,
    }
    columns[PRODUCT] = ibis.coalesce(
        columns["product_id"], columns["product_name"], md5(_content(columns, "quantity", "unit_price", "amount"))
    )
    problems = _missing(table, plan, "order_id")
    problems |= {problem: condition & ~absent for problem, condition in _missing(table, plan, "quantity").items()}
    amounts = [name for name in ("unit_price", "gross_amount", "amount") if plan.has(name)]
    numbers = ("quantity", "discount", *amounts)
    wrong = ibis.or_(*(_unusable(table, plan.kind[name]) for name in numbers if plan.has(name)))
    worth = ibis.coalesce(*(table[name] for name in amounts)).notnull()
    return columns, problems | {
        Problem(amounts[0], "missing"): quantity.notnull() & ~worth & ~wrong & ~absent,
        Problem(amounts[0], "too_large", computed=True): (amount.abs() > LARGEST).fill_null(
            worth & quantity.notnull() & ~wrong
        ),
    }


def _status(table: ir.Table, plan: Plan) -> ir.Value:
    """The status of a row; `cancelled` where the row has a cancellation time."""
    status = _field(table, plan, "status")
    return _cancelled_later(table, plan).ifelse("cancelled", status) if plan.has("cancelled_at") else status


def _cancelled_later(table: ir.Table, plan: Plan) -> ir.BooleanValue:
    """Rows that were cancelled by their time of cancellation, whatever their status says."""
    status = _field(table, plan, "status")
    return (status.isnull() | status.isin(("completed", "pending"))) & table.cancelled_at.notnull()


def _of_rate(table: ir.Table, plan: Plan, gross: ir.Value) -> ir.Value:
    """The discount that a rate gives on the amount before it, rounded half away from zero to cents."""
    for name in ("discount_rate", "paid_rate"):
        if plan.has(name):
            share = _share(table[name])
            off = share if name == "discount_rate" else 1 - share
            return (gross.cast(WIDE) * off.cast(WIDE)).abs().try_cast(MONEY)
    return ibis.null(MONEY)


def _share(text: ir.StringValue) -> ir.DecimalValue:
    """A share parsed from 0.2, 20%, 20 or 8.5折; null where the text is not a share."""
    plain = half_width(tidy(text)).replace(",", ".")
    number = cast(
        ir.DecimalValue, plain.re_extract(r"^-?([0-9]+(?:\.[0-9]+)?)\s*[%折]?$", 1).try_cast("decimal(18, 6)")
    )
    hundredth = plain.contains("%") | (number > 10) | (~plain.contains("折") & (number > 1))
    parts = ibis.cases((hundredth, number / 100), (plain.contains("折"), number / 10), else_=number)
    share = cast(ir.DecimalValue, parts.cast("decimal(18, 6)"))
    return cast(ir.DecimalValue, share.between(0, 1).ifelse(share, None).cast(WIDE))


def _line_amount(quantity: ir.DecimalValue, price: ir.DecimalValue, discount: ir.DecimalValue) -> ir.DecimalValue:
    """Quantity × price − discount, rounded half away from zero to cents; a discount makes a return smaller too."""
    less = (quantity < 0).ifelse(-discount, discount).fill_null(0)
    # The engine multiplies two narrow decimals into a narrow one, and fails where the product does not fit.
    return cast(ir.DecimalValue, (quantity.cast(WIDE) * price.cast(WIDE) - less.cast(WIDE)).try_cast(MONEY))


def _customers(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    columns: Values = {
        "source_id": table.customer_id,
        "customer_id": table.customer_id,
        "registered_at": _field(table, plan, "registered_at", INSTANT),
    }
    return columns, _missing(table, plan, "customer_id")


def _products(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    columns: Values = {
        "product_id": table.product_id,
        **{name: _field(table, plan, name) for name in ("name", "category", "subcategory", "brand")},
        "list_price": _field(table, plan, "list_price", PRICE),
    }
    return columns, _missing(table, plan, "product_id")


def _events(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    columns: Values = {
        "customer_id": _field(table, plan, "customer_id"),
        "occurred_at": table.occurred_at,
        "name": table.name,
        "channel": _field(table, plan, "channel"),
        "value": _field(table, plan, "value", MONEY),
    }
    own = md5(_content({**columns, "properties": table.properties}, *columns, "properties"))
    columns["event_id"] = ibis.coalesce(_field(table, plan, "event_id"), own)
    return columns, _missing(table, plan, "occurred_at", "name")


def _feedback(table: ir.Table, plan: Plan) -> tuple[Values, Problems]:
    columns: Values = {
        "customer_id": _field(table, plan, "customer_id"),
        "given_at": table.given_at,
        "kind": table.kind,
        "score": _field(table, plan, "score", "decimal(5, 1)"),
        "text": _field(table, plan, "text"),
        "channel": _field(table, plan, "channel"),
    }
    own = md5(_content({**columns, "properties": table.properties}, *columns, "properties"))
    columns["feedback_id"] = ibis.coalesce(_field(table, plan, "feedback_id"), own)
    return columns, _missing(table, plan, "given_at", "kind")


def _content(columns: Values, *names: str) -> ir.StringValue:
    """The content of a row as one text, hashed into an id where the file has none."""
    parts = [columns[name].cast("string").fill_null("") for name in names]
    return cast(ir.StringValue, ibis.literal("\x1f").join(parts))


FINISH: dict[str, Callable[[ir.Table, Plan], tuple[Values, Problems]]] = {
    "orders": _orders,
    "lines": _lines,
    "customers": _customers,
    "products": _products,
    "events": _events,
    "feedback": _feedback,
}
