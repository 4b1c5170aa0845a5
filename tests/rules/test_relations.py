"""Foreign keys point down, as imports do; import rules cannot see them."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Sequence

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models

Model = type[models.Model]
Key = models.ForeignKey[models.Model, models.Model]
Layers = Sequence[frozenset[str]]


def app_layers(contracts: configparser.ConfigParser) -> Layers:
    """The apps of the contract, high to low; apps of one layer do not see each other."""
    lines = contracts["importlinter:contract:apps"]["layers"].strip().splitlines()
    return [frozenset(re.findall(r"\w+", line)) for line in lines]


def upward_relations(registered: Iterable[Model], layers: Layers) -> Iterator[str]:
    """Every relation kept in a table whose target app stands above, or beside, its own."""
    depth = {app: number for number, layer in enumerate(layers) for app in layer}
    for model in registered:
        own = model._meta.app_label
        for field in model._meta.get_fields():
            other = field.related_model if field.is_relation and field.concrete else None
            if not (isinstance(other, type) and issubclass(other, models.Model)):
                continue
            target = other._meta.app_label
            if own in depth and target in depth and target != own and depth[target] <= depth[own]:
                yield f"{own}.{model.__name__}.{field.name} -> {target}"


@pytest.fixture
def shop(server: list[str]) -> Apps:
    """Two tiny apps, `orders` above `people`: one key points down, one up."""
    registry = Apps()

    class Person(models.Model):
        favourite: Key = models.ForeignKey("orders.Order", models.CASCADE, related_name="+")

        class Meta:
            app_label, apps = "people", registry

    class Order(models.Model):
        person: Key = models.ForeignKey(Person, models.CASCADE)
        returns: Key = models.ForeignKey("self", models.CASCADE)

        class Meta:
            app_label, apps = "orders", registry

    return registry


def registered_models(registry: Apps) -> list[Model]:
    return [model for models_of_app in registry.all_models.values() for model in models_of_app.values()]


def test_sees_a_key_that_points_up(shop: Apps) -> None:
    layers = [frozenset({"orders"}), frozenset({"people"})]
    assert list(upward_relations(registered_models(shop), layers)) == ["people.Person.favourite -> orders"]


def test_sees_keys_between_apps_of_one_layer(shop: Apps) -> None:
    assert len(list(upward_relations(registered_models(shop), [frozenset({"orders", "people"})]))) == 2


def test_the_contract_gives_the_layers(contracts: configparser.ConfigParser) -> None:
    layers = app_layers(contracts)
    assert layers[0] == {"insights"}
    assert {"audit"} == layers[-1]


def test_no_foreign_key_of_ours_points_up(server: list[str], contracts: configparser.ConfigParser) -> None:
    ours = [model for label in server for model in apps.get_app_config(label).get_models()]
    assert list(upward_relations(ours, app_layers(contracts))) == []
