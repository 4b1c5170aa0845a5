"""A random shop of 300 customers graded on both engines and, customer by customer, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from benchmarks.recompute.__main__ import judge_of
from benchmarks.recompute.facts import Facts
from benchmarks.recompute.schemes import Schemes, differences

from custrata.engine import Engine
from custrata.pipeline.record import graded_record
from tests.analytics.grades import Graded, graded
from tests.analytics.population import AS_OF, ZONE, Shop, shop
from tests.analytics.recompute import Recomputed, rounded
from tests.analytics.recompute_traits import Traits

TRAITS: dict[str, Callable[[Recomputed], Callable[[Any], Any]]] = {
    "recency_days": lambda again: again.recency,
    "tenure_days": lambda again: again.tenure,
    "orders": lambda again: again.orders,
    "orders_all": lambda again: lambda c: len(c.sold),
    "order_days": lambda again: lambda c: len(c.days),
    "sales": lambda again: again.sales,
    "spend": lambda again: again.spend,
    "average_order_value": lambda again: again.average,
    "median_gap_days": lambda again: again.median_gap,
    "rhythm_days": lambda again: lambda c: rounded_or_none(again.rhythm(c), 2),
    "silence": lambda again: again.silence,
    "last_gap_silence": lambda again: again.last_gap_silence,
    "comeback_1": lambda again: lambda c: again.comeback(c, 1, 1),
    "comeback_2": lambda again: lambda c: again.comeback(c, 2, 3),
    "comeback_4": lambda again: lambda c: again.comeback(c, 4, 12),
    "comeback_13": lambda again: lambda c: again.comeback(c, 13, 10**6),
    "regularity": lambda again: lambda c: rounded_or_none(again.regularity(c), 6),
    "discount_rate": lambda again: again.discount_rate,
    "return_rate": lambda again: again.return_rate,
    "categories": lambda again: lambda c: len(c.categories),
}


def rounded_or_none(value: Any, places: int) -> Any:
    return None if value is None else rounded(value, places)


@pytest.fixture(scope="module")
def sold() -> Shop:
    return shop()


@pytest.fixture(scope="module")
def again(sold: Shop) -> Recomputed:
    return Recomputed(sold.orders, AS_OF, ZONE, lines=sold.lines, feedback=sold.feedback)


@pytest.fixture(scope="module")
def grades(engine: Engine, sold: Shop) -> Graded:
    return graded(engine, sold, AS_OF, ZONE)


@pytest.fixture(scope="module")
def schemes(sold: Shop, grades: Graded) -> Schemes:
    empty = {"returns_order_id": None}
    rows = [empty | row | {"ordered_at": datetime.fromisoformat(row["ordered_at"])} for row in sold.orders]
    facts = Facts(rows, sold.lines, AS_OF, ZONE, sold.feedback)
    return Schemes(facts, judge_of(graded_record(grades.curve)))


def agrees(product: Any, expected: Any) -> bool:
    """Whether the product, which keeps more places than are shown, has the value wanted."""
    if isinstance(expected, Decimal) and isinstance(product, Decimal):
        return rounded(product, max(0, -int(expected.as_tuple().exponent))) == expected
    return bool(product == expected)


def test_agrees_on_every_trait_of_every_customer(grades: Graded, again: Recomputed) -> None:
    expected = {name: again.each(trait(again)) for name, trait in TRAITS.items()}
    apart = {
        (name, customer): (value, expected[name][customer])
        for name in TRAITS
        for customer, value in grades.column(name).items()
        if not agrees(value, expected[name][customer])
    }
    assert apart == {}


def test_agrees_on_the_remaining_traits_of_every_customer(grades: Graded, again: Recomputed, sold: Shop) -> None:
    expected = again.each(Traits(again, sold.lines).of)
    apart = {(customer, name): (row[name], value) for customer, row in grades.rows.items()
             for name, value in expected[customer].items() if not agrees(row[name], value)}  # fmt: skip
    assert apart == {}


def test_agrees_on_every_tier_of_every_customer(grades: Graded, schemes: Schemes) -> None:
    for key, tiers in schemes.every().items():
        if tiers is not None:
            column = grades.column(key if key.startswith("rfm_") else f"{key}_tier")
            assert differences(tiers, {name: str(value or "") for name, value in column.items()}) == {}, key


def test_agrees_on_every_score(grades: Graded, schemes: Schemes) -> None:
    for name, score in schemes.loyalty_scores.items():
        assert abs(Fraction(grades.rows[name]["loyalty_value"]) - score) < Fraction(1, 10**9)
