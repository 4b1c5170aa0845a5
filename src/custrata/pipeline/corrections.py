"""Late facts: past tiers that they change, recorded as corrections instead of being rewritten silently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.engine.functions import epoch_micros, only_row
from custrata.lake import Run
from custrata.pipeline.marks import same_method
from custrata.schema import INSTANT

FILE = "corrections"


def late_summary(late: ir.Table | None) -> dict[str, int]:
    """The number of late orders, and of customers with late orders."""
    if late is None:
        return {"customers": 0, "orders": 0}
    return only_row(late.aggregate(customers=late.count(), orders=late.late_orders.sum().fill_null(0)))


def corrections(
    tiers: ir.Table,
    schemes: Mapping[str, Mapping[str, Any]],
    superseded: Run | None,
    engine: Engine,
    draft: Path,
    *,
    wrong: bool,
    at: datetime,
) -> dict[str, int]:
    """Write the customers whom the superseded run of this instant had in another tier, and count them by scheme.

    Columns `customer_id`, `scheme`, `was`, `tier`, `was_value`, `value`, `at` (when it was corrected). Customers that
    the superseded run did not have, and schemes that it did not grade or graded by another version, do not count as
    corrections. Corrections recorded by the superseded run are kept. `wrong` says whether the facts differ: where only
    decisions or schemes changed, the earlier tiers were not wrong.
    """
    if superseded is None:
        return {}
    earlier = _earlier(superseded, engine)
    corrected = _corrections_by_scheme(tiers, schemes, superseded, engine) if wrong else []
    now = [part.mutate(at=ibis.literal(at).cast(INSTANT)) for part in corrected]
    parts = [*now, *([] if earlier is None else [earlier])]
    if not parts:
        return {}
    whole = reduce(lambda left, right: left.union(right), parts).order_by("at", "scheme", "customer_id")
    engine.write_parquet(whole, draft / f"{FILE}.parquet")
    written = engine.read_parquet([draft / f"{FILE}.parquet"])
    fresh = written.filter(epoch_micros(written["at"]) == epoch_micros(ibis.literal(at).cast(INSTANT)))
    counted = fresh.group_by("scheme").aggregate(customers=fresh.count())
    return {row["scheme"]: row["customers"] for row in engine.arrow(counted.order_by("scheme")).to_pylist()}


def _earlier(superseded: Run, engine: Engine) -> ir.Table | None:
    if not (superseded.folder / f"{FILE}.parquet").exists():
        return None
    stored = superseded.read(FILE, engine)
    return stored.select("customer_id", "scheme", "was", "tier", "was_value", "value", at=stored["at"].cast(INSTANT))


def _corrections_by_scheme(
    tiers: ir.Table, schemes: Mapping[str, Mapping[str, Any]], superseded: Run, engine: Engine
) -> list[ir.Table]:
    previous_profile = superseded.read("profile", engine)
    keys = [
        key
        for key, scheme_record in schemes.items()
        if f"{key}_tier" in previous_profile.columns and same_method(superseded, key, scheme_record)
    ]
    if not keys:
        return []
    previous_tiers = previous_profile.select(
        was_customer="customer_id",
        **{f"{key}_was": previous_profile[f"{key}_tier"] for key in keys},
        **{f"{key}_was_value": previous_profile[f"{key}_value"] for key in keys},
    )
    both = tiers.inner_join(previous_tiers, tiers.customer_id == previous_tiers.was_customer)
    return [_corrected(both, key) for key in keys]


def _corrected(both: ir.Table, key: str) -> ir.Table:
    wrong = both.filter(both[f"{key}_was"] != both[f"{key}_tier"])
    return wrong.select(
        "customer_id",
        scheme=ibis.literal(key),
        was=wrong[f"{key}_was"],
        tier=wrong[f"{key}_tier"],
        was_value=wrong[f"{key}_was_value"].cast("decimal(38, 4)"),
        value=wrong[f"{key}_value"].cast("decimal(38, 4)"),
    )
