"""The attention list of the overview: its items, and those that apps declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from custrata.web.manifest import function, manifests


@dataclass(frozen=True)
class NotedCustomer:
    """A customer's id, name and spend."""

    customer_id: str
    name: str
    spend: Decimal


@dataclass(frozen=True)
class MoveCount:
    """How many customers moved between two tiers, with a link to their list."""

    words: str
    customers: int
    href: str


@dataclass(frozen=True)
class Attention:
    """An item of the attention list: icon, severity, title, text, link, and the customers concerned."""

    icon: str
    tone: str
    title: str
    text: str
    href: str
    ways: tuple[MoveCount, ...] = ()
    people: tuple[NotedCustomer, ...] = ()


def declared_attention(person: Any, at: datetime) -> Sequence[Attention]:
    """The items that apps declare, for a person at an instant."""
    return [item for app in manifests() for name in app.attention for item in function(name)(person, at)]
