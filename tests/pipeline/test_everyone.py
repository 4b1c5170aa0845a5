"""The customers of a run: from their registration, first fact or first dated record on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.pipeline.snapshot import Snapshot, known_customers
from custrata.schema import CUSTOMER_RECORDS, EVENTS, FEEDBACK, ORDER_LINES, ORDERS, PRODUCTS, TableSpec

AS_OF = AsOf.of("2025-01-31", "UTC")
BEFORE, AFTER = datetime(2025, 1, 30, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)


def table(engine: Engine, spec: TableSpec, *rows: dict[str, Any]) -> Any:
    schema = pa.schema([(column.name, column.dtype.to_pyarrow()) for column in spec])
    return engine.from_arrow(
        pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)
    )


def customers_as_of(engine: Engine, records: list[dict[str, Any]], orders: list[dict[str, Any]]) -> set[str]:
    placed = table(engine, ORDERS, *orders)
    lines, products, events, feedback = (table(engine, spec) for spec in (ORDER_LINES, PRODUCTS, EVENTS, FEEDBACK))
    facts = Snapshot(placed, lines, products, events, feedback, table(engine, CUSTOMER_RECORDS, *records), {}, placed)
    return set(engine.arrow(known_customers(facts, AS_OF)).column("customer_id").to_pylist())


def test_nobody_is_a_prospect_before_anything_was_known_of_them(engine: Engine) -> None:
    """A record of attributes alone has no date: its customer is known from the first order on."""
    records = [{"customer_id": name} for name in ("now", "later", "never ordered")]
    orders = [{"customer_id": "now", "ordered_at": BEFORE}, {"customer_id": "later", "ordered_at": AFTER}]
    assert customers_as_of(engine, records, orders) == {"now", "never ordered"}


def test_registration_and_a_dated_record_come_before_the_first_order(engine: Engine) -> None:
    records = [
        {"customer_id": "registered", "registered_at": BEFORE},
        {"customer_id": "registers later", "registered_at": AFTER},
        {"customer_id": "changed", "updated_at": BEFORE},
        {"customer_id": "changes later", "updated_at": AFTER},
    ]
    orders = [{"customer_id": row["customer_id"], "ordered_at": AFTER} for row in records]
    assert customers_as_of(engine, records, orders) == {"registered", "changed"}
