"""A decision tree: where it cuts, what its leaves are called, and that its conditions hold on every engine."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from custrata.analytics import trees
from custrata.analytics.clusters import TiersDoNotFit, TraitMissing
from custrata.analytics.trees import TreeModel, fit_tree, grade_tree
from custrata.engine import DuckEngine, Engine
from custrata.pipeline.record import graded_record
from tests.analytics.conftest import by_customer, profile_table

TRAITS = ("orders", "average_order_value")


def table(engine: Engine, customers: dict[str, dict[str, Any]]) -> ir.Table:
    return engine.from_arrow(profile_table(customers, member=pa.bool_()))


def people(many: int = 300, seed: int = 4) -> dict[str, dict[str, Any]]:
    """What is spent is orders times their average, and a little chance."""
    chance = random.Random(seed)
    customers = {}
    for number in range(many):
        orders, average = chance.randrange(1, 30), Decimal(chance.randrange(500, 9000)).scaleb(-2)
        customers[f"c{number}"] = {"orders": orders, "average_order_value": average, "spend": orders * average}
    return customers


# Two orders or fewer: 10 and 20 spent; more: 100 and 120, or, of expensive orders, 900 and 1100.
GOLDEN = {
    "a": (1, "10.00", 10), "b": (2, "9.99", 20), "c": (6, "15.00", 100), "d": (7, "16.00", 120),
    "e": (6, "150.01", 900), "f": (7, "160.00", 1100),
}  # fmt: skip


def golden(engine: Engine) -> ir.Table:
    return table(engine, {
        name: {"orders": orders, "average_order_value": average, "spend": spend}
        for name, (orders, average, spend) in GOLDEN.items()
    })  # fmt: skip


def test_cuts_where_the_target_differs_most(engine: Engine) -> None:
    """First between 16.00 and 150.01, half way and down to the cent: 83.00; then between 2 and 6 orders: 4."""
    profile = golden(engine)
    model = fit_tree(profile, "spend", depth=2, least_leaf=2, traits=TRAITS)
    assert model.conditions() == (
        (("average_order_value", ">", Decimal("83.00")),),
        (("average_order_value", "<=", Decimal("83.00")), ("orders", ">", Decimal(4))),
        (("average_order_value", "<=", Decimal("83.00")), ("orders", "<=", Decimal(4))),
    )
    assert by_customer(grade_tree(profile, model).table(), "tier", "value") == {
        "e": ("leaf1", Decimal(1000)), "f": ("leaf1", Decimal(1000)), "c": ("leaf2", Decimal(110)),
        "d": ("leaf2", Decimal(110)), "a": ("leaf3", Decimal(15)), "b": ("leaf3", Decimal(15)),
    }  # fmt: skip


def test_a_value_at_a_threshold_is_below_and_a_cent_more_is_above(engine: Engine) -> None:
    model = fit_tree(golden(engine), "spend", depth=2, least_leaf=2, traits=TRAITS)
    edge_cases = table(engine, {
        "at": {"orders": 9, "average_order_value": "83.00"}, "over": {"orders": 9, "average_order_value": "83.01"},
        "at four": {"orders": 4, "average_order_value": 1}, "five": {"orders": 5, "average_order_value": 1},
        "none": {"orders": 5},
    })  # fmt: skip
    assert by_customer(grade_tree(edge_cases, model).table(), "tier") == {
        "at": "leaf2", "over": "leaf1", "at four": "leaf3", "five": "leaf2", "none": "unknown",
    }  # fmt: skip


def test_facts_tell_each_leaf_by_its_conditions(duck: DuckEngine) -> None:
    model = fit_tree(golden(duck), "spend", depth=2, least_leaf=2, traits=TRAITS)
    graded = grade_tree(golden(duck), model, ("dear", "often", "seldom"))
    assert graded.tiers == ("dear", "often", "seldom", "unknown")
    assert graded_record(graded.facts["leaves"])["dear"] == {
        "conditions": [["average_order_value", ">", "83.00"]], "customers": 2, "mean": "1000.0000",
    }  # fmt: skip


def test_less_can_be_better(duck: DuckEngine) -> None:
    model = fit_tree(golden(duck), "spend", depth=2, least_leaf=2, traits=TRAITS, less_is_better=True)
    assert [leaf.mean for leaf in model.leaves] == [15, 110, 1000]


def test_a_boolean_can_be_target_and_trait(duck: DuckEngine) -> None:
    rows = {name: {"member": name in "ef", "orders": n} for name, (n, _, _) in GOLDEN.items()}
    model = fit_tree(table(duck, rows), "orders", depth=1, least_leaf=2, traits=["member"])
    assert model.conditions() == ((("member", ">", Decimal(0)),), (("member", "<=", Decimal(0)),))
    joined = fit_tree(table(duck, rows), "member", depth=1, least_leaf=1, traits=["orders"])
    assert [leaf.mean for leaf in joined.leaves] == [Decimal("0.5000"), Decimal(0)]


def test_a_narrower_condition_stands_for_a_wider_one(duck: DuckEngine) -> None:
    profile = table(duck, {str(n): {"orders": n, "spend": n * n} for n in range(1, 33)})
    for conditions in fit_tree(profile, "spend", depth=4, least_leaf=1, traits=["orders"]).conditions():
        assert len(conditions) == len({(trait, sign) for trait, sign, _ in conditions}) <= 2


def test_engines_grow_the_same_tree_in_any_order_of_rows(duck: DuckEngine, engine: Engine) -> None:
    rows = list(people().items())
    other = dict(random.Random(1).sample(rows, len(rows)))
    models = [
        fit_tree(table(on, who), "spend", least_leaf=20, traits=TRAITS)
        for on, who in ((duck, dict(rows)), (engine, other))
    ]
    assert models[0] == models[1]


def test_everybody_is_in_the_one_leaf_whose_conditions_hold(engine: Engine) -> None:
    profile, who = table(engine, people()), people()
    model = fit_tree(profile, "spend", least_leaf=20, traits=TRAITS)
    tiers = by_customer(grade_tree(profile, model).table(), "tier")
    for name, traits in who.items():
        matching = [
            number
            for number, conditions in enumerate(model.conditions(), start=1)
            if all((traits[trait] <= line) is (sign == "<=") for trait, sign, line in conditions)
        ]
        assert [tiers[name]] == [f"leaf{number}" for number in matching]
    assert {leaf.customers >= 20 for leaf in model.leaves} == {True}
    assert sum(leaf.customers for leaf in model.leaves) == len(who)


def test_a_model_comes_back_from_json(duck: DuckEngine) -> None:
    model = fit_tree(golden(duck), "spend", depth=2, least_leaf=2, traits=TRAITS)
    assert TreeModel.from_record(json.loads(json.dumps(graded_record(model)))) == model


def test_without_a_difference_there_is_one_leaf(engine: Engine) -> None:
    profile = table(engine, {name: {"orders": 3, "spend": 5} for name in "abc"} | {"none": {"orders": None}})
    model = fit_tree(profile, "spend", least_leaf=1, traits=["orders"])
    assert model.conditions() == ((),)
    assert by_customer(grade_tree(profile.filter(profile.customer_id != "b"), model).table(), "tier") == {
        "a": "leaf1", "c": "leaf1", "none": "unknown",
    }  # fmt: skip


def test_nobody_is_graded_where_nobody_is(engine: Engine) -> None:
    profile = golden(engine)
    model = fit_tree(profile, "spend", least_leaf=2, traits=TRAITS)
    assert by_customer(grade_tree(profile.filter(profile.orders > 100), model).table(), "tier") == {}


def test_trees_that_cannot_be_are_refused(duck: DuckEngine) -> None:
    profile = golden(duck)
    refused: list[tuple[type[Exception], dict[str, Any]]] = [
        (trees.BadTreeShape, {"depth": 0, "traits": TRAITS}),
        (trees.BadTreeShape, {"least_leaf": 0, "traits": TRAITS}),
        (trees.NoTraitsForTree, {"traits": []}),
        (trees.NoTraitsForTree, {"traits": ["spend"]}),
        (TraitMissing, {"traits": ["colour"]}),
        (trees.NothingToLearn, {"traits": TRAITS, "least_leaf": 7}),
    ]
    for error, options in refused:
        with pytest.raises(error):
            fit_tree(profile, "spend", **options)
    model = fit_tree(profile, "spend", depth=2, least_leaf=2, traits=TRAITS)
    with pytest.raises(TiersDoNotFit):
        grade_tree(profile, model, ("a", "b"))
    with pytest.raises(TraitMissing, match="average_order_value"):
        grade_tree(profile.drop("average_order_value"), model)
