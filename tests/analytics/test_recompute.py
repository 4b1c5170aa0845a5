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
    "recency_days": lambda recomputed: recomputed.recency,
    "tenure_days": lambda recomputed: recomputed.tenure,
    "orders": lambda recomputed: recomputed.orders,
    "orders_all": lambda recomputed: lambda c: len(c.sold),
    "order_days": lambda recomputed: lambda c: len(c.days),
    "sales": lambda recomputed: recomputed.sales,
    "spend": lambda recomputed: recomputed.spend,
    "average_order_value": lambda recomputed: recomputed.average,
    "median_gap_days": lambda recomputed: recomputed.median_gap,
    "rhythm_days": lambda recomputed: lambda c: rounded_or_none(recomputed.rhythm(c), 2),
    "silence": lambda recomputed: recomputed.silence,
    "last_gap_silence": lambda recomputed: recomputed.last_gap_silence,
    "comeback_1": lambda recomputed: lambda c: recomputed.comeback(c, 1, 1),
    "comeback_2": lambda recomputed: lambda c: recomputed.comeback(c, 2, 3),
    "comeback_4": lambda recomputed: lambda c: recomputed.comeback(c, 4, 12),
    "comeback_13": lambda recomputed: lambda c: recomputed.comeback(c, 13, 10**6),
    "regularity": lambda recomputed: lambda c: rounded_or_none(recomputed.regularity(c), 6),
    "discount_rate": lambda recomputed: recomputed.discount_rate,
    "return_rate": lambda recomputed: recomputed.return_rate,
    "categories": lambda recomputed: lambda c: len(c.categories),
}


def rounded_or_none(value: Any, places: int) -> Any:
    return None if value is None else rounded(value, places)


@pytest.fixture(scope="module")
def sample_shop() -> Shop:
    return shop()


@pytest.fixture(scope="module")
def recomputed(sample_shop: Shop) -> Recomputed:
    return Recomputed(sample_shop.orders, AS_OF, ZONE, lines=sample_shop.lines, feedback=sample_shop.feedback)


@pytest.fixture(scope="module")
def grades(engine: Engine, sample_shop: Shop) -> Graded:
    return graded(engine, sample_shop, AS_OF, ZONE)


@pytest.fixture(scope="module")
def schemes(sample_shop: Shop, grades: Graded) -> Schemes:
    empty = {"returns_order_id": None}
    rows = [empty | row | {"ordered_at": datetime.fromisoformat(row["ordered_at"])} for row in sample_shop.orders]
    facts = Facts(rows, sample_shop.lines, AS_OF, ZONE, feedback=sample_shop.feedback)
    return Schemes(facts, judge_of(graded_record(grades.curve)))


def agrees(product: Any, expected: Any) -> bool:
    """Whether the product, which keeps more places than are shown, has the value wanted."""
    if isinstance(expected, Decimal) and isinstance(product, Decimal):
        return rounded(product, max(0, -int(expected.as_tuple().exponent))) == expected
    return bool(product == expected)


def test_agrees_on_every_trait_of_every_customer(grades: Graded, recomputed: Recomputed) -> None:
    expected = {name: recomputed.each(trait(recomputed)) for name, trait in TRAITS.items()}
    differing = {
        (name, customer): (value, expected[name][customer])
        for name in TRAITS
        for customer, value in grades.column(name).items()
        if not agrees(value, expected[name][customer])
    }
    assert differing == {}


def test_agrees_on_the_remaining_traits_of_every_customer(
    grades: Graded, recomputed: Recomputed, sample_shop: Shop
) -> None:
    expected = recomputed.each(Traits(recomputed, sample_shop.lines).of)
    differing = {(customer, name): (row[name], value) for customer, row in grades.rows.items()
             for name, value in expected[customer].items() if not agrees(row[name], value)}  # fmt: skip
    assert differing == {}


def test_agrees_on_every_tier_of_every_customer(grades: Graded, schemes: Schemes) -> None:
    for key, tiers in schemes.every().items():
        if tiers is not None:
            column = grades.column(key if key.startswith("rfm_") else f"{key}_tier")
            assert differences(tiers, {name: str(value or "") for name, value in column.items()}) == {}, key


def test_agrees_on_every_score(grades: Graded, schemes: Schemes) -> None:
    for name, score in schemes.loyalty_scores.items():
        assert abs(Fraction(grades.rows[name]["loyalty_value"]) - score) < Fraction(1, 10**9)
