"""The tier state of a scheme at the end of a run, as the next run takes it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.lake import Run
from custrata.schema import INSTANT
from custrata.tiering.life import STATE

SHOWN_PARTS = ("tier", "status", "since")
OWN = tuple(f"own_{name}" for name in STATE)


def previous_state(run: Run, key: str, engine: Engine) -> ir.Table:
    """The tier state of a scheme at a run: `was_…` of the customer's own tier, `shown_…` of the effective tier.

    Without overrides there are no `shown_…` columns.
    """
    profile = run.read("profile", engine)
    columns = set(profile.columns)
    kinds = STATE | {f"own_{part}": kind for part, kind in STATE.items()}
    read = {part: profile[f"{key}_{part}"].cast(kind) for part, kind in kinds.items() if f"{key}_{part}" in columns}
    parts = {part: read.get(part, ibis.null(kind)) for part, kind in kinds.items()}
    # Runs of earlier versions have no own tier beneath an override: then it starts again.
    own = parts["own_tier"].notnull()
    if "status" in read:
        own = own | (read["status"] == "override").fill_null(False)
    was = {f"was_{part}": own.ifelse(parts[f"own_{part}"], parts[part]) for part in STATE}
    by_hand = "own_tier" in read or (run.folder / "overrides.parquet").exists()
    shown_columns = {f"shown_{part}": parts[part] for part in SHOWN_PARTS} if by_hand else {}
    was_at = was["was_tier"].isnull().ifelse(ibis.null(INSTANT), ibis.literal(run.as_of).cast(INSTANT))
    return profile.select("customer_id", **was, was_at=was_at, **shown_columns)
