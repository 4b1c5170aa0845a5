"""Every method once more, customer by customer in plain Python, written from the page that defines them.

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
from math import ceil
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
    said: set[str] = field(default_factory=set)  # the kinds of feedback of the last 90 days

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
        self._hear(feedback)

    def day(self, at: datetime) -> int:
        return at.astimezone(self.zone).date().toordinal()

    def inside(self, at: datetime) -> bool:
        return self.start <= at < self.as_of

    def _count(self, orders: list[dict[str, Any]], lines: list[Row]) -> None:
        """Section 1: what counts, and what it is worth."""
        known = [row for row in orders if row["at"] < self.as_of]
        counted = [row for row in known if row["status"] in ("completed", "refunded")]
        sales = {row["order_id"]: row for row in counted if row["kind"] == "sale"}
        back = {row["order_id"]: row["refund"] for row in known if row["kind"] == "sale"}
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

    def _hear(self, feedback: Iterable[Row]) -> None:
        feedback = list(feedback)
        lately = (self.as_of.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=90)).replace(tzinfo=self.zone)
        for row in feedback:
            if lately <= row["given_at"] < self.as_of and row["customer_id"] in self.customers:
                self.customers[row["customer_id"]].said.add(row["kind"])
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
        return ratio(self.sales(c), self.orders(c))

    def median_gap(self, c: Customer) -> int | None:
        return lower_median(c.gaps)

    def discount_rate(self, c: Customer) -> Decimal | None:
        given = [discount for at, _, _, discount in c.sold if self.inside(at) and discount is not None]
        return ratio(sum(given), self.sales(c) + sum(given), 4) if given else None

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
        found: list[tuple[int, Fraction]] = []
        for place in range(1, len(c.days)):
            before = c.gaps[: place - 1]
            usual = Fraction(len(before) * (lower_median(before) or 0) + 5 * (self.common_gap or 0), len(before) + 5)
            if self.today - c.days[place] <= 90 and c.gaps[place - 1] >= usual:
                found.append((place, c.gaps[place - 1] / usual))
        return found

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

    # Schemes.

    def by_shares(self, value: Callable[[Customer], Any], tiers: Sequence[str], shares: Sequence[Fraction],
                  *, less: bool = False) -> dict[str, str]:  # fmt: skip
        """Section 2, `quantile`: the line of share s is the value at rank ⌈s·n⌉ from the best."""
        values = self.each(value)
        best = sorted((v for v in values.values() if v is not None), reverse=not less)
        lines = [best[ceil(share * len(best)) - 1] for share in shares] if best else []
        return {name: tier_of(v, lines, tiers, less=less) for name, v in values.items()}

    def frequency(self) -> dict[str, str]:
        shares = (Fraction(1, 5), Fraction(1, 2))
        return self.by_shares(lambda c: self.orders(c) or None, ("high", "mid", "low"), shares)

    def value(self) -> dict[str, str]:
        """Section 2, `pareto`."""
        values = self.each(self.spend)
        best = sorted((v for v in values.values() if v > 0), reverse=True)
        lines, held = [], Decimal(0)
        for v in best:
            before, held = held, held + v
            lines += [v] * sum(before < share * sum(best) <= held for share in (Decimal("0.8"), Decimal("0.95")))
        return {name: tier_of(v, lines, ("high", "mid", "low")) for name, v in values.items()}

    def high_ticket(self) -> dict[str, str]:
        return self.by_shares(
            lambda c: self.average(c) if self.orders(c) >= 2 else None, ("high", "standard"), (Fraction(1, 10),)
        )

    def price_sensitivity(self) -> dict[str, str]:
        return self.by_shares(self.discount_rate, ("high", "mid", "low"), (Fraction(1, 3), Fraction(2, 3)))

    def usage_cycle(self) -> dict[str, str]:
        shares = (Fraction(1, 3), Fraction(2, 3), Fraction(1))
        tiers = ("short", "mid", "long", "unknown")
        return self.by_shares(lambda c: self.median_gap(c) if len(c.days) >= 3 else None, tiers, shares, less=True)

    def loyalty_score(self, c: Customer) -> Decimal | None:
        """Section 5; a factor counts with six places."""
        orders, regularity = self.orders(c), self.regularity(c)
        if not orders or regularity is None:
            return None
        factors = {40: regularity, 25: 1 - Fraction(1, orders), 15: Fraction(min(self.tenure(c) or 0, 730), 730)}
        weighed = list(factors.items())
        if any(other.categories for other in self.customers.values()):
            weighed.append((10, Fraction(min(len(c.categories), 5), 5)))
        if c.advocacy is not None:
            weighed.append((10, c.advocacy))
        return weighed_score(weighed)

    def loyalty(self) -> dict[str, str]:
        lines = (Decimal(66), Decimal(33))
        return {k: tier_of(v, lines, ("loyal", "potential", "none")) for k, v in self.each(self.loyalty_score).items()}

    @cached_property
    def ranked(self) -> list[Decimal]:
        return [self.spend(c) for c in self.customers.values() if self.orders(c)]

    def combined_score(self, c: Customer) -> Decimal | None:
        loyalty = self.loyalty_score(c)
        if loyalty is None:
            return None
        own = self.spend(c)
        rank = Fraction(sum(other <= own for other in self.ranked), len(self.ranked))
        weighed = [(35, Fraction(loyalty) / 100), (45, rank)]
        if any(self.return_rate(other) for other in self.customers.values()):
            weighed.append((20, 1 - Fraction(40, 100) * Fraction(self.return_rate(c) or 0)))
        return weighed_score(weighed)

    def combined(self) -> dict[str, str]:
        lines = (Decimal(70), Decimal(40))
        return {k: tier_of(v, lines, ("high", "mid", "general")) for k, v in self.each(self.combined_score).items()}

    def need(self) -> dict[str, str]:
        """Section 2: a complaint beats an inquiry."""
        return self.each(lambda c: next((kind for kind in ("complaint", "inquiry") if kind in c.said), "none"))

    def spend_change(self, c: Customer) -> Decimal:
        """Spend of the last 90 days less that of the 90 before."""
        clock = self.as_of.astimezone(self.zone).replace(tzinfo=None)
        recent, before = ((clock - timedelta(days=days)).replace(tzinfo=self.zone) for days in (90, 180))
        held = [(at, net) for at, _, net, _ in c.sold] + c.returns
        later = sum((net for at, net in held if recent <= at < self.as_of), Decimal(0))
        return later - sum((net for at, net in held if before <= at < recent), Decimal(0))

    def potential(self) -> dict[str, str]:
        """Section 2: high value now; else the top 30 % in growth of those with an order, and only where it grows."""
        value = self.value()
        best = sorted((self.spend_change(c) for c in self.customers.values() if self.orders(c)), reverse=True)
        line = best[ceil(Fraction(3, 10) * len(best)) - 1]

        def tier(name: str, c: Customer) -> str:
            grows = self.orders(c) > 0 and self.spend_change(c) > 0 and self.spend_change(c) >= line
            return "high" if value[name] == "high" else "potential" if grows else "standard"

        return {name: tier(name, c) for name, c in self.customers.items()}

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

    def rfm(self) -> dict[str, tuple[str, str | None, int | None, int | None, int | None]]:
        """Section 3: group by the means, scores by the quintiles, label by the grid."""
        having = {name: c for name, c in self.customers.items() if self.orders(c)}
        inputs: dict[str, tuple[Any, ...]] = {
            name: (-(self.recency(c) or 0), self.orders(c), self.sales(c)) for name, c in having.items()
        }
        columns = [sorted(column) for column in zip(*inputs.values(), strict=True)]
        found: dict[str, tuple[str, str | None, int | None, int | None, int | None]] = {}
        for name in self.customers:
            if name not in inputs:
                found[name] = ("000", None, None, None, None)
                continue
            pairs = list(zip(inputs[name], columns, strict=True))
            group = "".join(str(int(v * len(column) >= sum(column))) for v, column in pairs)
            r, f, m = (1 + sum(column[ceil(Fraction(k, 5) * len(column)) - 1] < v for k in (1, 2, 3, 4))
                       for v, column in pairs)  # fmt: skip
            found[name] = (group, GRID[r][ceil(Fraction(f + m, 2)) - 1], r, f, m)
        return found


GRID = {
    5: ("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
    4: ("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cant_lose"),
}


def tier_of(value: Any, lines: Sequence[Any], tiers: Sequence[str], *, less: bool = False) -> str:
    """The first tier whose line the value meets; the last for whoever has no value or meets none."""
    met = (tier for tier, line in zip(tiers, lines, strict=False)
           if value is not None and (value <= line if less else value >= line))  # fmt: skip
    return next(met, tiers[-1])


def weighed_score(weighed: list[tuple[int, Fraction]]) -> Decimal:
    """Σ weight · factor ÷ Σ weight × 100, a factor with six places."""
    points = sum((weight * Fraction(rounded(factor, 6)) for weight, factor in weighed), Fraction(0))
    return rounded(points / sum(weight for weight, _ in weighed) * 100)
