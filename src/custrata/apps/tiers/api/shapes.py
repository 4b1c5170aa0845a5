"""Request and response schemas for overrides, changes and runs. Decimals are strings, instants are UTC."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Schema

from custrata.web.bodies import StorableText
from custrata.web.days import Instant


class OverrideIn(Schema):
    """An override: tier, mode, reason and end; without `until` it does not end."""

    tier: StorableText = Field(max_length=64)
    mode: Literal["at_least", "exactly"] = "at_least"
    reason: StorableText = Field(min_length=1, max_length=1000)
    until: Instant | None = None


class OverrideOut(Schema):
    """An override; it takes effect with the next refresh."""

    customer_id: str
    scheme: str
    tier: str
    mode: str
    reason: str
    until: datetime | None
    approved_by: str
    approved_at: datetime


class ChangeOut(Schema):
    """One change. `direction`: entered, up, down, stayed in the tier with another `status`, or left.

    A customer who left is in no later run: `to` is empty.

    `late` marks a correction caused by facts that arrived late.
    """

    customer_id: str
    scheme: str
    version: int
    source: str | None = Field(serialization_alias="from")
    target: str | None = Field(serialization_alias="to")
    direction: str
    status: str
    reason: str | None
    value: Decimal | None
    at: datetime
    until: datetime | None
    late: bool
    run: str


class ChangesOut(Schema):
    """Changes since a cursor, and the cursor after them; `more` says that further changes are available now."""

    changes: list[ChangeOut]
    since: str
    more: bool


class RunOut(Schema):
    """A refresh: its as-of instant, creation time, headline numbers, and seconds by step."""

    id: str
    as_of: datetime
    at: datetime
    headline: dict[str, Any]
    steps: dict[str, float]


class OneRunOut(RunOut):
    """A refresh, and the version of every scheme it graded by."""

    schemes: dict[str, int]


class RunsOut(Schema):
    """Refreshes, the newest first."""

    runs: list[RunOut]
    next: str | None
