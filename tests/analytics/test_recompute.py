"""A random shop of 300 customers graded on both engines and, customer by customer, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from custrata.analytics.traits import CATALOGUE
from custrata.engine import Engine
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
    "loyalty_value": lambda again: again.loyalty_score,
    "combined_value": lambda again: again.combined_score,
}
SCHEMES = ("frequency", "value", "loyalty", "lifecycle", "combined", "high_ticket", "price_sensitivity", "usage_cycle",
           "potential", "need")  # fmt: skip
RFM = ("rfm_tier", "rfm_label", "rfm_r_score", "rfm_f_score", "rfm_m_score")


def rounded_or_none(value: Any, places: int) -> Any:
    return None if value is None else rounded(value, places)


@pytest.fixture(scope="module")
def sold() -> Shop:
    return shop()


@pytest.fixture(scope="module")
def again(sold: Shop) -> Recomputed:
    return Recomputed(sold.orders, AS_OF, ZONE, lines=sold.lines, feedback=sold.feedback)


@pytest.fixture(scope="module")
def shown(engine: Engine, sold: Shop) -> Graded:
    return graded(engine, sold, AS_OF, ZONE)


def test_agrees_on_every_trait_of_every_customer(shown: Graded, again: Recomputed) -> None:
    wanted = {name: again.each(trait(again)) for name, trait in TRAITS.items()}
    assert {name: shown.column(name) for name in TRAITS} == wanted


def test_agrees_on_every_tier_of_every_customer(shown: Graded, again: Recomputed) -> None:
    wanted = {scheme: getattr(again, scheme)() for scheme in SCHEMES}
    assert {scheme: shown.column(f"{scheme}_tier") for scheme in SCHEMES} == wanted


def test_agrees_on_rfm_of_every_customer(shown: Graded, again: Recomputed) -> None:
    assert {name: tuple(row[column] for column in RFM) for name, row in shown.rows.items()} == again.rfm()


def test_agrees_on_the_remaining_traits_of_every_customer(shown: Graded, again: Recomputed, sold: Shop) -> None:
    wanted = again.each(Traits(again, sold.lines).of)
    found = {name: {key: row[key] for key in wanted[name]} for name, row in shown.rows.items()}
    assert found == wanted


def test_every_trait_of_the_catalogue_is_worked_out_again(again: Recomputed, sold: Shop) -> None:
    some = Traits(again, sold.lines).of(next(iter(again.customers.values())))
    assert set(CATALOGUE) - {*TRAITS, *some} == set()
