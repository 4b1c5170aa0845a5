"""Request and response schemas for schemes. Decimals are strings, instants are UTC."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Field, Schema

from custrata.web.bodies import StorableText

Number = Annotated[int, Field(ge=1, le=1_000_000)]
Names = Annotated[dict[str, str], Field(description="By language: zh-hans, zh-hant, en.")]
Definition = Annotated[dict[str, Any], Field(description="A scheme as data, as `custrata schemes export` writes it.")]


class TierOut(Schema):
    """A tier of the published run: its customers and their spend in the last 365 days."""

    key: str
    names: Names
    customers: int
    revenue: Decimal


class NoteOut(Schema):
    """A note on how a scheme was graded."""

    key: str
    text: str


class GradedOut(Schema):
    """A scheme as the published run graded it; while it waits for data it has no tiers."""

    run: str
    as_of: datetime
    version: int
    waiting: bool
    tiers: list[TierOut]
    notes: list[NoteOut]


class SchemeOut(Schema):
    """A scheme: the version in force from the next refresh on, and its result in the published run.

    A retired scheme is not `published`; its newest version is returned.
    """

    key: str
    kind: str
    names: Names
    version: int
    published: bool
    by: str
    at: datetime | None
    note: str
    definition: Definition
    graded: GradedOut | None


class SchemesOut(Schema):
    """Every scheme in force, in the order in which they are shown."""

    schemes: list[SchemeOut]


class VersionOut(Schema):
    """One version of a scheme; a built-in version has neither author nor time."""

    scheme: str
    number: int
    published: bool
    by: str
    at: datetime | None
    note: str
    definition: Definition


class VersionsOut(Schema):
    """Every version of a scheme, the newest first."""

    versions: list[VersionOut]


class MembersOut(Schema):
    """A page of a tier's customers: `customer_id`, and the requested fields."""

    run: str
    customers: list[dict[str, Any]]
    next: str | None


class PublishIn(Schema):
    """Schemes to publish, all or none, and a remark."""

    schemes: list[Definition] = Field(min_length=1, max_length=50)
    note: StorableText = Field("", max_length=1000)


class RollbackIn(Schema):
    """The version to publish again, and a remark."""

    version: Number
    note: StorableText = Field("", max_length=1000)


class SimulateIn(Schema):
    """A definition to simulate, the language of the reasons, and the number of movers to return."""

    scheme: Definition
    language: str = Field("en", pattern="^(zh-hans|zh-hant|en)$")
    movers: int = Field(50, ge=0, le=50)


class SizeOut(Schema):
    """One tier after publication; `before` is its number of customers in the published run."""

    tier: str
    customers: int
    share: Decimal | None
    revenue: Decimal
    revenue_share: Decimal | None
    before: int | None
    cost: Decimal | None


class MoveOut(Schema):
    """The number of customers who would move between two tiers."""

    source: str | None
    target: str
    customers: int
    revenue: Decimal
    direction: str


class MoverOut(Schema):
    """One customer who would change tiers, and why."""

    customer_id: str
    source: str
    target: str
    direction: str
    value: str | None
    spend: Decimal | None
    reason: str
    sentences: list[str]


class SimulationOut(Schema):
    """The effect of publishing a definition on the customers of the published run. Nothing is written."""

    scheme: str
    version: int
    run: str
    as_of: datetime
    customers: int
    moved: int
    waits: bool
    missing: list[str]
    tiers: list[SizeOut]
    moves: list[MoveOut]
    movers: list[MoverOut]
    losers: list[MoverOut]
    cost: Decimal | None
    cost_before: Decimal | None
    notes: list[str]
