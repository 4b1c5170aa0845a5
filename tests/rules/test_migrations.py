"""Migrations are named for what they do, and none is missing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState

from measure import UNNAMED


def unnamed(files: Iterable[str]) -> list[str]:
    """Migrations that carry the name Django gives when nobody thinks of one."""
    return [name for name in files if UNNAMED.search(name)]


def missing(
    written: ProjectState, target: ProjectState, labels: Iterable[str], graph: MigrationGraph
) -> dict[str, list[str]]:
    """What the models of these apps hold and their migrations do not, by app."""
    changes = MigrationAutodetector(written, target, MigrationQuestioner({"ask_initial": True})).changes(graph)
    return {
        label: [operation.describe() for migration in changes[label] for operation in migration.operations]
        for label in labels
        if label in changes
    }


@pytest.fixture
def shop(server: list[str]) -> ProjectState:
    """The models of a tiny app."""
    registry = Apps()

    class Order(models.Model):
        class Meta:
            app_label, apps = "orders", registry

    state = ProjectState()
    state.add_model(ModelState.from_model(Order))
    return state


def test_sees_a_migration_without_a_name() -> None:
    files = ["0001_initial.py", "0002_auto_20250101_1200.py", "0003_order_store_and_more.py", "0004_add_store.py"]
    assert unnamed(files) == files[1:3]


def test_sees_a_missing_migration(shop: ProjectState) -> None:
    assert missing(ProjectState(), shop, ["orders"], MigrationGraph()) == {"orders": ["Create model Order"]}


def test_nothing_is_missing_where_migrations_match_the_models(shop: ProjectState) -> None:
    assert missing(shop, shop, ["orders"], MigrationGraph()) == {}


def test_our_migrations_are_named(server: list[str]) -> None:
    loader = MigrationLoader(None)
    assert unnamed(f"{name}.py" for label, name in loader.disk_migrations if label in server) == []


def test_none_of_our_migrations_is_missing(server: list[str]) -> None:
    loader = MigrationLoader(None)
    assert missing(loader.project_state(), ProjectState.from_apps(apps), server, loader.graph) == {}
