"""Graded customers in the database, users who make tasks, and helpers that read the audit and the timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.customers.models import Customer, TimelineEntry
from custrata.apps.playbooks.actions import make_task
from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.lake import Workspace
from custrata.pipeline.reading import Tiered, reading
from custrata.web.rights import Role

AT = datetime(2025, 7, 1, 4, tzinfo=UTC)
SignedIn = Callable[[Role], Client]


@pytest.fixture
def workspace(served: Workspace, db: None) -> Workspace:
    """The graded workspace, and its customers in the database."""
    profile = reading(served) or pytest.fail("no run")
    Customer.objects.bulk_create(
        Customer(customer_id=str(customer_id), name=f"王{str(customer_id)[1:]}", search=str(customer_id), mark=0)
        for customer_id in profile.ids().to_pylist()
    )
    return served


@pytest.fixture
def ann(workspace: Workspace, person: Callable[[Role], User]) -> User:
    """Ann, an operator."""
    return person(Role.OPERATOR)


@pytest.fixture
def bob(workspace: Workspace, person: Callable[[Role], User]) -> User:
    """Bob, an agent."""
    return person(Role.AGENT)


@pytest.fixture
def operator(workspace: Workspace, signed_in: SignedIn) -> Client:
    """An operator's browser."""
    return signed_in(Role.OPERATOR)


def ids_in(workspace: Workspace, scheme: str, tier: str) -> list[str]:
    """The customers of a tier."""
    profile = reading(workspace) or pytest.fail("no run")
    return [str(customer_id) for customer_id in profile.ids([Tiered(scheme, (tier,))]).to_pylist()]


def make(actor: User | None, **other: Any) -> Task:
    """A task for customer c007, with some fields overridden."""
    defaults = {
        "customer_id": "c007",
        "scheme": "value",
        "tier": "high",
        "action": "tailor_made",
        "title": "Make an offer",
    }
    return make_task(**{**defaults, **other}, actor=actor, at=AT)


def audit_entries() -> list[tuple[str, str | None]]:
    """Action and customer of each audit entry, oldest first."""
    return list(Change.objects.order_by("id").values_list("action", "customer_id"))


def timeline_kinds(customer_id: str = "c007") -> list[str]:
    """Kinds of the entries on a customer's timeline, oldest first."""
    return list(TimelineEntry.objects.filter(customer_id=customer_id).order_by("id").values_list("kind", flat=True))


def database_state() -> tuple[Any, ...]:
    """All rows that an action may change, to assert that nothing changed."""
    tables = (OwnPlaybook, Task, Change, TimelineEntry)
    return tuple(list(table._base_manager.order_by("pk").values()) for table in tables)
