"""Customers excluded from grading: kept and shown, counted in no trait and no line."""

from __future__ import annotations

import ibis
import pytest

from custrata.analytics.shared_cards import likely_shared
from custrata.engine import DuckEngine, Engine
from custrata.lake import Workspace
from custrata.lake.exclusions import NoReason
from custrata.pipeline.reading import likely_shared_cards
from tests.pipeline.conftest import AT, AddOrders, shop
from tests.pipeline.test_refresh import column, run_at

TILL = [
    {"customer_id": "till", "order_id": f"t{number}", "ordered_at": f"2025-0{1 + number % 6}-11", "amount": 1000}
    for number in range(900)
]


@pytest.fixture
def with_till(workspace: Workspace, add_orders: AddOrders) -> Workspace:
    add_orders(workspace, [*shop(60), *TILL])
    return workspace


def test_a_run_names_numbers_that_are_likely_shared(with_till: Workspace, duck: DuckEngine) -> None:
    (card,) = likely_shared_cards(run_at(with_till, duck).run)
    assert (card.customer_id, card.orders) == ("till", 900)


def test_the_rest_are_graded_as_if_the_excluded_were_not_there(
    with_till: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    with_till.exclusions.add(["till"], reason="the till's own card", by="", at=AT)
    names = [f"{key}_{part}" for key in ("value", "frequency", "rfm", "lifecycle") for part in ("tier", "value")]
    excluding = column(run_at(with_till, duck, "2026-01-01").run, duck, *names)
    with_till.exclusions.remove(["till"])
    with_till.lake.erase("till", at=AT)
    assert excluding.pop("till") is not None
    assert excluding == column(run_at(with_till, duck, "2026-01-01").run, duck, *names)


def test_an_excluded_customer_stays_with_a_tier_and_without_spend(with_till: Workspace, duck: DuckEngine) -> None:
    with_till.exclusions.add(["till"], reason="the till's own card", by="", at=AT)
    run = run_at(with_till, duck).run
    assert column(run, duck, "orders_all", "value_tier")["till"] == (0, "low")
    assert likely_shared_cards(run) == []


def test_excluding_and_including_make_the_instant_anew(with_till: Workspace, duck: DuckEngine) -> None:
    before = column(run_at(with_till, duck).run, duck, "value_tier")
    with_till.exclusions.add(["till"], reason="card", by="", at=AT)
    assert run_at(with_till, duck).new
    with_till.exclusions.remove(["till"])
    after = run_at(with_till, duck)
    assert after.new
    assert column(after.run, duck, "value_tier") == before


def test_excluding_needs_a_reason_and_twice_is_once(workspace: Workspace) -> None:
    with pytest.raises(NoReason):
        workspace.exclusions.add(["a"], reason=" ", by="", at=AT)
    assert workspace.exclusions.all() == {}
    assert workspace.exclusions.add(["a"], reason="card", by="Li", at=AT) == ["a"]
    assert workspace.exclusions.add(["a"], reason="other", by="Wu", at=AT) == []
    assert workspace.exclusions.all()["a"].reason == "card"
    assert workspace.exclusions.remove(["b", "a", "a"]) == ["a"]


@pytest.mark.parametrize(
    ("orders", "named"),
    [
        ([], []),
        ([7], []),
        ([49, *[1] * 99], []),  # too few to say
        ([100, 100, 100, 90], []),  # a share of the orders says nothing among four customers
        ([60, *[2] * 2000], ["0"]),  # 1.5 % of all
        ([30, *[2] * 2000], []),
        ([5000, 5000, *[50] * 5000], ["0", "1"]),  # 100 times what nearly everybody has
    ],
)
def test_names_only_those_far_above_everybody(engine: Engine, orders: list[int], named: list[str]) -> None:
    rows = {"customer_id": [str(number) for number in range(len(orders))], "orders_all": orders}
    table = ibis.memtable(rows, schema=ibis.schema({"customer_id": "string", "orders_all": "int32"}))
    assert engine.arrow(likely_shared(engine.from_arrow(table.to_pyarrow())))["customer_id"].to_pylist() == named
