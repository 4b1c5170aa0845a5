"""What each customer did before an instant: orders with what they are worth, returns, and how they lie in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
EPOCH = date(1970, 1, 1)
WINDOW = 365


@dataclass
class Order:
    """A counted order: its day in the workspace's zone, its net in cents, discount in cents or none."""

    order_id: str
    at: datetime
    day: int
    net: int
    sold: int  # before refunds and returns
    discount: int | None


@dataclass
class Person:
    """One customer: counted orders in time, and what else moved money."""

    orders: list[Order] = field(default_factory=list)
    returns: list[tuple[datetime, int]] = field(default_factory=list)  # that name no order: instant, cents
    refunded: list[tuple[datetime, int, int]] = field(default_factory=list)  # of sales: instant, sold, given back
    categories: set[str] = field(default_factory=set)
    advocacy: Fraction | None = None  # the newest NPS answer: promoter 1, passive ½, detractor 0
    feedback_kinds: set[str] = field(default_factory=set)  # kinds of feedback of the last 90 days

    @property
    def days(self) -> list[int]:
        """Distinct order days, ascending."""
        return sorted({order.day for order in self.orders})


def cents(value: Any) -> int:
    """Money as whole cents."""
    return 0 if value is None else int(value * 100)


def day_of(at: datetime, zone: ZoneInfo) -> int:
    """The day of an instant in a zone, counted from 1970."""
    return (at.astimezone(zone).date() - EPOCH).days


def median(values: Iterable[int]) -> int | None:
    """The lower middle value."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


class Facts:
    """Everybody at an instant. Rows of the canonical tables; times are aware."""

    def __init__(
        self, orders: Iterable[Row], lines: Iterable[Row], as_of: datetime, zone: str, *,
        feedback: Iterable[Row] = (), mentions: Iterable[Row] = (),
    ) -> None:  # fmt: skip
        self.zone, self.as_of = ZoneInfo(zone), as_of
        self.today = day_of(as_of, self.zone)
        self.people: dict[str, Person] = defaultdict(Person)
        past = [row for row in orders if row["ordered_at"] < as_of]
        self.first_fact = min(row["ordered_at"] for row in past)
        self._count(past)
        self._prospects(mentions)
        self._categories(lines)
        self._feedback([row for row in feedback if row["given_at"] < as_of])
        gaps = [gap for person in self.people.values() for gap in gaps_of(person.days)]
        self.population_gap = median(gaps)
        self.period = min(91, max(7, 2 * self.population_gap)) if self.population_gap else 91

    def start(self, days: int) -> datetime:
        """The instant so many days before, at the same time of the local clock."""
        local = self.as_of.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=days)
        return local.replace(tzinfo=self.zone)

    def inside(self, at: datetime, days: int = WINDOW) -> bool:
        """Whether an instant lies in the window of so many days."""
        return self.start(days) <= at < self.as_of

    def _count(self, past: list[Row]) -> None:
        sales = {row["order_id"]: row for row in past if row["kind"] == "sale"}
        back: dict[str, int] = defaultdict(int)
        for row in past:
            if row["kind"] != "return" or row["status"] not in ("completed", "refunded"):
                continue
            if row["returns_order_id"] in sales:
                back[row["returns_order_id"]] += -cents(row["amount"])
            elif row["customer_id"] is not None:
                self.people[row["customer_id"]].returns.append((row["ordered_at"], -cents(row["amount"])))
        for row in sales.values():
            if row["status"] not in ("completed", "refunded") or row["customer_id"] is None:
                continue
            person = self.people[row["customer_id"]]
            sold, given_back = cents(row["amount"]), cents(row["refund"]) + back[row["order_id"]]
            person.refunded.append((row["ordered_at"], sold, given_back))
            if given_back and sold - given_back <= 0:
                continue  # wholly refunded
            discount = None if row["discount"] is None else cents(row["discount"])
            day = day_of(row["ordered_at"], self.zone)
            net = sold - given_back
            person.orders.append(Order(row["order_id"], row["ordered_at"], day, net, sold, discount))
        for person in self.people.values():
            person.orders.sort(key=lambda order: (order.at, order.net))

    def _prospects(self, mentions: Iterable[Row]) -> None:
        """Those who are known without having ordered: from their earliest mention on, always where none is dated."""
        earliest: dict[str, datetime | None] = {}
        for row in mentions:
            times = [at for at in (earliest.get(row["customer_id"]), row["at"]) if at is not None]
            earliest[row["customer_id"]] = min(times, default=None)
        for name, at in earliest.items():
            if at is None or at < self.as_of:
                self.people[name]  # a defaultdict: somebody without orders

    def _categories(self, lines: Iterable[Row]) -> None:
        counted = {
            order.order_id: person
            for person in self.people.values()
            for order in person.orders
            if self.inside(order.at)
        }
        for row in lines:
            if row["category"] is not None and row["order_id"] in counted:
                counted[row["order_id"]].categories.add(row["category"])

    def _feedback(self, past: list[Row]) -> None:
        self.has_feedback = bool(past)
        for row in sorted(past, key=lambda row: row["given_at"]):
            person = self.people.get(row["customer_id"])
            if person is None:
                continue
            if self.inside(row["given_at"], 90):
                person.feedback_kinds.add(row["kind"])
            if row["kind"] == "nps":
                person.advocacy = Fraction(2 if row["score"] >= 9 else 1 if row["score"] >= 7 else 0, 2)


def gaps_of(days: list[int]) -> list[int]:
    """Days between neighbouring order days."""
    return [later - earlier for earlier, later in pairwise(days)]


def rhythm(gaps: list[int], population: int) -> Fraction:
    """The usual gap, shrunk to the population's by five gaps."""
    return Fraction(len(gaps) * (median(gaps) or 0) + 5 * population, len(gaps) + 5)
