"""The list of erasures, with hashes in place of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custrata.lake import Workspace

KIND = "customers.erase"


@dataclass(frozen=True)
class ListedErasure:
    """One erasure; `under_way` until every place is clean."""

    erasure: str
    at: datetime
    by: str
    removed: Mapping[str, int]
    under_way: bool
    lifted_at: datetime | None
    lifted_by: str
    reason: str


def erasures(workspace: Workspace) -> list[ListedErasure]:
    """Every erasure, the newest first. Raises `Damaged`."""
    ids = [customer_id for intent in workspace.erasing.all() for customer_id in intent.customer_ids]
    under_way = workspace.erasures.hashes(ids)
    return [
        ListedErasure(
            erasure=row.name,
            at=row.at,
            by=row.by,
            removed=row.removed,
            under_way=row.customer in under_way and row.lifted_at is None,
            lifted_at=row.lifted_at,
            lifted_by=row.lifted_by,
            reason=row.reason,
        )
        for row in reversed(workspace.erasures.all())
    ]
