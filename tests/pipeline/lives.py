"""Workspaces with a few schemes and several runs, and what their history tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from custrata.engine import Engine
from custrata.lake import Run, Workspace
from custrata.pipeline import refresh
from custrata.pipeline.decisions import SCHEMAS, Decisions
from custrata.pipeline.reading import history
from custrata.tiering import SchemeLibrary, define
from tests.pipeline.conftest import AT

VIP: dict[str, Any] = {
    "key": "vip",
    "kind": "threshold",
    "trait": "spend",
    "tiers": [
        {"key": "gold", "line": 900, "keep": "80%", "valid_days": 60, "grace_days": 45, "drop_at_most": 1},
        {"key": "silver", "line": 300, "grace_days": 30},
        {"key": "basic"},
    ],
}
SIZE: dict[str, Any] = {
    "key": "size",
    "kind": "threshold",
    "trait": "orders",
    "window": 90,
    "tiers": [{"key": "many", "line": 3}, {"key": "few"}],
}
Row = Mapping[str, Any]


def publish(workspace: Workspace, *schemes: Mapping[str, Any]) -> SchemeLibrary:
    """Grade by these schemes alone."""
    library = SchemeLibrary(workspace)
    library.publish([define(dict(scheme)) for scheme in schemes], by="Li", at=AT, replace=True)
    return library


def run_at(workspace: Workspace, engine: Engine, as_of: str, *, days: int = 0, **more: Any) -> Run:
    """The run as of a day, made so many days after `AT`."""
    return refresh(workspace, engine, at=AT + timedelta(days=days), as_of=as_of, **more).run


def by_hand(customer: str, scheme: str, tier: str, until: datetime | None = None, mode: str = "at_least") -> Decisions:
    """One tier given by hand."""
    schema = SCHEMAS["overrides"]
    row = dict(zip(schema.names, (customer, scheme, tier, "a friend", until, "Li", mode), strict=True))
    return Decisions(overrides=pa.Table.from_pylist([row], schema))


def intervals_of(workspace: Workspace, **filters: Any) -> dict[tuple[str, str], list[Row]]:
    """The intervals by customer and scheme, the oldest first."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for batch in history(workspace, **filters):
        for row in batch.to_pylist():
            grouped[row["customer_id"], row["scheme"]].append(row)
    return dict(grouped)


def tiers_of(run: Run, engine: Engine, scheme: str) -> dict[str, str]:
    """The tier of every customer in a run's profile."""
    rows = engine.arrow(run.read("profile", engine).select("customer_id", f"{scheme}_tier")).to_pylist()
    return {row["customer_id"]: row[f"{scheme}_tier"] for row in rows}


def column(run: Run, engine: Engine, name: str) -> dict[str, Any]:
    """A column of a run's profile, by customer."""
    rows = engine.arrow(run.read("profile", engine).select("customer_id", name)).to_pylist()
    return {row["customer_id"]: row[name] for row in rows}


def changed(run: Run, engine: Engine) -> list[Row]:
    """The rows of a run's changes."""
    rows: list[Row] = engine.arrow(run.read("changes", engine)).to_pylist()
    return rows


def order(customer: str, day: str, amount: float = 100, number: str = "") -> dict[str, Any]:
    """One order."""
    return {"customer_id": customer, "order_id": number or f"{customer}-{day}", "ordered_at": day, "amount": amount}
