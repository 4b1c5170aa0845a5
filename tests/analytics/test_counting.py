"""What counts, when, and for how much: section 1 of the definition, on both engines.

All cases stand in one table: a shop in São Paulo seen from noon of 4 November 2019, so that the window of 365 days
starts at noon of 4 November 2018, a day whose midnight never was.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import custrata as cs
from custrata.analytics.moments import AsOf
from custrata.analytics.sources import canonical_orders
from custrata.analytics.traits import CATALOGUE, known_facts, order_traits
from custrata.engine import DuckEngine, Engine
from custrata.schema.counting import UnknownFreeOrders
from tests.analytics.conftest import by_customer, orders_table

ZONE, AS_OF = "America/Sao_Paulo", "2019-11-04T12:00"
INSIDE, BEFORE = "2019-05-01", "2018-05-01"
GONE: dict[str, Any] = {}  # nothing counts: no row in the profile

# Customer, then orders as (time on São Paulo's clock, amount, more), then the traits they must give.
Case = tuple[list[tuple[Any, ...]], dict[str, Any]]
CASES: dict[str, Case] = {
    "window inside a day": (
        [("2018-11-04T11:59:59.999999", 1), ("2018-11-04T12:00", 2)],
        {"orders": 1, "orders_all": 2, "spend": Decimal("2.00"), "order_days": 1, "recency_days": 365},
    ),
    "at as_of": ([(AS_OF, 1)], GONE),
    "just before as_of": ([("2019-11-04T11:59:59.999999", 1)], {"orders": 1, "recency_days": 0, "tenure_days": 0}),
    "after as_of": ([(INSIDE, 1), ("2019-11-05", 5)], {"orders": 1, "spend": Decimal("1.00")}),
    "no midnight": (
        [("2018-11-03T23:59:59", 1), ("2018-11-04", 1)],
        {"median_gap_days": 1, "order_days": 2, "orders": 0, "orders_all": 2},
    ),
    "leap day": (
        [("2016-02-28", 1), ("2016-02-29", 1), ("2016-03-01", 1)],
        {"median_gap_days": 1, "longest_gap_days": 1, "tenure_days": 1345, "recency_days": 1343},
    ),
    "two in a day": (
        [(INSIDE + "T08:00", 1), (INSIDE + "T20:00", 2)],
        {"orders": 2, "order_days": 1, "median_gap_days": None},
    ),
    "cancelled": ([(INSIDE, 1, {"status": "cancelled"})], GONE),
    "pending": ([(INSIDE, 1, {"status": "pending"})], GONE),
    "refunded": (
        [(INSIDE, 9, {"status": "refunded", "refund": 9})],
        {"orders": 0, "orders_all": 0, "spend": Decimal("0.00"), "recency_days": None, "refunded_orders": 1},
    ),
    "refunded but a cent": (
        [(INSIDE, 9, {"status": "refunded", "refund": "8.99"})],
        {"orders": 1, "spend": Decimal("0.01"), "refunded_orders": 0, "returns": 1},
    ),
    "named return of all": (
        [(INSIDE, 9, {"order_id": "n1"}), ("2019-06-01", -9, {"kind": "return", "returns_order_id": "n1"})],
        {"orders": 0, "spend": Decimal("0.00"), "refunded_orders": 1, "last_return_on": None},
    ),
    "given back twice": (
        [(INSIDE, 9, {"order_id": "n2", "refund": 9}), (INSIDE, -9, {"kind": "return", "returns_order_id": "n2"})],
        {"orders": 0, "spend": Decimal("0.00"), "returned_value": Decimal("18.00"), "return_rate": Decimal("1.0000")},
    ),
    "named return of a part": (
        [(INSIDE, 9, {"order_id": "n3", "refund": 2}), (INSIDE, -3, {"kind": "return", "returns_order_id": "n3"})],
        {"orders": 1, "spend": Decimal("4.00"), "sales": Decimal("4.00"), "returned_value": Decimal("5.00")},
    ),
    "old order named now": (
        [(BEFORE, 9, {"order_id": "n4"}), (INSIDE, -4, {"kind": "return", "returns_order_id": "n4"})],
        {"orders": 0, "spend": Decimal("0.00"), "spend_all": Decimal("5.00"), "return_rate": None},
    ),
    "named by a later return": (
        [(INSIDE, 9, {"order_id": "n5"}), (AS_OF, -9, {"kind": "return", "returns_order_id": "n5"})],
        {"orders": 1, "spend": Decimal("9.00"), "returns": 0},
    ),
    "cancelled and named": (
        [(INSIDE, 9, {"order_id": "n6", "status": "cancelled"}), (INSIDE, 5),
         (INSIDE, -9, {"kind": "return", "returns_order_id": "n6"})],
        {"orders": 1, "spend": Decimal("5.00")},
    ),
    "return with its order's number": (
        [(INSIDE, 9, {"order_id": "n7"}), (INSIDE, -4, {"order_id": "n7", "kind": "return", "returns_order_id": "n7"})],
        {"orders": 1, "spend": Decimal("5.00")},
    ),
    "unnamed return now": (
        [(BEFORE, 9), (INSIDE, -4, {"kind": "return"})],
        {"orders": 0, "orders_all": 1, "spend": Decimal("-4.00"), "spend_all": Decimal("5.00"), "returns": 1},
    ),
    "unnamed return before": (
        [(INSIDE, 9), (BEFORE, -4, {"kind": "return"})],
        {"orders": 1, "sales": Decimal("9.00"), "spend": Decimal("9.00"), "spend_all": Decimal("5.00")},
    ),
    "return of an order unheard of": (
        [(INSIDE, 9), (INSIDE, -4, {"kind": "return", "returns_order_id": "?"})],
        {"sales": Decimal("9.00"), "spend": Decimal("5.00"), "average_order_value": Decimal("5.00")},
    ),
    "only returns": (
        [(INSIDE, -4, {"kind": "return"})],
        {"orders": 0, "orders_all": 0, "spend": Decimal("-4.00"), "recency_days": None, "return_rate": None},
    ),
    "everything given back without a number": (
        [(INSIDE, 9), (INSIDE, 9), (INSIDE, -18, {"kind": "return"})],
        {"orders": 2, "sales": Decimal("18.00"), "spend": Decimal("0.00"), "average_order_value": Decimal("0.00"),
         "average_order_value_all": Decimal("0.00")},
    ),
    "free": (
        [(INSIDE, 0), ("2019-05-11", 4)],
        {"orders": 2, "order_days": 2, "recency_days": 177, "average_order_value": Decimal("2.00")},
    ),
    "free and nothing else": ([(INSIDE, 0)], {"orders": 1, "orders_all": 1, "recency_days": 187}),
    "free but called refunded": ([(INSIDE, 0, {"status": "refunded"})], {"orders": 0, "orders_all": 0}),
    "average half up": (
        [(INSIDE, 5), (INSIDE, "0.01")],
        {"orders": 2, "average_order_value": Decimal("2.51"), "sales": Decimal("5.01")},
    ),
}  # fmt: skip


def rows() -> Iterator[dict[str, Any]]:
    for customer, (orders, _) in CASES.items():
        for number, (at, amount, *more) in enumerate(orders):
            basic = {"customer_id": customer, "order_id": f"{customer} {number}", "ordered_at": at, "amount": amount}
            yield {**basic, **(more[0] if more else {})}


@pytest.fixture(scope="module")
def profile(engine: Engine) -> dict[str, dict[str, Any]]:
    """Every case's row of the profile, in one query."""
    moment = AsOf.of(AS_OF, ZONE)
    orders = engine.materialize(canonical_orders(engine.from_arrow(orders_table(rows())), ZONE))
    order_facts = known_facts(orders, moment, keep=engine.materialize)
    profile_rows = engine.arrow(
        order_traits(order_facts, moment, places=(), families=frozenset({"spans", "rhythm"}))
    ).to_pylist()
    return {row["customer_id"]: row for row in profile_rows}


