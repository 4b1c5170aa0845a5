"""Workspaces with facts in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from custrata.analytics.sources import canonical_orders
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.schema import INSTANT, ORDERS
from tests.analytics.conftest import orders_table

AT = datetime(2026, 1, 1, tzinfo=UTC)
Rows = Iterable[Mapping[str, Any]]
AddOrders = Callable[..., None]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace whose days are UTC days."""
    return opened(tmp_path)


@pytest.fixture
def add_orders(duck: DuckEngine) -> AddOrders:
    """Put orders into a workspace's lake, as an import does at an instant."""

    def add(workspace: Workspace, rows: Rows, at: datetime = AT) -> None:
        stock(workspace, duck, rows, at)

    return add


def stock(workspace: Workspace, duck: DuckEngine, rows: Rows, at: datetime = AT) -> None:
    """Put orders into a workspace's lake."""
    with workspace.lake.change(at=at) as change:
        change.upsert("orders", whole_orders(duck, rows, at), duck)


def opened(folder: Path, zone: str = "UTC") -> Workspace:
    """An empty workspace in a folder."""
    return Workspace.create(folder / "shop", currency="USD", timezone=zone, language="en")


def whole_orders(duck: DuckEngine, rows: Rows, at: datetime = AT) -> ir.Table:
    """Rows as the canonical table, with all its columns."""
    read = canonical_orders(duck.from_arrow(orders_table(rows)), "UTC")
    origin = {"source": ibis.literal("file"), "imported_at": ibis.literal(at), "import_id": ibis.literal("test")}
    values: dict[str, ir.Value] = {**{name: read[name] for name in read.columns}, **origin}
    return read.select(
        **{
            column.name: values[column.name].cast(INSTANT if column.type == INSTANT else column.type)
            if column.name in values
            else ibis.null(column.type)
            for column in ORDERS
        }
    )


def shop(customers: int, seed: int = 7) -> list[dict[str, Any]]:
    """A year and a half of orders of a shop, the same for the same seed."""
    chance = Random(seed)
    rows: list[dict[str, Any]] = []
    for customer in range(customers):
        day = chance.randrange(200)
        while day < 540:
            when = datetime.fromordinal(datetime(2024, 1, 1).toordinal() + day)
            amount = chance.choice([5, 10, 19.99, 49.5, 120])
            paid = {"discount": chance.choice([0, 0, 2.5]), "channel": chance.choice(["web", "store"])}
            back = {"refund": amount, "status": "refunded"} if chance.random() < 0.03 else {}
            number = f"{customer}-{len(rows)}"
            rows.append({"customer_id": f"c{customer}", "order_id": number, "ordered_at": when.isoformat(),
                         "amount": amount, **paid, **back})  # fmt: skip
            day += 1 + int(chance.expovariate(1 / chance.choice([7, 30, 90])))
    return rows
