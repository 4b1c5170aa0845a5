"""A second implementation of what decides tiers, in plain Python per customer, written from the definition page.

Nothing here is taken from the product: exact fractions instead of scaled whole numbers, sorted lists instead of the
engines' quantiles, the zone database instead of steps. A value that is published rounded (half up) decides rounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Number = int | Decimal
# Per stratum: the least order days, and from which silence on a customer is at risk or churned.
Strata = Sequence[tuple[int, Fraction | None, Fraction | None]]


def rounded(value: Fraction | Decimal | int, places: int = 2) -> Decimal:
    """Half away from zero."""
    exact = Fraction(value)
    whole = int(abs(exact) * 10**places + Fraction(1, 2))
    return Decimal(whole if exact >= 0 else -whole).scaleb(-places)


def cut_off(value: Fraction | None) -> Decimal | None:
    """Twelve places, nothing rounded up."""
    return None if value is None else Decimal(int(value * 10**12)).scaleb(-12)


def lower_median(values: Iterable[int]) -> int | None:
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def ratio(part: Fraction | Decimal | int, whole: Fraction | Decimal | int, places: int = 2) -> Decimal | None:
    return rounded(Fraction(part) / Fraction(whole), places) if whole else None


@dataclass
class Customer:
    """What counts of one customer: her sold orders (instant, day, net, discount), and what came back."""

    sold: list[tuple[datetime, int, Decimal, Decimal | None]] = field(default_factory=list)
    given_back: list[tuple[datetime, Decimal]] = field(default_factory=list)
    gross: list[tuple[datetime, Decimal]] = field(default_factory=list)
    returns: list[tuple[datetime, Decimal]] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)  # counted sales, sold or given back, with all that is known of them
    categories: set[str] = field(default_factory=set)
    advocacy: Fraction | None = None
    feedback_kinds: set[str] = field(default_factory=set)  # the kinds of feedback of the last 90 days

    @property
    def days(self) -> list[int]:
        return sorted({day for _, day, _, _ in self.sold})

    @property
    def gaps(self) -> list[int]:
        return [later - earlier for earlier, later in pairwise(self.days)]


class Recomputed:
    """All customers of a shop as of an instant, in a zone, by a window in days."""

    def __init__(
        self,
        orders: Iterable[Row],
        as_of: datetime,
        zone: str,
        *,
        lines: Iterable[Row] = (),
        feedback: Iterable[Row] = (),
    ) -> None:
        self.zone, self.as_of = ZoneInfo(zone), as_of
        self.today = self.day(as_of)
        self.start = (as_of.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=365)).replace(tzinfo=self.zone)
        self.customers: dict[str, Customer] = defaultdict(Customer)
        self._count([dict(row, at=datetime.fromisoformat(row["ordered_at"])) for row in orders], list(lines))
        self._count_feedback(feedback)

    def day(self, at: datetime) -> int:
        return at.astimezone(self.zone).date().toordinal()

    def inside(self, at: datetime) -> bool:
        return self.start <= at < self.as_of

    def _count(self, orders: list[dict[str, Any]], lines: list[Row]) -> None:
        """Section 1: what counts, and what it is worth."""
        past_orders = [row for row in orders if row["at"] < self.as_of]
        counted = [row for row in past_orders if row["status"] in ("completed", "refunded")]
        sales = {row["order_id"]: row for row in counted if row["kind"] == "sale"}
        back = {row["order_id"]: row["refund"] for row in past_orders if row["kind"] == "sale"}
        for row in counted:
            if row["kind"] == "return" and row.get("returns_order_id") in back:
                back[row["returns_order_id"]] -= row["amount"]
            elif row["kind"] == "return":
                self.customers[row["customer_id"]].returns.append((row["at"], row["amount"]))
        named = defaultdict(set)
        for line in lines:
            named[line["order_id"]].add(line["category"])
        for order, row in sales.items():
            customer, at = self.customers[row["customer_id"]], row["at"]
            customer.given_back.append((at, back[order]))
            customer.gross.append((at, row["amount"]))
            net = row["amount"] - back[order]
            customer.orders.append({**row, "back": back[order], "net": net, "day": self.day(at)})
            if net > 0:
                customer.sold.append((at, self.day(at), net, row["discount"]))
                customer.categories |= named[order] - {None} if self.inside(at) else set()

    def _count_feedback(self, feedback: Iterable[Row]) -> None:
        feedback = list(feedback)
        lately = (self.as_of.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=90)).replace(tzinfo=self.zone)
        for row in feedback:
            if lately <= row["given_at"] < self.as_of and row["customer_id"] in self.customers:
                self.customers[row["customer_id"]].feedback_kinds.add(row["kind"])
        answers = [row for row in feedback if row["kind"] == "nps" and row["given_at"] < self.as_of]
        for row in sorted(answers, key=lambda row: (row["given_at"], -row["score"])):
            worth = Fraction(1) if row["score"] >= 9 else Fraction(1, 2) if row["score"] >= 7 else Fraction(0)
            if row["customer_id"] in self.customers:
                self.customers[row["customer_id"]].advocacy = worth

    def each(self, make: Callable[[Customer], Any]) -> dict[str, Any]:
        return {name: make(customer) for name, customer in self.customers.items()}

    # Traits.

    def recency(self, c: Customer) -> int | None:
        return self.today - c.days[-1] if c.sold else None

    def tenure(self, c: Customer) -> int | None:
        return self.today - c.days[0] if c.sold else None

    def orders(self, c: Customer) -> int:
        return sum(self.inside(at) for at, *_ in c.sold)

    def sales(self, c: Customer) -> Decimal:
        return sum((net for at, _, net, _ in c.sold if self.inside(at)), Decimal(0))

    def spend(self, c: Customer) -> Decimal:
        return self.sales(c) + sum((amount for at, amount in c.returns if self.inside(at)), Decimal(0))

    def average(self, c: Customer) -> Decimal | None:
        return ratio(self.spend(c), self.orders(c))

    def median_gap(self, c: Customer) -> int | None:
        return lower_median(c.gaps)

    def discount_rate(self, c: Customer) -> Decimal | None:
        discounts = [discount for at, _, _, discount in c.sold if self.inside(at) and discount is not None]
        return ratio(sum(discounts), self.sales(c) + sum(discounts), 4) if discounts else None

    @cached_property
    def common_gap(self) -> int | None:
        return lower_median(gap for c in self.customers.values() for gap in c.gaps)

    def rhythm(self, c: Customer) -> Fraction | None:
        """Section 4: the own median shrunk to the population's by five gaps."""
        if self.common_gap is None or not c.sold:
            return None
        n = len(c.gaps)
        return Fraction(n * (self.median_gap(c) or 0) + 5 * self.common_gap, n + 5)

    def silent(self, c: Customer) -> Fraction | None:
        rhythm = self.rhythm(c)
        return (self.recency(c) or 0) / rhythm if rhythm else None

    def silence(self, c: Customer) -> Decimal | None:
        return cut_off(self.silent(c))

    def last_gap_silence(self, c: Customer) -> Decimal | None:
        rhythm = self.rhythm(c)
        return cut_off(c.gaps[-1] / rhythm) if rhythm and c.gaps else None

    def comebacks(self, c: Customer) -> list[tuple[int, Fraction]]:
        """Section 4: the orders of the last 90 days after at least one rhythm known then: order days then, silence."""
        comebacks: list[tuple[int, Fraction]] = []
        for place in range(1, len(c.days)):
            before = c.gaps[: place - 1]
            usual = Fraction(len(before) * (lower_median(before) or 0) + 5 * (self.common_gap or 0), len(before) + 5)
            if self.today - c.days[place] <= 90 and c.gaps[place - 1] >= usual:
                comebacks.append((place, c.gaps[place - 1] / usual))
        return comebacks

    def comeback(self, c: Customer, least: int, most: int) -> Decimal | None:
        return cut_off(max((silence for days, silence in self.comebacks(c) if least <= days <= most), default=None))

    def regularity(self, c: Customer) -> Fraction | None:
        """Section 5: periods with an order ÷ periods since the one that holds the first order of the window."""
        length = min(max(2 * self.common_gap, 7), 91) if self.common_gap is not None else 91
        periods = {max(self.today - 1 - day, 0) // length for at, day, _, _ in c.sold if self.inside(at)}
        return Fraction(len(periods), max(periods) + 1) if periods else None

    def return_rate(self, c: Customer) -> Decimal | None:
        back = sum((amount for at, amount in c.given_back if self.inside(at)), Decimal(0))
        back -= sum((amount for at, amount in c.returns if self.inside(at)), Decimal(0))
        gross = sum((amount for at, amount in c.gross if self.inside(at)), Decimal(0))
        return min(ratio(back, gross, 4) or Decimal(0), Decimal(1)) if gross else None

    def lifecycle(self, strata: Strata | None = None) -> dict[str, str]:
        """Section 4: the first that holds; without learned lines, beyond 3 and beyond 6."""
        return self.each(lambda c: self._stage(c, strata))

    def _stage(self, c: Customer, strata: Strata | None) -> str:
        if not c.sold:
            return "prospect"
        tenure, many, silent = self.tenure(c) or 0, len(c.sold), self.silent(c)

        def beyond(tier: int, order_days: int, silence: Fraction | None) -> bool:
            if silence is None:
                return (self.recency(c) or 0) > (180, 365)[tier]
            if strata is None:
                return silence > (3, 6)[tier]
            line = [lines for least, *lines in strata if least <= order_days][-1][tier]
            return line is not None and silence >= line

        if tenure <= 60 and many < 3:
            return "new"
        if any(beyond(1, *back) for back in self.comebacks(c)):
            return "won_back"
        if beyond(1, len(c.days), silent):
            return "churned"
        if beyond(0, len(c.days), silent):
            return "at_risk"
        return "mature" if many >= 6 and tenure >= 180 else "growing"
