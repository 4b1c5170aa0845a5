"""Each built-in scheme over `Facts`: customer → tier. Whole numbers and fractions throughout; nothing is rounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

from benchmarks.recompute.facts import WINDOW, Facts, Person, gaps_of, median, rhythm

Number = int | Fraction
Tiers = dict[str, str]
Scored = tuple[str, str | None, int | None, int | None, int | None]  # group, label, scores
# "churned", "at_risk" or none, of somebody with so many order days and so long a silence in usual gaps.
Judge = Callable[[int, Fraction], str | None]

GRID = {
    5: ("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
    4: ("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cant_lose"),
}


def share_line(values: Sequence[Number], share: Fraction) -> Number | None:
    """The line of a cumulated share, from the best: of two neighbouring lines the one nearer to the share.

    `None` where nobody is beyond the nearer one.
    """
    if not values:
        return None
    ranked = sorted(values, reverse=True)
    line = ranked[max(1, ceil(share * len(ranked))) - 1]
    loose = sum(value >= line for value in ranked)
    strict = sum(value > line for value in ranked)
    target = share * len(ranked)
    if loose <= ceil(target) or loose - target < target - strict:  # nobody else has that value, or this is nearer
        return line
    return min((value for value in ranked if value > line), default=None)


def by_shares(values: Mapping[str, Number], shares: Sequence[Fraction], tiers: Sequence[str]) -> Tiers:
    """The first tier whose line is met; the last for the rest."""
    lines = [share_line(list(values.values()), share) for share in shares]
    graded: Tiers = {}
    for name, value in values.items():
        met = (tier for tier, line in zip(tiers, lines, strict=False) if line is not None and value >= line)
        graded[name] = next(met, tiers[-1])
    return graded


def at_rank(ascending: Sequence[int], share: Fraction) -> int:
    """The discrete quantile."""
    return ascending[max(1, ceil(share * len(ascending))) - 1]


@dataclass
class Schemes:
    """The schemes of everybody at one instant; `judge` says who is late by the learned lines."""

    facts: Facts
    judge: Judge | None = None

    @cached_property
    def people(self) -> dict[str, Person]:
        """All customers of the facts."""
        return dict(self.facts.people)

    @cached_property
    def active(self) -> dict[str, list[int]]:
        """Nets of the counted orders in the window, of those who have any."""
        within = {
            name: [order.net for order in person.orders if self.facts.inside(order.at)]
            for name, person in self.people.items()
        }
        return {name: nets for name, nets in within.items() if nets}

    def spend(self, name: str, older: int = WINDOW, newer: int = 0) -> int:
        """Cents: net of counted orders less returns that name none, between so many and so many days ago."""
        start, end = self.facts.start(older), self.facts.start(newer) if newer else self.facts.as_of
        person = self.people[name]
        bought = sum(order.net for order in person.orders if start <= order.at < end)
        return bought - sum(back for at, back in person.returns if start <= at < end)

    def rest(self, graded: Tiers, tier: str) -> Tiers:
        """Everybody: those graded, and all others in one tier."""
        return {name: graded.get(name, tier) for name in self.people}

    def frequency(self) -> Tiers:
        counts = {name: len(nets) for name, nets in self.active.items()}
        graded = by_shares(counts, [Fraction(1, 5), Fraction(1, 2)], ("high", "mid", "low"))
        return self.rest({name: "low" if counts[name] == 1 else tier for name, tier in graded.items()}, "low")

    def value(self) -> Tiers:
        spent = {name: self.spend(name) for name in self.active}
        positive = sorted((value for value in spent.values() if value > 0), reverse=True)
        whole, running, lines = sum(positive), 0, []
        for share in (Fraction(80, 100), Fraction(95, 100)):
            running = 0
            for value in positive:
                running += value
                if running >= share * whole:
                    lines.append(value)
                    break
        graded = {}
        for name, value in spent.items():
            met = (tier for tier, line in zip(("high", "mid"), lines, strict=False) if value > 0 and value >= line)
            graded[name] = next(met, "low")
        return self.rest(graded, "low")

    def high_ticket(self) -> Tiers:
        average = {name: Fraction(self.spend(name), len(nets)) for name, nets in self.active.items() if len(nets) >= 2}
        return self.rest(by_shares(average, [Fraction(1, 10)], ("high", "standard")), "standard")

    def price_sensitivity(self) -> Tiers | None:
        """`None` while fewer than 30 customers bought twice and with a discount once."""
        rates: dict[str, Fraction] = {}
        for name in self.active:
            orders = [order for order in self.people[name].orders if self.facts.inside(order.at)]
            discount = sum(order.discount or 0 for order in orders)
            reduced = any((order.discount or 0) > 0 for order in orders)
            if len(orders) >= 2 and reduced:
                rates[name] = Fraction(discount, sum(order.net for order in orders) + discount)
        if len(rates) < 30:
            return None
        return self.rest(by_shares(rates, [Fraction(1, 3), Fraction(2, 3)], ("high", "mid", "low")), "low")

    def usage_cycle(self) -> Tiers:
        usual = {name: median(gaps_of(person.days)) for name, person in self.people.items() if len(person.days) >= 3}
        shortest = {name: -gap for name, gap in usual.items() if gap is not None}
        graded = by_shares(shortest, [Fraction(1, 3), Fraction(2, 3)], ("short", "mid", "long"))
        return self.rest(graded, "unknown")

    @cached_property
    def loyalty_scores(self) -> dict[str, Fraction]:
        """Points from 0 to 100 of those with an order in the window."""
        breadth = any(person.categories for person in self.people.values())
        return {name: self._loyalty(name, breadth=breadth) for name in self.active}

    def _loyalty(self, name: str, *, breadth: bool) -> Fraction:
        facts, person = self.facts, self.people[name]
        inside = [order for order in person.orders if facts.inside(order.at)]
        backs = {max(0, facts.today - 1 - order.day) // facts.period for order in inside}
        first = max(0, facts.today - 1 - min(order.day for order in inside)) // facts.period
        tenure = facts.today - person.days[0]
        parts = [
            (40, Fraction(len(backs), first + 1)),
            (25, 1 - Fraction(1, len(inside))),
            (15, Fraction(min(tenure, 730), 730)),
        ]
        if breadth:
            parts.append((10, Fraction(min(len(person.categories), 5), 5)))
        if person.advocacy is not None:
            parts.append((10, person.advocacy))
        weight = sum(weight for weight, _ in parts)
        return sum((weight * part for weight, part in parts), Fraction(0)) * 100 / weight

    def loyalty(self) -> Tiers:
        named = ((66, "loyal"), (33, "potential"), (0, "none"))
        graded = {
            name: next(tier for line, tier in named if score >= line) for name, score in self.loyalty_scores.items()
        }
        return self.rest(graded, "none")

    def combined(self) -> Tiers:
        spent = {name: self.spend(name) for name in self.active}
        ordered = sorted(spent.values())
        below: dict[int, int] = {}
        for place, value in enumerate(ordered, 1):
            below[value] = place
        credit = {name: self._credit(name) for name in self.active}
        has_returns = any(
            person.returns or any(back for _, _, back in person.refunded) for person in self.people.values()
        )
        graded = {}
        for name in self.active:
            parts = [(35, self.loyalty_scores[name]), (45, Fraction(100 * below[spent[name]], len(ordered)))]
            if has_returns:
                parts.append((20, credit[name]))
            weight = sum(weight for weight, _ in parts)
            score = sum((weight * part for weight, part in parts), Fraction(0)) / weight
            graded[name] = "high" if score >= 70 else "mid" if score >= 40 else "general"
        return self.rest(graded, "general")

    def _credit(self, name: str) -> Fraction:
        person, facts = self.people[name], self.facts
        sold = sum(sold for at, sold, _ in person.refunded if facts.inside(at))
        back = sum(back for at, _, back in person.refunded if facts.inside(at))
        back += sum(cents for at, cents in person.returns if facts.inside(at))
        share = min(Fraction(1), Fraction(back, sold)) if sold else Fraction(0)
        return max(Fraction(0), 100 - 40 * share)

    def potential(self) -> Tiers:
        high = {name for name, tier in self.value().items() if tier == "high"}
        # A window before the first fact is not empty but unknown.
        covered = self.facts.first_fact <= self.facts.start(180)
        grown = {name: self.spend(name, 90) - self.spend(name, 180, 90) for name in self.active if covered}
        line = share_line(list(grown.values()), Fraction(3, 10))
        return {
            name: "high"
            if name in high
            else "potential"
            if line is not None and name in grown and grown[name] >= line and grown[name] > 0
            else "standard"
            for name in self.people
        }

    def need(self) -> Tiers | None:
        """A complaint of the last 90 days comes before an inquiry; `None` where there is no feedback."""
        if not self.facts.has_feedback:
            return None
        kinds = ("complaint", "inquiry")
        return {
            name: next((kind for kind in kinds if kind in person.feedback_kinds), "none")
            for name, person in self.people.items()
        }

    def rfm(self) -> dict[str, Scored]:
        """Group, label and the three scores."""
        facts, stage = self.facts, self.lifecycle()
        days = {name: facts.today - self.people[name].days[-1] for name in self.active}
        counts = {name: len(nets) for name, nets in self.active.items()}
        spent = {name: self.spend(name) for name in self.active}
        cuts = [_cuts(days), _cuts(counts), _cuts(spent)]
        many, sums = len(self.active), [sum(values.values()) for values in (days, counts, spent)]
        graded: dict[str, Scored] = dict.fromkeys(self.people, ("000", None, None, None, None))
        for name in self.active:
            r = 5 - _cuts_below(days[name], cuts[0])
            f, m = 1 + _cuts_below(counts[name], cuts[1]), 1 + _cuts_below(spent[name], cuts[2])
            good = (days[name] * many <= sums[0], counts[name] * many >= sums[1], spent[name] * many >= sums[2])
            label = GRID[r][(f + m + 1) // 2 - 1]
            if stage[name] == "new" and label in ("lost", "hibernating", "about_to_sleep"):
                label = "new"
            if label == "lost" and stage[name] not in ("at_risk", "churned"):
                label = "low_recency"
            graded[name] = ("".join(str(int(is_good)) for is_good in good), label, r, f, m)
        return graded

    @cached_property
    def _stages(self) -> Tiers:
        return {name: self._stage(person) for name, person in self.people.items()}

    def lifecycle(self) -> Tiers:
        return dict(self._stages)

    def _stage(self, person: Person) -> str:
        days, today = person.days, self.facts.today
        if not days:
            return "prospect"
        tenure, recency = today - days[0], today - days[-1]
        if tenure <= 60 and len(person.orders) < 3:
            return "new"
        if self._returned(days):
            return "won_back"
        late = self._late(recency, gaps_of(days), len(days))
        if late is not None:
            return late
        return "mature" if len(person.orders) >= 6 and tenure >= 180 else "growing"

    def _late(self, recency: int, gaps: list[int], order_days: int) -> str | None:
        """`churned`, `at_risk` or none, for somebody silent so long with these gaps behind them."""
        population = self.facts.population_gap
        if population is None or self.judge is None:
            return "churned" if recency > 365 else "at_risk" if recency > 180 else None
        return self.judge(order_days, recency / rhythm(gaps, population))

    def _returned(self, days: list[int]) -> bool:
        """Whether an order of the last 90 days came when the customer was churned by the rhythm known then."""
        for place in range(1, len(days)):
            before = days[:place]
            if self.facts.today - days[place] <= 90 and (
                self._late(days[place] - before[-1], gaps_of(before), len(before)) == "churned"
            ):
                return True
        return False

    def every(self) -> dict[str, Tiers | None]:
        """Every scheme that these facts can decide, by key; none where it waits for data."""
        named = ("frequency", "value", "high_ticket", "price_sensitivity", "usage_cycle", "loyalty", "combined",
                 "potential", "lifecycle")  # fmt: skip
        graded: dict[str, Tiers | None] = {key: getattr(self, key)() for key in named}
        parts = self.rfm()
        graded["rfm"] = {name: group for name, (group, *_) in parts.items()}
        graded["rfm_label"] = {name: label or "" for name, (_, label, *_) in parts.items()}
        for place, score in enumerate("rfm", 2):
            graded[f"rfm_{score}_score"] = {name: str(part[place] or "") for name, part in parts.items()}
        graded |= {"need": self.need(), "standing": None}
        return graded


def _cuts(values: Mapping[str, int]) -> list[int]:
    """The four quintile cuts; none where nobody has a value."""
    ascending = sorted(values.values())
    return [at_rank(ascending, Fraction(share, 5)) for share in (1, 2, 3, 4)] if ascending else []


def _cuts_below(value: int, cuts: list[int]) -> int:
    """How many of the cuts lie strictly below a value."""
    return sum(cut < value for cut in cuts)


def differences(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Customers by (recomputed, product) tier where the two differ."""
    apart: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted({*mine, *theirs}):
        pair = mine.get(name, "–"), theirs.get(name, "–")
        if pair[0] != pair[1]:
            apart[pair].append(name)
    return apart
