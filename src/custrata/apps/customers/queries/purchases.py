"""A customer's purchases: shares by category and channel, newest sales, and the expected next order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from custrata.pipeline.reading import Purchases, PurchaseShare, Sale

MOST_PARTS = 8
MOST_ORDERS = 200


@dataclass(frozen=True)
class Slice:
    """A part and its share of the total; `rest` is the number of small parts combined in it."""

    name: str | None
    orders: int
    amount: Decimal
    share: float
    rest: int = 0


def slices(parts: Sequence[PurchaseShare]) -> list[Slice]:
    """The largest parts and the rest, with their shares of the positive total."""
    whole = sum((part.amount for part in parts if part.amount > 0), Decimal(0)) or Decimal(1)
    pieces = [Slice(part.name, part.orders, part.amount, float(part.amount / whole)) for part in parts[:MOST_PARTS]]
    left = parts[MOST_PARTS:]
    if left:
        amount = sum((part.amount for part in left), Decimal(0))
        pieces.append(Slice(None, sum(part.orders for part in left), amount, float(amount / whole), len(left)))
    return pieces


def newest(purchases: Purchases) -> list[Sale]:
    """The newest sales, the newest first."""
    return list(purchases.sales[: -MOST_ORDERS - 1 : -1])


def expected_days(row: Mapping[str, Any]) -> tuple[date, date] | None:
    """When the next order is expected: from the customer's usual gap to the upper quartile of their gaps."""
    first, last = row.get("next_order_expected_on"), row.get("last_order_on")
    if first is None or last is None:
        return None
    return first, max(first, last + timedelta(days=row.get("upper_gap_days") or 0))
