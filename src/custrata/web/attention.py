"""What the overview shows a person to see to; the apps declare the functions that find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from custrata.web.manifest import function, manifests


@dataclass(frozen=True)
class Person:
    """A customer by name, with what they spent."""

    customer_id: str
    name: str
    spend: Decimal


@dataclass(frozen=True)
class Way:
    """From which tier to which so many customers went, and where they are listed."""

    words: str
    customers: int
    href: str


@dataclass(frozen=True)
class Attention:
    """Something to look at: an icon, how grave it is, two sentences, where it leads, and customers concerned."""

    icon: str
    tone: str
    title: str
    text: str
    href: str
    ways: tuple[Way, ...] = ()
    people: tuple[Person, ...] = ()


def declared_attention(person: Any, at: datetime) -> Sequence[Attention]:
    """What the apps declare, for a person at an instant."""
    return [item for app in manifests() for name in app.attention for item in function(name)(person, at)]
