"""A second implementation of the remaining traits in plain Python, written from the catalogue."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from tests.analytics.recompute import Customer, Recomputed, Row, ratio, rounded

DAYPARTS = ("night", "morning", "afternoon", "evening")
NOUGHT = Decimal(0)


class Traits:
    """What the catalogue says of a customer, beyond what decides a tier."""

    def __init__(self, recomputed: Recomputed, lines: Iterable[Row]) -> None:
        self.recomputed = recomputed
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for line in lines:
            self.lines[line["order_id"]].append(line)

    def of(self, c: Customer) -> dict[str, Any]:
        """Trait → value."""
        sold = sorted((o for o in c.orders if o["net"] > 0), key=lambda o: (o["day"], o["at"], o["net"]))
        return (
            self.times(sold)
            | self.money(c, sold)
            | self.gaps(c)
            | self.prices(sold)
            | self.returns(c)
            | self.breadth(sold)
        )

    def ago(self, days: int) -> datetime:
        clock = self.recomputed.as_of.astimezone(self.recomputed.zone).replace(tzinfo=None) - timedelta(days=days)
        return clock.replace(tzinfo=self.recomputed.zone)

    def since(self, at: datetime, older: int, newer: int = 0) -> bool:
        return self.ago(older) <= at < (self.ago(newer) if newer else self.recomputed.as_of)

    def times(self, sold: list[Row]) -> dict[str, Any]:
        inside = [o for o in sold if self.recomputed.inside(o["at"])]
        local = [o["at"].astimezone(self.recomputed.zone) for o in inside]
        weekdays, parts = Counter(at.isoweekday() for at in local), Counter(at.hour // 6 for at in local)
        recent, before = (sum(self.since(o["at"], *span) for o in sold) for span in ((90,), (180, 90)))
        return {
            "first_order_on": date.fromordinal(sold[0]["day"]) if sold else None,
            "last_order_on": date.fromordinal(sold[-1]["day"]) if sold else None,
            "orders_30d": sum(self.since(o["at"], 30) for o in sold),
            "orders_90d": recent,
            "orders_before_90d": before,
            "orders_change_90d": recent - before,
            "orders_before_365d": sum(self.since(o["at"], 730, 365) for o in sold),
            "weekend_share": ratio(weekdays[6] + weekdays[7], len(inside), 4),
            "favourite_weekday": min(weekdays, key=lambda day: (-weekdays[day], day)) if inside else None,
            "favourite_daypart": DAYPARTS[min(parts, key=lambda part: (-parts[part], part))] if inside else None,
        }

    def money(self, c: Customer, sold: list[Row]) -> dict[str, Any]:
        def spend(older: int | None, newer: int = 0) -> Decimal:
            amounts = [(o["at"], o["net"]) for o in sold] + c.returns
            return sum((value for at, value in amounts if older is None or self.since(at, older, newer)), NOUGHT)

        return {
            "spend_all": spend(None),
            "spend_30d": spend(30),
            "spend_90d": spend(90),
            "spend_before_90d": spend(180, 90),
            "spend_before_365d": spend(730, 365),
            "spend_change_90d": spend(90) - spend(180, 90),
            "spend_change_365d": spend(365) - spend(730, 365),
            "average_order_value_all": ratio(spend(None), len(sold)),
            "largest_order": max((o["net"] for o in sold), default=None),
            "first_order_value": sold[0]["net"] if sold else None,
            "last_order_value": sold[-1]["net"] if sold else None,
        }

    def gaps(self, c: Customer) -> dict[str, Any]:
        gaps, rhythm = c.gaps, self.recomputed.rhythm(c)
        inside = [(at, day) for at, day, _, _ in c.sold if self.recomputed.inside(at)]
        length = min(max(2 * (self.recomputed.common_gap or 0), 7), 91)
        ahead = None if rhythm is None else int(rounded(rounded(rhythm), 0))
        return {
            "mean_gap_days": ratio(sum(gaps), len(gaps)),
            "upper_gap_days": sorted(gaps)[ceil(Fraction(3, 4) * len(gaps)) - 1] if gaps else None,
            "longest_gap_days": max(gaps, default=None),
            "last_gap_days": gaps[-1] if gaps else None,
            "next_order_expected_on": None if ahead is None else date.fromordinal(c.days[-1] + ahead),
            "active_periods": len({max(self.recomputed.today - 1 - day, 0) // length for _, day in inside}),
        }

    def prices(self, sold: list[Row]) -> dict[str, Any]:
        inside = [o for o in sold if self.recomputed.inside(o["at"])]
        priced = [o for o in inside if o["discount"] is not None]
        reduced = [o for o in priced if o["discount"] > 0]
        full = sum((o["net"] for o in priced if not o["discount"]), NOUGHT)
        return {
            "discount": sum((o["discount"] for o in priced), NOUGHT),
            "discounted_orders": len(reduced),
            "discounted_order_share": ratio(len(reduced), len(inside), 4) if priced else None,
            "full_price_share": ratio(full, sum((o["net"] for o in inside), NOUGHT), 4) if priced else None,
        }

    def returns(self, c: Customer) -> dict[str, Any]:
        inside = [o for o in c.orders if self.recomputed.inside(o["at"])]
        unnamed = [amount for at, amount in c.returns if self.recomputed.inside(at)]
        last = max((self.recomputed.day(at) for at, _ in c.returns), default=None)
        return {
            "returns": len(unnamed) + sum(o["back"] > 0 for o in inside),
            "returned_value": sum((o["back"] for o in inside), NOUGHT) - sum(unnamed, NOUGHT),
            "refunded_orders": sum(o["net"] <= 0 for o in inside),
            "last_return_on": None if last is None else date.fromordinal(last),
        }

    def breadth(self, sold: list[Row]) -> dict[str, Any]:
        inside = [o for o in sold if self.recomputed.inside(o["at"])]
        lines = [line for o in inside for line in self.lines[o["order_id"]]]
        filled = sum(bool(self.lines[o["order_id"]]) for o in inside)
        items = sum((line["quantity"] for line in lines), NOUGHT)
        first: dict[str, datetime] = {}
        for o in sorted(sold, key=lambda o: o["at"], reverse=True):
            first |= {line["category"]: o["at"] for line in self.lines[o["order_id"]] if line["category"]}
        return {
            "products": len({line["product_id"] for line in lines}),
            "items": items,
            "items_per_order": ratio(items, filled),
            "lines_per_order": ratio(len(lines), filled),
            "new_categories_90d": sum(self.since(at, 90) for at in first.values()),
            **self.shares(lines),
            **self.place(inside, "channel"),
            **self.place(inside, "store"),
        }

    def shares(self, lines: list[Row]) -> dict[str, Any]:
        """Categories by what was spent on them, what is below nought counting as nought."""
        spent: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            if line["category"]:
                spent[line["category"]] += line["amount"]
        worth = {name: max(value, NOUGHT) for name, value in spent.items()}
        ranked = sorted(worth, key=lambda name: (-worth[name], name))
        shares = [ratio(worth[name], sum(worth.values()), 4) for name in ranked]
        whole = Fraction(sum(worth.values()))
        squares = [(Fraction(worth[name]) / whole) ** 2 for name in ranked if whole]
        return {
            "top_category": ranked[0] if ranked else None,
            "top_category_share": shares[0] if ranked else None,
            "second_category": ranked[1] if len(ranked) > 1 else None,
            "category_concentration": rounded(sum(squares), 4) if squares else None,
        }

    def place(self, inside: list[Row], place: str) -> dict[str, Any]:
        named = [o for o in inside if o[place] is not None]
        nets = {name: [o["net"] for o in named if o[place] == name] for name in {o[place] for o in named}}
        ranked = sorted(nets, key=lambda name: (-len(nets[name]), -sum(nets[name]), name))
        return {
            f"{place}s": len(nets),
            f"top_{place}": ranked[0] if ranked else None,
            f"top_{place}_share": ratio(len(nets[ranked[0]]), len(named), 4) if ranked else None,
        }
