"""A small shop graded by every scheme, as a run publishes and records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.pipeline.record import graded_record
from custrata.tiering import BUILT_IN, Explanation, explain
from custrata.wording.writer import Writer
from tests.analytics.grades import Graded, graded
from tests.analytics.population import Shop

AS_OF = "2025-01-31"
SINCE = datetime(2024, 12, 30, 16, tzinfo=UTC)  # the last day of the year in Shanghai
Explain = Callable[..., Explanation]


def sale(customer: str, at: str, amount: Any, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "ordered_at": at, "amount": amount, "order_id": f"{customer} {at}", **more}


# Ann holds 1000 of 1800, Ben 680, Cem 100, Dee 20: 80 % are 1440 and 95 % are 1710, so the lines are 680 and 100.
ORDERS = [
    *[sale("Ann", f"2024-{month}-20", 250, discount=0) for month in ("09", "10", "11", "12")],
    *[sale("Ben", f"2024-{month}-01", 340, discount=60) for month in ("11", "12")],
    sale("Cem", "2025-01-10", 100, discount=10),
    sale("Dee", "2024-03-01", 20),
    sale("Eve", "2025-01-05", -5, kind="return"),
]
FEEDBACK = [
    {"customer_id": "Ann", "given_at": datetime(2025, 1, 5, tzinfo=UTC), "kind": "complaint", "score": None},
    {"customer_id": "Ben", "given_at": datetime(2025, 1, 6, tzinfo=UTC), "kind": "inquiry", "score": None},
]


@dataclass(frozen=True)
class Run:
    """What a run publishes: rows of the profile, and what decided each scheme as its record keeps it."""

    rows: Mapping[str, Mapping[str, Any]]
    records: Mapping[str, Mapping[str, Any]]


def recorded(graded: Graded) -> Run:
    """The gradings in the record's types."""
    records = {key: graded_record(record) for key, record in graded.records.items()}
    since = {f"{key}_since": SINCE for key in BUILT_IN}
    return Run({name: {**row, **since} for name, row in graded.rows.items()}, records)


@pytest.fixture(scope="session")
def run(duck: DuckEngine) -> Run:
    """The shop above, graded."""
    return recorded(graded(duck, Shop(ORDERS, [], FEEDBACK), AS_OF, "Asia/Shanghai"))


@pytest.fixture(scope="session")
def explain_tier(run: Run) -> Explain:
    """`explain_tier("value", "Ben", "en", value=Decimal(…))`: explain a tier, with some of the row said otherwise."""

    def tell(scheme: str, customer: str, language: str = "zh-hans", **other: Any) -> Explanation:
        row = {**run.rows[customer], **other}
        return explain(scheme, row, run.records[scheme], Writer(language, "CNY", "Asia/Shanghai"))

    return tell
