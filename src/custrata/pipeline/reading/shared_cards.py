"""The customers of a run whose number is likely shared by many people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pyarrow.parquet as pq

from custrata.lake import Run

FILE = "shared_cards.parquet"


@dataclass(frozen=True)
class SharedCard:
    """A customer with more orders than one person plausibly makes; `share` of all orders."""

    customer_id: str
    orders: int
    share: Decimal


def likely_shared_cards(run: Run) -> list[SharedCard]:
    """The likely shared cards of a run, by number of orders; none for a run of an earlier version."""
    path = run.folder / FILE
    return [SharedCard(**row) for row in pq.read_table(path).to_pylist()] if path.exists() else []
