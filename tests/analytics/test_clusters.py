"""Clusters found in a sample and assigned by the engine; the nearest centre once more in plain numbers."""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from custrata.analytics import clusters
from custrata.analytics.clusters import ClusterModel, fit_clusters, grade_clusters
from custrata.analytics.threshold import TierTwice
from custrata.engine import DuckEngine, Engine
from custrata.pipeline.record import graded_record
from tests.analytics.conftest import by_customer, profile_table

TRAITS = ("orders", "largest_order")
CENTRES = {"few": (2, 10), "many": (40, 12), "dear": (5, 400)}


def customer_groups(each: int = 40, seed: int = 7) -> dict[str, dict[str, Any]]:
    """Three well separated groups: few orders, many orders, expensive orders."""
    chance = random.Random(seed)
    return {
        f"{name}{n}": {
            "orders": max(1, orders + chance.randrange(-1, 2)),
            "largest_order": Decimal(amount) + Decimal(chance.randrange(-300, 300)).scaleb(-2),
        }
        for name, (orders, amount) in CENTRES.items()
        for n in range(each)
    }


def table(engine: Engine, customers: dict[str, dict[str, Any]]) -> ir.Table:
    return engine.from_arrow(profile_table(customers, mood=pa.float64()))


@pytest.fixture(scope="module")
def model(duck: DuckEngine) -> ClusterModel:
    return fit_clusters(table(duck, customer_groups()), TRAITS)


@pytest.mark.parametrize("method", ["k_means", "gaussian"])
def test_finds_the_three_crowds_the_best_first(engine: Engine, method: Any) -> None:
    profile = table(engine, customer_groups())
    model = fit_clusters(profile, TRAITS, "auto", method, order_by="largest_order")
    assert (model.k, model.sizes, model.sample) == (3, (40, 40, 40), 120)
    tiers = by_customer(grade_clusters(profile, model).table(), "tier")
    assert {(name.rstrip("0123456789"), tier) for name, tier in tiers.items()} == {
        ("dear", "c1"), ("many", "c2"), ("few", "c3"),
    }  # fmt: skip


def test_takes_the_number_with_the_best_silhouette(model: ClusterModel) -> None:
    assert set(model.silhouettes) == set(range(2, 9))
    assert max(model.silhouettes, key=lambda k: model.silhouettes[k]) == model.k == 3


@pytest.mark.parametrize("method", ["k_means", "gaussian"])
def test_engines_find_the_same_model_in_any_order_of_rows(duck: DuckEngine, engine: Engine, method: Any) -> None:
    people = list(customer_groups(seed=8).items())
    other = dict(random.Random(1).sample(people, len(people)))
    fits = [fit_clusters(table(on, who), TRAITS, 4, method) for on, who in ((duck, dict(people)), (engine, other))]
    assert fits[0] == fits[1]


def test_every_customer_is_of_the_nearest_centre(engine: Engine, model: ClusterModel) -> None:
    """Distances once more by hand, in whole thousandths of a standard deviation, the better cluster where equal."""
    newcomers = customer_groups(each=30, seed=9)
    tiers = by_customer(grade_clusters(table(engine, newcomers), model).table(), "tier")
    for name, traits in newcomers.items():
        z = [
            round(float((Decimal(traits[trait]) - mean) / scale), 3)
            for trait, mean, scale in zip(TRAITS, model.means, model.scales, strict=True)
        ]
        away = [sum((a - float(c)) ** 2 for a, c in zip(z, centre, strict=True)) for centre in model.centres]
        assert tiers[name] == f"c{away.index(min(away)) + 1}"


def test_half_way_between_two_centres_is_the_better_one(engine: Engine) -> None:
    """Orders 1, 1, 9, 9: mean 5, deviation 4, centres 1 and −1; 5 orders lie at nought."""
    four = {name: {"orders": orders} for name, orders in {"a": 1, "b": 1, "c": 9, "d": 9}.items()}
    model = fit_clusters(table(engine, four), ["orders"], 2)
    assert (model.means, model.scales) == ((Decimal(5),), (Decimal(4),))
    assert model.centres == ((Decimal(1),), (Decimal(-1),))
    ordered = {"four": 4, "five": 5, "six": 6, "a million": 1_000_000, "none": None}
    profile = table(engine, {name: {"recency_days": n} for name, n in ordered.items()})
    graded = grade_clusters(profile.rename(orders="recency_days"), model)
    assert by_customer(graded.table(), "tier", "value") == {
        "four": ("c2", 4), "five": ("c1", 5), "six": ("c1", 6), "a million": ("c1", 1_000_000),
        "none": ("unknown", None),
    }  # fmt: skip


def test_less_can_be_better(duck: DuckEngine) -> None:
    model = fit_clusters(table(duck, customer_groups()), TRAITS, 3, order_by="orders", less_is_better=True)
    assert [round(mean) for mean in model.order_means] == [2, 5, 40]


