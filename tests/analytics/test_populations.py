"""Edge cases of populations, graded by every scheme: nobody, no order, one customer, all alike, rows in any order."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics.moments import AsOf
from custrata.engine import DuckEngine
from custrata.tiering import BUILT_IN
from tests.analytics.grades import Graded, graded, profiled
from tests.analytics.population import AS_OF, ZONE, Shop, shop
from tests.examples import examples

NOW = "2025-01-31"
LOWEST = {
    "frequency": "low", "value": "low", "loyalty": "none", "lifecycle": "prospect", "rfm": "000", "combined": "general",
    "high_ticket": "standard", "usage_cycle": "unknown", "potential": "standard",
}  # fmt: skip
# Where there is no feedback nobody has a need, and without tags and payments nobody a standing.
GRADED = [key for key in BUILT_IN if key not in ("need", "standing")]


def sale(customer: str, at: str, amount: Any, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "ordered_at": at, "amount": amount, "order_id": f"{customer} {at}", **more}


def tiers(grades: Graded, customer: str) -> dict[str, str]:
    row = grades.rows[customer]
    return {scheme: row[f"{scheme}_tier"] for scheme in BUILT_IN if not grades.gradings[scheme].waiting}


@pytest.fixture(scope="module")
def large(duck: DuckEngine) -> Graded:
    return graded(duck, shop(customers=120, seed=3), AS_OF, ZONE)


def test_nobody_is_graded_where_nobody_is(duck: DuckEngine) -> None:
    grades = graded(duck, Shop([], [], []), NOW)
    assert grades.rows == {}
    assert not grades.curve.learned


def test_who_only_gave_back_is_at_the_foot_of_every_ladder(duck: DuckEngine) -> None:
    orders = [
        sale("returned", "2025-01-01", -5, kind="return"),
        sale("refunded", "2025-01-01", 5, status="refunded", refund=5),
        sale("long ago", "2023-01-01", -5, kind="return"),
    ]
    grades = graded(duck, Shop(orders, [], []), NOW)
    assert set(grades.rows) == {"returned", "refunded", "long ago"}
    assert all(tiers(grades, name) == LOWEST for name in grades.rows)
    assert grades.column("spend") == {"returned": Decimal(-5), "refunded": Decimal(0), "long ago": Decimal(0)}


def test_one_customer_alone_is_at_the_head_of_every_cut(duck: DuckEngine) -> None:
    """Price sensitivity waits: it takes thirty who bought twice, once at a discount."""
    orders = [sale("a", f"2025-01-{day}", 10, discount=1) for day in ("01", "11", "21")]
    assert tiers(graded(duck, Shop(orders, [], []), NOW), "a") == {
        "frequency": "high", "value": "high", "loyalty": "loyal", "lifecycle": "growing", "rfm": "111",
        "combined": "high", "high_ticket": "high", "usage_cycle": "short",
        "potential": "high",
    }  # fmt: skip


def test_customers_alike_share_every_tier(duck: DuckEngine) -> None:
    orders = [sale(name, f"2024-{month}-01", 10, discount=1) for name in "abcdefg" for month in ("10", "11", "12")]
    grades = graded(duck, Shop(orders, [], []), NOW)
    for scheme in GRADED:
        if not grades.gradings[scheme].waiting:
            assert len(set(grades.column(f"{scheme}_tier").values())) == 1
    assert grades.gradings["rfm"].notes == ("scores_tied", "whale")  # of seven each holds over a tenth of the spend


def test_every_customer_has_exactly_one_tier_of_every_scheme(large: Graded) -> None:
    for key, scheme in BUILT_IN.items():
        assert large.gradings[key].tiers == scheme.tiers
        if large.gradings[key].waiting:
            continue
        assert set(large.column(f"{key}_tier").values()) <= set(scheme.tiers)


def test_equal_values_share_a_tier_of_every_ladder(large: Graded) -> None:
    for key, grading in large.gradings.items():
        if grading.ladder is not None:
            pairs = {(row[f"{key}_value"], row[f"{key}_tier"]) for row in large.rows.values()}
            assert len(pairs) == len({value for value, _ in pairs})


def test_more_spend_is_never_a_worse_value(large: Graded) -> None:
    by_spend = sorted(large.rows.values(), key=lambda row: row["spend"], reverse=True)
    places = [BUILT_IN["value"].tiers.index(row["value_tier"]) for row in by_spend]
    assert places == sorted(places)


def test_the_ladder_that_is_kept_gives_the_tiers_that_were_given(large: Graded) -> None:
    for key, grading in large.gradings.items():
        if grading.ladder is not None:
            steps = {row["customer_id"]: grading.ladder.own_step(row[f"{key}_tier"]) for row in large.rows.values()}
            sign = -1 if grading.ladder.less_is_better else 1
            met = [sign * (large.rows[name][f"{key}_value"] - step.line) >= 0 for name, step in steps.items() if step]
            assert met
            assert all(met)


@given(chance=st.integers(0, 2**32))
@examples(2)
def test_any_order_of_rows_gives_the_same_result(duck: DuckEngine, large: Graded, chance: int) -> None:
    sold = shop(customers=120, seed=3)
    for rows in (sold.orders, sold.lines, sold.feedback):
        random.Random(chance).shuffle(rows)
    profile, _ = profiled(duck, sold, AsOf.of(AS_OF, ZONE))
    traits = {row["customer_id"]: row for row in duck.arrow(profile).to_pylist()}
    assert traits == {name: {key: row[key] for key in profile.columns} for name, row in large.rows.items()}


def test_an_order_that_arrives_late_counts_as_if_it_had_come_in_time(duck: DuckEngine, large: Graded) -> None:
    sold = shop(customers=120, seed=3)
    early, late = sold.orders[::2], sold.orders[1::2]
    assert graded(duck, replace(sold, orders=early + late), AS_OF, ZONE).rows == large.rows
