"""Fixtures with customers synchronized from the lake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import transaction
from django.db.models import Model
from tests.server.conftest import AT

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions import sync_customers
from custrata.apps.customers.models import Customer, FollowedLake, FollowedRun, TimelineEntry
from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.web.rights import Role


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Fast password hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


Rows = dict[type[Model], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def customer_rows(graded: Path, django_db_setup: None, django_db_blocker: Any) -> Rows:
    """The rows that synchronizing the graded workspace creates, computed once."""
    with django_db_blocker.unblock(), transaction.atomic():
        sync_customers(Workspace.open(graded), at=AT)
        models: list[type[Model]] = [Customer, TimelineEntry, FollowedRun, FollowedLake]
        rows: Rows = {model: list(model._default_manager.values()) for model in models}
        transaction.set_rollback(True)
    for row in (row for some in rows.values() for row in some):
        del row["id"]
    return rows


@pytest.fixture
def followed(served: Workspace, customer_rows: Rows, db: None) -> Workspace:
    """The graded workspace, and its 240 customers in the database."""
    for model, rows in customer_rows.items():
        model._default_manager.bulk_create(model(**row) for row in rows)
    return served


@pytest.fixture
def anna(person: Callable[[Role], User]) -> User:
    """An operator."""
    return person(Role.OPERATOR)


ImportCustomers = Callable[..., None]


@pytest.fixture
def import_customers(own_workspace: Workspace, tmp_path: Any) -> ImportCustomers:
    """Imports customers into `own_workspace`, as the command line does."""

    def import_customers(**columns: list[str]) -> None:
        pl.DataFrame(columns).write_csv(tmp_path / "more.csv")
        with DuckEngine(threads=2) as engine:
            import_file(own_workspace, "customers", tmp_path / "more.csv", at=AT, engine=engine, again=True)

    return import_customers


def timeline_entries(customer_id: str) -> list[tuple[str, dict[str, Any]]]:
    """A customer's timeline entries other than tiers, oldest first."""
    rows = TimelineEntry.objects.filter(customer_id=customer_id).exclude(kind="tier").order_by("id")
    return [(entry.kind, entry.facts) for entry in rows]


def audit_changes(action: str) -> list[Change]:
    """The audit entries of an action, oldest first."""
    return list(Change.objects.filter(action=f"customers.{action}").order_by("id"))
