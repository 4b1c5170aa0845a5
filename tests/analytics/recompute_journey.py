"""The main schemes once more in pandas, for a population of real size, written from the page that defines them.

Whole numbers throughout: cents, days, millionths. Nothing here is taken from the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from tests.analytics.recompute import GRID
from tests.analytics.test_silence import Bounds, Lines, Seen, joined, lines, within

MILLION = 10**6


def half_up(part: pd.Series[int], whole: pd.Series[int] | int, units: int) -> pd.Series[int]:
    """part ÷ whole in whole units, half up; both at least 0."""
    return (part * (2 * units) + whole) // (2 * whole)


def at_rank(values: pd.Series[int], share: str) -> int:
    """The value at rank ⌈s·n⌉ from the first."""
    tenths = int(Decimal(share) * 100)
    return int(values.iloc[ceil(tenths * len(values) / 100 - 1e-9) - 1])


def laddered(values: pd.Series[int], marks: list[int], tiers: tuple[str, ...]) -> pd.Series[str]:
    """The first tier whose line is met, the last for all others."""
    found = np.select([values >= mark for mark in marks], tiers[:-1], tiers[-1])
    return pd.Series(found, index=values.index)


@dataclass
class Journey:
    """Sold orders (`customer_id`, `order_id`, `at`, `cents`) and the categories in them, seen from a day in a zone."""

    orders: pd.DataFrame
    categories: pd.DataFrame
    zone: str
    today: date

    def __post_init__(self) -> None:
        midnight = datetime(self.today.year, self.today.month, self.today.day, tzinfo=ZoneInfo(self.zone))
        start = pd.Timestamp((midnight.replace(tzinfo=None) - timedelta(days=365)).replace(tzinfo=ZoneInfo(self.zone)))
        known = self.orders[(self.orders["at"] < pd.Timestamp(midnight)) & (self.orders["cents"] > 0)]
        local = known["at"].dt.tz_convert(self.zone).dt.tz_localize(None)
        self.sold = known.assign(day=(local - pd.Timestamp("1970-01-01")).dt.days, inside=known["at"] >= start)
        self.now = (self.today - date(1970, 1, 1)).days
        self.inside = self.sold[self.sold["inside"]]
        self.of = self.sold.groupby("customer_id")

    @cached_property
    def many(self) -> pd.Series[int]:
        """Orders in the window."""
        return self.inside.groupby("customer_id").size().reindex(self.last.index, fill_value=0)

    @cached_property
    def spend(self) -> pd.Series[int]:
        """Cents in the window."""
        return self.inside.groupby("customer_id")["cents"].sum().reindex(self.last.index, fill_value=0)

    @cached_property
    def last(self) -> pd.Series[int]:
        return self.of["day"].max()

    @cached_property
    def tenure(self) -> pd.Series[int]:
        return self.now - self.of["day"].min()

    def frequency(self) -> pd.Series[str]:
        best = self.many[self.many > 0].sort_values(ascending=False)
        return laddered(self.many, [at_rank(best, "0.2"), at_rank(best, "0.5")], ("high", "mid", "low"))

    def value(self) -> pd.Series[str]:
        best = self.spend[self.spend > 0].sort_values(ascending=False)
        held = best.cumsum()
        marks = [int(best[held * 100 >= part * best.sum()].iloc[0]) for part in (80, 95)]
        return laddered(self.spend, marks, ("high", "mid", "low"))

    def rfm(self) -> pd.DataFrame:
        """Section 3; every customer of this population has an order in the window."""
        inputs = pd.DataFrame({"r": self.last - self.now, "f": self.many, "m": self.spend})
        cuts = {name: [at_rank(inputs[name].sort_values(), share) for share in ("0.2", "0.4", "0.6", "0.8")]
                for name in inputs}  # fmt: skip
        scores = pd.DataFrame({name: 1 + sum((inputs[name] > cut).astype(int) for cut in cuts[name]) for name in cuts})
        high = (inputs * len(inputs) >= inputs.sum()).astype(int).astype(str)
        x = (scores["f"] + scores["m"] + 1) // 2
        label = [GRID[r][number - 1] for r, number in zip(scores["r"], x, strict=True)]
        return scores.assign(tier=high["r"] + high["f"] + high["m"], label=label)

    def paces(self, before: int) -> tuple[pd.DataFrame, int]:
        """Per customer with an order before a day: last order day, gaps, their lower median; and that of all gaps."""
        days = self.sold.loc[self.sold["day"] < before, ["customer_id", "day"]].drop_duplicates()
        days = days.sort_values(["customer_id", "day"])
        gaps = days.assign(gap=days.groupby("customer_id")["day"].diff()).dropna()
        own = gaps.sort_values(["customer_id", "gap"])
        place, size = own.groupby("customer_id").cumcount(), own.groupby("customer_id")["gap"].transform("size")
        median = own[place == (size - 1) // 2].set_index("customer_id")["gap"]
        found = days.groupby("customer_id")["day"].max().to_frame("last")
        found["n"] = gaps.groupby("customer_id").size().reindex(found.index, fill_value=0)
        found["own"] = median.reindex(found.index).fillna(0).astype(int)
        every = np.sort(gaps["gap"].to_numpy())
        return found, int(every[(len(every) - 1) // 2])

    def silence(self, before: int) -> pd.DataFrame:
        """Section 4: the recency ÷ the rhythm shrunk by five gaps, as two whole numbers; and the order days."""
        found, usual = self.paces(before)
        days = (before - found["last"]) * (found["n"] + 5)
        return pd.DataFrame(
            {"days": days, "usual": found["n"] * found["own"] + 5 * usual, "order_days": found["n"] + 1}
        )

    def learned(self) -> dict[Bounds, Lines]:
        """The lines of each stratum, from past dates every 30 days, a year of them."""
        seen: list[Seen] = []
        for day in list(range(self.now - 90, int(self.sold["day"].min()) + 179, -30))[:12]:
            silent = self.silence(day)
            back = set(self.sold.loc[self.sold["day"].between(day, day + 89), "customer_id"])
            told = ((str(one.Index), int(one.order_days), int(one.days), int(one.usual)) for one in silent.itertuples())
            seen += [Seen(name, many, Fraction(days, usual), name in back) for name, many, days, usual in told]
        return {bounds: lines(within(seen, bounds)) for bounds in joined(seen)}

    def comebacks(self) -> list[tuple[str, int, Fraction]]:
        """The orders of the last 90 days that ended a gap: who, order days known before, and how silent they were."""
        days, (_, usual) = self.sold[["customer_id", "day"]].drop_duplicates(), self.paces(self.now)
        found: list[tuple[str, int, Fraction]] = []
        for name, own in days.sort_values("day").groupby("customer_id")["day"]:
            gaps = [int(gap) for gap in own.diff().dropna()]
            for place, day in enumerate(own.tolist()[1:]):
                if self.now - day <= 90:
                    median = sorted(gaps[:place])[(place - 1) // 2] if place else 0
                    known = Fraction(place * median + 5 * usual, place + 5)
                    found.append((str(name), place + 1, gaps[place] / known))
        return found

    def lifecycle(self, strata: dict[Bounds, Lines]) -> pd.Series[str]:
        """Section 4: the first that holds."""
        silent, many = self.silence(self.now), self.of.size()

        def beyond(order_days: int, silence: Fraction, tier: int) -> bool:
            own = next(own for (least, most), own in strata.items() if least <= order_days <= (most or order_days))[
                tier
            ]
            return own is not None and silence >= own

        tested = [(int(one.order_days), Fraction(int(one.days), int(one.usual))) for one in silent.itertuples()]
        back = {name for name, order_days, silence in self.comebacks() if beyond(order_days, silence, 1)}
        stages = [
            ("new", (self.tenure <= 60) & (many < 3)),
            ("won_back", many.index.isin(back)),
            ("churned", pd.Series([beyond(*one, 1) for one in tested], silent.index)),
            ("at_risk", pd.Series([beyond(*one, 0) for one in tested], silent.index)),
            ("mature", (many >= 6) & (self.tenure >= 180)),
        ]
        found = np.select([holds for _, holds in stages], [stage for stage, _ in stages], "growing")
        return pd.Series(found, index=many.index)

    @cached_property
    def loyalty_score(self) -> pd.Series[int]:
        """Section 5 in hundredths; there is no feedback, so 90 is the whole."""
        _, usual = self.paces(self.now)
        length = min(max(2 * usual, 7), 91)
        periods = self.inside.assign(period=np.maximum(self.now - 1 - self.inside["day"], 0) // length)
        of = periods.groupby("customer_id")["period"]
        named = self.categories.merge(self.inside[["order_id", "customer_id"]], on="order_id").dropna()
        breadth = named.groupby("customer_id")["category"].nunique().reindex(self.last.index, fill_value=0)
        parts = (
            40 * half_up(of.nunique(), of.max() + 1, MILLION)
            + 25 * half_up(self.many - 1, self.many, MILLION)
            + 15 * half_up(self.tenure.clip(upper=730), 730, MILLION)
            + 10 * half_up(breadth.clip(upper=5), 5, MILLION)
        )
        return half_up(parts, 90 * MILLION, 10_000)

    @cached_property
    def combined_score(self) -> pd.Series[int]:
        """Section 5 in hundredths; there are neither payments nor returns, so 80 is the whole."""
        rank = half_up(self.spend.rank(method="max").astype(int), len(self.spend), MILLION)
        return half_up(35 * 100 * self.loyalty_score + 45 * rank, 80 * MILLION, 10_000)

    def loyalty(self) -> pd.Series[str]:
        return laddered(self.loyalty_score, [6600, 3300], ("loyal", "potential", "none"))

    def combined(self) -> pd.Series[str]:
        return laddered(self.combined_score, [7000, 4000], ("high", "mid", "general"))
