"""Learns the silence curve: looks at past dates with what was known then, and tests what the curve claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow.compute as pc

from custrata.analytics.moments import AsOf
from custrata.analytics.rhythm import PRIOR_GAPS, gap_days
from custrata.analytics.sampling import sampled
from custrata.analytics.silence import NOT_LEARNED, Calibration, SilenceCurve, SilenceRules
from custrata.analytics.silence_fit import Observed, calibrate, fit_strata
from custrata.engine.functions import discrete_quantile, only_row

USUAL = SilenceRules()


def learn_silence(paced: ir.Table, as_of: AsOf, rules: SilenceRules = USUAL) -> SilenceCurve:
    """Learn the curve from the table that `counted.paced` makes, from the days before `as_of` alone.

    Beyond 40,000 customers it is learned from those whose hashed number falls into the right share, the same ones on
    every engine and in every run; of past dates the newest 12 are used, a year. Under 180 days of history before the
    horizon, under 3 dates or under 500 customers it is `NOT_LEARNED`.

    The curve is tested as it is learned: what the earlier dates say of the newest third of them is set against what
    came. `backtest` does the same on dates after the learning.
    """
    days = _before(paced, as_of)
    summary = only_row(days.aggregate(first=days.day.min(), customers=days.customer_id.nunique()))
    customers, dates = int(summary["customers"]), _past_dates(summary["first"], as_of, rules)
    enough = len(dates) >= rules.least_dates and customers >= rules.least_customers
    observed = observe(sampled(days, customers, rules.most_customers), dates, rules) if enough else None
    if not observed:  # nor where nobody has ordered on two days
        return replace(NOT_LEARNED, horizon=rules.horizon, dates=len(dates), customers=customers)
    strata = fit_strata(observed, rules)
    newest = dates[: max(1, len(dates) // 3)]
    later = observed.date >= newest[-1]
    return SilenceCurve(
        strata,
        learned=True,
        horizon=rules.horizon,
        dates=len(dates),
        first_date=_day(dates[-1]),
        last_date=_day(dates[0]),
        customers=customers,
        calibration=calibrate(observed.where(~later), observed.where(later), strata, rules),
        test_dates=len(newest),
    )


def backtest(
    paced: ir.Table, learned_on: AsOf, as_of: AsOf, rules: SilenceRules = USUAL
) -> tuple[SilenceCurve, tuple[Calibration, ...]]:
    """The curve as learned on a past day, and its claims against what came on dates from that day on.

    Dates every 30 days from `learned_on` to the horizon before `as_of`; nothing the curve was learned from lies after
    the first of them.
    """
    curve = learn_silence(paced, learned_on, rules)
    later = list(range(learned_on.day, as_of.day - rules.horizon + 1, rules.stride))
    days = _before(paced, as_of)
    first = only_row(days.aggregate(first=days.day.min()))["first"]
    earlier = _past_dates(first, learned_on, rules)
    if not curve.learned or not later:
        return curve, ()
    observed = observe(sampled(days, curve.customers, rules.most_customers), [*earlier, *later], rules)
    after = observed.date >= learned_on.day
    return curve, calibrate(observed.where(~after), observed.where(after), curve.strata, rules)


def _before(paced: ir.Table, as_of: AsOf) -> ir.Table:
    """One row per order day of a customer before a day."""
    days = paced.filter(paced.day < as_of.day, paced.gap.notnull() | paced.previous_at.isnull())
    return days.select("customer_id", "day", "gap")


def _past_dates(first: int | None, as_of: AsOf, rules: SilenceRules) -> list[int]:
    """The newest first."""
    if first is None:
        return []
    newest, oldest = as_of.day - rules.horizon, first + rules.least_history
    return list(range(newest, oldest - 1, -rules.stride))[: rules.most_dates]


def observe(days: ir.Table, dates: list[int], rules: SilenceRules = USUAL) -> Observed:
    """What was seen on each date of every customer who had ordered by then.

    `days` has `customer_id`, `day` and `gap`, one row per order day.
    """
    table = _observed(days, dates, rules.horizon).to_pyarrow()
    customers = table["customer_id"].combine_chunks().dictionary_encode()
    names = np.asarray(customers.dictionary.to_pylist(), dtype=object)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(names)] = np.arange(len(names))
    person = rank[customers.indices.to_numpy(zero_copy_only=False)] if len(names) else rank
    columns = (pc.cast(table[name], "int64").to_numpy() for name in ("date", "order_days", "days", "usual", "back"))
    observed = Observed(person, *columns)
    return observed.where(np.lexsort((observed.date, observed.person)))


def _observed(days: ir.Table, dates: list[int], horizon: int) -> ir.Table:
    marks = ibis.memtable({"date": dates}, schema=ibis.schema({"date": "int32"})).view()
    crossed = days.join(marks, days.day < marks.date + horizon)
    before = crossed.day < crossed.date
    then = crossed.group_by("date").aggregate(common=discrete_quantile(crossed.gap, 0.5, where=before)).view()
    each = crossed.group_by("date", "customer_id").aggregate(
        last=crossed.day.max(where=before),
        gaps=crossed.gap.count(where=before),
        own=discrete_quantile(crossed.gap, 0.5, where=before),
        back=(crossed.day >= crossed.date).any(),
    )
    ordered = each.filter(each["last"].notnull()).inner_join(then, "date")
    observations = ordered.select(
        "customer_id",
        "date",
        order_days=ordered.gaps + 1,
        days=(ordered.date - ordered["last"]).cast("int64") * (ordered.gaps + PRIOR_GAPS),
        usual=gap_days(ordered.gaps, ordered.own, ordered.common),
        back=ordered.back.cast("int64"),
    )
    return observations.filter(observations.usual.notnull())


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)
