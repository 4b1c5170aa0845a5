"""Overrides, for pages and for the refresh."""

from __future__ import annotations

import pyarrow as pa

from custrata.apps.tiers.models import Override
from custrata.pipeline.decisions import SCHEMAS


def override(customer_id: str, scheme: str) -> Override | None:
    """The override of a customer in a scheme, if any."""
    return Override.objects.select_related("approver").filter(customer_id=customer_id, scheme=scheme).first()


def overrides() -> pa.Table:
    """All overrides as an Arrow table for the refresh."""
    schema = SCHEMAS["overrides"]
    rows = Override.objects.order_by().values_list(
        "customer_id", "scheme", "tier", "reason", "until", "approver__username", "mode"
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
