"""The silence curve: how likely a customer comes back, by how many of her usual gaps she has been silent.

For past dates every 30 days, each seen only with what was known then: did the customer order again within the
horizon? A curve that never rises is fitted to all of them (isotonic regression: Barlow, Bartholomew, Bremner and
Brunk, Statistical Inference under Order Restrictions, 1972), and the lines of the lifecycle are read from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import cast

import ibis
import ibis.expr.types as ir
import numpy as np
from scipy.optimize import isotonic_regression

from custrata.analytics.moments import AsOf
from custrata.analytics.sampling import sampled
from custrata.analytics.traits.pace import PRIOR_GAPS
from custrata.engine.functions import discrete_quantile, divide, only_row

HORIZON = 90
STRIDE = 30
LEAST_HISTORY = 180
LEAST_CUSTOMERS = 500
MOST_CUSTOMERS = 20_000
MOST_DATES = 24
AT_RISK_SHARE = Decimal("0.75")
CHURNED_SHARE = Decimal("0.5")
FIXED_AT_RISK, FIXED_CHURNED = Decimal("3.01"), Decimal("6.01")


@dataclass(frozen=True)
class Stretch:
    """A stretch of the curve on which the fitted share is the same: silences from `start` on."""

    start: Decimal
    seen: int
    back: int

    @property
    def share(self) -> Decimal:
        """The share of those seen that came back, four places."""
        return (Decimal(self.back) / self.seen).quantize(Decimal("0.0001"))


@dataclass(frozen=True)
class SilenceCurve:
    """The fitted curve and the lines read from it.

    `at_risk` and `churned` are silences (in usual gaps) from which on a customer is so; `None` where the curve never
    falls that low. `in_rhythm` is the share that came back of customers silent for at most one gap. Without enough
    history or customers `learned` is false, the lines are 3.01 and 6.01 (beyond 3 and 6) and there are no stretches.
    """

    at_risk: Decimal | None
    churned: Decimal | None
    learned: bool
    stretches: tuple[Stretch, ...] = ()
    in_rhythm: Decimal | None = None
    horizon: int = HORIZON
    dates: int = 0
    customers: int = 0

    def share_back(self, silence: Decimal) -> Decimal | None:
        """The share of customers silent that long who came back within the horizon."""
        reached = [stretch for stretch in self.stretches if stretch.start <= silence]
        return reached[-1].share if reached else None


NOT_LEARNED = SilenceCurve(FIXED_AT_RISK, FIXED_CHURNED, learned=False)


def learn_silence(paced: ir.Table, as_of: AsOf, *, horizon: int = HORIZON) -> SilenceCurve:
    """Learn the curve from the table that `counted.paced` makes.

    Beyond 20,000 customers it is learned from those whose hashed number falls into the right share, the same ones on
    every engine and in every run; of past dates the newest 24 are used. With under 180 days of history before the
    horizon or under 500 customers, `NOT_LEARNED`.
    """
    seen = only_row(paced.aggregate(first=paced.day.min(), customers=paced.customer_id.nunique()))
    customers = int(seen["customers"])
    dates = _past_dates(seen["first"], as_of, horizon)
    if not dates or customers < LEAST_CUSTOMERS:
        return NOT_LEARNED
    observed = _observed(_sampled(paced, customers), dates, horizon)
    found = observed.to_pyarrow().to_pydict()
    silence = [Decimal(value) for value in found["silence"]]
    return fitted(silence, found["seen"], found["back"], horizon=horizon, dates=len(dates), customers=customers)


def _past_dates(first: int | None, as_of: AsOf, horizon: int) -> list[int]:
    if first is None:
        return []
    newest, oldest = as_of.day - horizon, first + LEAST_HISTORY
    return list(range(newest, oldest - 1, -STRIDE))[:MOST_DATES]


def _sampled(paced: ir.Table, customers: int) -> ir.Table:
    days = paced.filter(paced.gap.notnull() | paced.previous_at.isnull())
    return sampled(days.select("customer_id", "day", "gap"), customers, MOST_CUSTOMERS)


def _observed(days: ir.Table, dates: list[int], horizon: int) -> ir.Table:
    """Per silence, over all past dates: customers seen, and how many of them came back within the horizon."""
    marks = ibis.memtable({"date": dates}, schema=ibis.schema({"date": "int32"})).view()
    crossed = days.join(marks, days.day < marks.date + horizon)
    before = crossed.day < crossed.date
    then = crossed.group_by("date").aggregate(usual=discrete_quantile(crossed.gap, 0.5, where=before)).view()
    each = crossed.group_by("date", "customer_id").aggregate(
        last=crossed.day.max(where=before),
        gaps=crossed.gap.count(where=before),
        own=discrete_quantile(crossed.gap, 0.5, where=before),
        back=(crossed.day >= crossed.date).any(),
    )
    each = each.filter(each["last"].notnull())
    known = each.inner_join(then, each.date == then.date)
    recency = known.date - known["last"]
    usual = known.gaps * known.own.fill_null(0) + PRIOR_GAPS * known.usual
    told = known.select(
        silence=divide(cast(ir.IntegerValue, recency * (known.gaps + PRIOR_GAPS)), cast(ir.IntegerValue, usual)),
        back=known.back.cast("int64"),
    )
    told = told.filter(told.silence.notnull())
    return told.group_by("silence").aggregate(seen=told.count(), back=told.back.sum()).order_by("silence")


def fitted(
    silence: list[Decimal], seen: list[int], back: list[int], *, horizon: int, dates: int, customers: int
) -> SilenceCurve:
    """Fit the falling curve to (silence, seen, came back) triples in rising order of silence.

    >>> curve = fitted([Decimal(1), Decimal(2), Decimal(5)], [100, 100, 100], [80, 50, 20],
    ...                horizon=90, dates=1, customers=300)
    >>> curve.at_risk, curve.churned, curve.share_back(Decimal("2.5"))
    (Decimal('2'), Decimal('5'), Decimal('0.5000'))
    """
    shares = np.asarray(back, dtype=float) / np.asarray(seen, dtype=float)
    fit = isotonic_regression(shares, weights=np.asarray(seen, dtype=float), increasing=False)
    ends = [int(end) for end in fit.blocks]
    stretches = tuple(
        Stretch(silence[start], sum(seen[start:end]), sum(back[start:end])) for start, end in pairwise(ends)
    )
    regular = [number for number, value in enumerate(silence) if value <= 1]
    came, there = sum(back[number] for number in regular), max(1, sum(seen[number] for number in regular))

    def line(share: Decimal) -> Decimal | None:
        low = Fraction(share) * Fraction(came, there)
        return next((s.start for s in stretches if Fraction(s.back, s.seen) < low), None)

    return SilenceCurve(
        line(AT_RISK_SHARE),
        line(CHURNED_SHARE),
        learned=True,
        stretches=stretches,
        in_rhythm=(Decimal(came) / there).quantize(Decimal("0.0001")),
        horizon=horizon,
        dates=dates,
        customers=customers,
    )
