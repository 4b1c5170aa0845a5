"""A seeded random shop with everything that makes counting hard: refunds, returns, ties, several orders a day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

ZONE = "America/New_York"
AS_OF = datetime(2025, 1, 31, 17, 30, tzinfo=UTC)  # half past noon: windows start inside a day
CATEGORIES = ("bread", "cheese", "fruit", "tea", "wine", "soap", "paper")


@dataclass(frozen=True)
class Shop:
    """Orders and returns, their lines, and answers to the NPS question, as rows."""

    orders: list[Row]
    lines: list[Row]
    feedback: list[Row]


def shop(customers: int = 300, seed: int = 20250131, days: int = 730) -> Shop:
    """A shop of so many customers over so many days before `AS_OF`, and a few days after it."""
    chance = random.Random(seed)
    orders = [row for number in range(customers) for row in _orders(chance, f"c{number:04}", days)]
    chance.shuffle(orders)
    lines = [line for order in orders if order["kind"] == "sale" for line in _lines(chance, order["order_id"])]
    feedback = [row for number in range(0, customers, 3) for row in _answers(chance, f"c{number:04}")]
    return Shop(orders, lines, feedback)


def _orders(chance: random.Random, customer: str, days: int) -> Iterator[Row]:
    """One customer's orders at her own pace, each perhaps given back, and a return that names no order."""
    pace, price = chance.choice((7, 14, 21, 30, 60)), chance.choice((5, 20, 20, 80))
    at = AS_OF - timedelta(days=chance.uniform(0, days))
    stop = AS_OF + timedelta(days=chance.choice((3, 3, 3, -40, -200)))
    for number in range(chance.choice((1, 2, 3, 8, 25, 60))):
        if at >= stop:
            break
        sale = _sale(chance, f"{customer}-{number}", customer, at, price)
        yield sale
        yield from _named_return(chance, sale)
        pause = chance.choices((0, 1, 10), (15, 80, 3))[0]
        at += timedelta(days=pause * round(chance.expovariate(1 / pace)), minutes=7)
    if chance.random() < 0.1:
        yield _row(f"{customer}-r", customer, at, Decimal(-chance.randrange(1, 30)), kind="return")


def _row(order: str, customer: str, at: datetime, amount: Decimal, **more: Any) -> Row:
    common = {"order_id": order, "customer_id": customer, "ordered_at": at.isoformat(), "amount": amount}
    return {**common, "kind": "sale", "status": "completed", "discount": None, "refund": Decimal(0), **more}


def _sale(chance: random.Random, order: str, customer: str, at: datetime, price: int) -> Row:
    amount = Decimal(chance.choice((price, price, price * 2, chance.randrange(100, 9999)))) + Decimal("0.99")
    status = chance.choices(("completed", "cancelled", "pending"), (20, 1, 1))[0]
    refund = chance.choices((Decimal(0), Decimal("1.50"), amount), (20, 1, 1))[0]
    discount = chance.choice((None, Decimal(0), Decimal(0), Decimal(1), amount / 3, Decimal(10)))
    status = "refunded" if refund and status == "completed" else status
    cents = None if discount is None else discount.quantize(Decimal("0.01"))
    place = {"channel": chance.choice(("web", "app", None)), "store": chance.choice(("north", "south", "west"))}
    return _row(order, customer, at, amount, status=status, refund=refund, discount=cents, **place)


def _named_return(chance: random.Random, sale: Row) -> Iterator[Row]:
    """Sometimes the goods come back weeks later, in part, wholly, or (double counted) once more than they went."""
    if chance.random() > 0.06:
        return
    at = datetime.fromisoformat(sale["ordered_at"]) + timedelta(days=chance.randrange(1, 40))
    names = chance.choice((sale["order_id"], sale["order_id"], "unheard of"))
    amount = chance.choice((Decimal("-3.33"), -sale["amount"]))
    yield _row(sale["order_id"] + "-r", sale["customer_id"], at, amount, kind="return", returns_order_id=names)


def _lines(chance: random.Random, order: str) -> Iterator[Row]:
    for number in range(chance.choice((0, 1, 1, 2))):
        category, product = chance.choice((*CATEGORIES, None)), chance.choice("pqr")
        quantity, amount = Decimal(chance.choice(("1", "2", "0.5"))), Decimal(chance.choice((5, 5, 7, -2)))
        yield {"order_id": order, "line_id": str(number), "product_id": product, "category": category,
               "quantity": quantity, "amount": amount}  # fmt: skip


def _answers(chance: random.Random, customer: str) -> Iterator[Row]:
    for _ in range(chance.choice((0, 1, 2))):
        given_at = AS_OF - timedelta(days=chance.randrange(-3, 400))
        kind = chance.choice(("nps", "nps", "csat", "complaint", "inquiry"))
        yield {"customer_id": customer, "given_at": given_at, "kind": kind,
               "score": Decimal(chance.randrange(0, 11))}  # fmt: skip


def lines_table(rows: list[Row]) -> pa.Table:
    """Order lines as an Arrow table."""
    texts = {name: pa.string() for name in ("order_id", "line_id", "product_id", "category")}
    return _table(rows, {**texts, "quantity": pa.decimal128(18, 3), "amount": pa.decimal128(18, 2)})


def feedback_table(rows: list[Row]) -> pa.Table:
    """Answers as an Arrow table."""
    instant, score = pa.timestamp("us", "UTC"), pa.decimal128(5, 1)
    return _table(rows, {"customer_id": pa.string(), "given_at": instant, "kind": pa.string(), "score": score})


def _table(rows: list[Row], fields: dict[str, pa.DataType]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in fields.items()})