def test_each_case_counts_as_the_page_says(profile: dict[str, dict[str, Any]]) -> None:
    expected = {customer: traits for customer, (_, traits) in CASES.items() if traits}
    actual = {customer: {name: row[name] for name in CASES[customer][1]} for customer, row in profile.items()}
    assert actual == expected


def earlier(engine: Engine, first: str) -> Any:
    """What the traits of earlier windows say of a customer who ordered on the first day of all and three days ago."""
    days = [{"customer_id": "a", "ordered_at": day, "amount": 5} for day in (first, "2025-01-28")]
    names = ("spend_before_90d", "spend_change_90d", "orders_before_365d", "spend_change_365d")
    return by_customer(cs.traits(engine.from_arrow(orders_table(days)), as_of="2025-01-31"), *names)["a"]


EARLIER = [
    ("2024-08-05", (None, None, None, None)),
    ("2024-08-04", (5, 0, None, None)),  # the first of the 180 days
    ("2023-02-02", (0, 5, None, None)),
    ("2023-02-01", (0, 5, 1, 0)),  # the first of the 730 days
]


@pytest.mark.parametrize(("first", "expected"), EARLIER)
def test_what_lies_before_the_first_fact_is_unknown_and_not_nought(
    duck: DuckEngine, first: str, expected: object
) -> None:
    assert earlier(duck, first) == expected


@pytest.mark.parametrize(
    ("first", "expected"), [EARLIER[1], *[pytest.param(*case, marks=pytest.mark.deep) for case in EARLIER[2:]]]
)
def test_what_lies_before_the_first_fact_is_the_same_on_spark(spark: Engine, first: str, expected: object) -> None:
    assert earlier(spark, first) == expected


def test_free_orders_can_be_left_out(engine: Engine) -> None:
    gift = [
        {"customer_id": "a", "ordered_at": INSIDE, "amount": 0},
        {"customer_id": "a", "ordered_at": INSIDE, "amount": 4},
    ]
    counted = cs.traits(engine.from_arrow(orders_table(gift)), as_of=AS_OF, zone=ZONE, free_orders="ignore")
    assert by_customer(counted, "orders", "average_order_value") == {"a": (1, Decimal("4.00"))}


def test_free_orders_are_counted_or_ignored_and_nothing_else(duck: DuckEngine) -> None:
    with pytest.raises(UnknownFreeOrders, match="Use count or ignore"):
        cs.traits(duck.from_arrow(orders_table([])), as_of=AS_OF, free_orders="half")  # type: ignore[arg-type]  # on purpose


def test_what_counts_from_nought_is_never_empty(profile: dict[str, dict[str, Any]]) -> None:
    counted = [trait.key for trait in CATALOGUE.values() if trait.zero and trait.key in profile["only returns"]]
    assert {(name, key) for name, row in profile.items() for key in counted if row[key] is None} == set()
