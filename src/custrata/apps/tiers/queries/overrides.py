"""Tiers that people gave by hand, as pages and as the refresh read them."""

from __future__ import annotations

import pyarrow as pa

from custrata.apps.tiers.models import Override
from custrata.pipeline.decisions import SCHEMAS


def override(customer_id: str, scheme: str) -> Override | None:
    """What somebody decided for this customer in this scheme."""
    return Override.objects.select_related("approver").filter(customer_id=customer_id, scheme=scheme).first()


def overrides() -> pa.Table:
    """All of them, as the table a refresh takes."""
    schema = SCHEMAS["overrides"]
    held = Override.objects.order_by().values_list(
        "customer_id", "scheme", "tier", "reason", "until", "approver__username", "mode"
    )
    columns = list(zip(*held, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