def test_tiers_can_be_named_and_who_lacks_a_trait_has_one(duck: DuckEngine, model: ClusterModel) -> None:
    profile = table(duck, {"many1": {"orders": 40, "largest_order": 12}, "new": {"orders": 1}})
    for tiers in (("best", "mid", "rest"), ("best", "mid", "rest", "nothing")):
        graded = grade_clusters(profile, model, tiers, rest="nothing")
        assert graded.tiers == ("best", "mid", "rest", "nothing")
        assert by_customer(graded.table(), "tier") == {"many1": "best", "new": "nothing"}
    assert grade_clusters(profile, model, ("best", "mid", "rest"), rest="rest").tiers == ("best", "mid", "rest")


def test_a_model_comes_back_from_json(duck: DuckEngine, model: ClusterModel) -> None:
    assert ClusterModel.from_record(json.loads(json.dumps(graded_record(model)))) == model
    dated = table(duck, {name: {**traits, "first_order_on": None} for name, traits in customer_groups().items()})
    again = fit_clusters(dated.mutate(last_order_on=dated.first_order_on), TRAITS, 3)
    assert ClusterModel.from_record(json.loads(json.dumps(graded_record(again)))) == again


def test_a_trait_that_is_alike_for_all_tells_nobody_apart(duck: DuckEngine) -> None:
    people = {name: {**traits, "recency_days": 7} for name, traits in customer_groups().items()}
    model = fit_clusters(table(duck, people), [*TRAITS, "recency_days"], 3)
    assert model.scales[2] == 1
    assert Counter(by_customer(grade_clusters(table(duck, people), model).table(), "tier").values()) == {
        "c1": 40, "c2": 40, "c3": 40,
    }  # fmt: skip


def test_floats_are_traits_too(duck: DuckEngine) -> None:
    moods = {str(n): {"mood": mood} for n, mood in enumerate([0.1, 0.12, 0.9, 0.95, float("nan")])}
    profile = table(duck, moods)
    tiers = by_customer(grade_clusters(profile, fit_clusters(profile, ["mood"], 2)).table(), "tier")
    assert list(tiers.values()) == ["c2", "c2", "c1", "c1", "unknown"]


def test_beyond_the_most_customers_a_sample_decides(duck: DuckEngine) -> None:
    numbers = range(30_000)
    columns = {"customer_id": [f"c{n}" for n in numbers], "orders": [n % 7 + 30 * (n % 2) for n in numbers]}
    profile = duck.from_arrow(pa.table(columns))
    model = fit_clusters(profile, ["orders"], 2)
    assert (model.customers, abs(model.sample - 20_000) < 500) == (30_000, True)


def test_nobody_is_graded_where_nobody_is(engine: Engine, model: ClusterModel) -> None:
    profile = table(engine, {"a": {"orders": 1, "largest_order": 1}})
    assert by_customer(grade_clusters(profile.filter(profile.orders > 1), model).table(), "tier") == {}


def test_clusters_that_cannot_be_are_refused(duck: DuckEngine, model: ClusterModel) -> None:
    profile = table(duck, {"a": {"orders": 1, "largest_order": 1}, "b": {"orders": 1, "largest_order": 1}})
    refused: list[tuple[type[Exception], dict[str, Any]]] = [
        (clusters.UnknownClusterMethod, {"traits": ["orders"], "method": "ward"}),
        (clusters.BadClusterCount, {"traits": ["orders"], "k": 1}),
        (clusters.TraitMissing, {"traits": ["colour"]}),
        (clusters.TooFewCustomers, {"traits": ["orders"]}),
        (clusters.TooFewCustomers, {"traits": ["orders"], "k": 3}),
    ]
    for error, options in refused:
        with pytest.raises(error):
            fit_clusters(profile, **options)
    with pytest.raises(clusters.TiersDoNotFit, match="The model has 3 groups, but 2 tiers"):
        grade_clusters(profile, model, ("a", "b"))
    with pytest.raises(TierTwice):
        grade_clusters(profile, model, ("a", "a", "b"))
    with pytest.raises(clusters.TraitMissing, match="largest_order"):
        grade_clusters(profile.drop("largest_order"), model)


def test_says_that_another_number_may_be_as_good(duck: DuckEngine) -> None:
    """Noise in six traits has no number of clusters: whichever comes out, another is not surely worse."""
    chance = random.Random(5)
    noise = ("orders", "largest_order", "recency_days", "tenure_days", "order_days", "returns")
    even = {f"c{n}": {name: chance.randrange(1000) for name in noise} for n in range(2100)}
    profile = table(duck, even)
    model = fit_clusters(profile, noise)
    graded = grade_clusters(profile, model)
    assert model.rival is not None
    assert model.margins.keys() == model.silhouettes.keys()
    assert (graded.notes[0], graded.facts["uncertain_k"]) == ("uncertain_k", [model.k, model.rival])


def test_measured_on_everybody_the_number_is_certain(model: ClusterModel) -> None:
    assert (model.rival, model.margins) == (None, {})


def test_a_tiny_cluster_is_noted(duck: DuckEngine) -> None:
    few = {
        name: row
        for name, row in customer_groups().items()
        if name in ("dear0", "dear1") or not name.startswith("dear")
    }
    graded = grade_clusters(table(duck, few), fit_clusters(table(duck, few), TRAITS, 3, order_by="largest_order"))
    assert (graded.notes, graded.facts["tiny"]) == (("tiny_clusters",), ["c1"])
