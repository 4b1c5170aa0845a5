"""Decisions of people, as input of the next refresh."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from custrata.apps.customers.models import Customer, CustomerTag, Edit
from custrata.pipeline.decisions import SCHEMAS, Decisions

PORTION = 50_000


def decisions() -> Decisions:
    """Edits, tags and owners of all customers; the app `tiers` provides tier overrides."""
    owned = Customer.objects.filter(owner__isnull=False)
    called = Coalesce(NullIf("owner__name", Value("")), F("owner__username"))
    return Decisions(
        edits=_table("edits", Edit.objects.order_by(), ("customer_id", "attribute", "value", "at")),
        tags=_table("tags", CustomerTag.objects.order_by(), ("customer_id", "tag__name")),
        owners=_table("owners", owned.order_by().annotate(called=called), ("customer_id", "called")),
    )


def _table(
    name: str, rows: QuerySet[Edit] | QuerySet[CustomerTag] | QuerySet[Customer], fields: Sequence[str]
) -> pa.Table:
    """Rows as the decision table of that name."""
    schema, batches, pending = SCHEMAS[name], [], list[tuple[object, ...]]()
    for row in rows.values_list(*fields).iterator(chunk_size=PORTION):
        pending.append(row)
        if len(pending) == PORTION:
            batches.append(_batch(pending, schema))
            pending = []
    if pending:
        batches.append(_batch(pending, schema))
    return pa.Table.from_batches(batches, schema)


def _batch(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
