"""Sums and rhythm: one pass over the sold orders, one row per customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.rhythm import PRIOR_GAPS, SILENCE, gap_days, silence
from custrata.analytics.traits.catalogue import SHARE
from custrata.engine.days import as_date
from custrata.engine.functions import discrete_quantile, divide, only_row, quotient
from custrata.schema import SUM

DAYPARTS = ("night", "morning", "afternoon", "evening")
SHARE_PLACES, MONEY_PLACES = 17, 13
PERIOD_BOUNDS = (7, 91)
FAMILIES = frozenset({"spans", "habits", "rhythm", "price"})


@dataclass(frozen=True)
class Population:
    """What all customers have in common: the median gap in days, empty where nobody ordered on two days."""

    gap: int | None

    @property
    def period(self) -> int:
        """The length of a loyalty period in days: twice the median gap, at least 7 and at most 91."""
        low, high = PERIOD_BOUNDS
        return high if self.gap is None else min(max(2 * self.gap, low), high)


def population(paced: ir.Table) -> Population:
    """The discrete median of all gaps between the order days of all customers."""
    row = only_row(paced.aggregate(gap=discrete_quantile(paced.gap, 0.5)))["gap"]
    return Population(None if row is None else int(row))


def paced_traits(
    paced: ir.Table,
    as_of: AsOf,
    everyone: Population,
    window: int | None = 365,
    families: frozenset[str] = FAMILIES,
) -> ir.Table:
    """Traits from the table that `counted.paced` makes, one row per customer.

    First and last day, orders and sales are always there; `families` says what else is wanted.
    """
    now = as_of.within(paced.at, window)
    aggregates = _basics(paced, now)
    if "spans" in families:
        aggregates |= _spans(paced, as_of)
    if "habits" in families:
        aggregates |= _habits(paced, now)
    if "rhythm" in families:
        aggregates |= _gaps(paced, as_of, everyone, window)
    if "price" in families:
        aggregates |= _prices(paced, now)
    sums = paced.group_by("customer_id").aggregate(**aggregates)
    traits = _basic_traits(sums, as_of)
    if "spans" in families:
        traits |= _span_traits(sums)
    if "habits" in families:
        traits |= _habit_traits(sums)
    if "rhythm" in families:
        traits |= _rhythm_traits(sums, as_of, everyone)
    if "price" in families:
        traits |= _price_traits(sums)
    return sums.mutate(**traits)


def total(value: ir.NumericValue, where: ir.BooleanValue | None = None) -> ir.Value:
    """A sum of money; 0.00 over no rows."""
    nought = ibis.literal(0).cast(SUM)
    return cast(ir.Value, value.sum(where=where).cast(SUM).fill_null(nought))


def _basics(paced: ir.Table, now: ir.BooleanValue) -> dict[str, ir.Value]:
    return {
        "first_day": paced.day.min(),
        "last_day": paced.day.max(),
        "orders": paced.count(where=now),
        "orders_all": paced.count(),
        "sales": total(paced.net, now),
        "sales_all": total(paced.net),
        "sold_back": total(paced.back, now),
        "given_back_in_part": paced.count(where=now & (paced.back > 0)),
    }


def _spans(paced: ir.Table, as_of: AsOf) -> dict[str, ir.Value]:
    spans = {
        "30d": as_of.within(paced.at, 30),
        "90d": as_of.within(paced.at, 90),
        "365d": as_of.within(paced.at, 365),
        "before_90d": as_of.between(paced.at, older=180, newer=90),
        "before_365d": as_of.between(paced.at, older=730, newer=365),
    }
    return {
        **{f"orders_{span}": paced.count(where=where) for span, where in spans.items() if span != "365d"},
        **{f"sales_{span}": total(paced.net, where) for span, where in spans.items()},
        "largest_order": paced.net.max(),
        "first_order_value": paced.net.max(where=paced.previous_at.isnull()),
        "last_order_value": paced.net.max(where=paced["last"]),
    }


def _habits(paced: ir.Table, now: ir.BooleanValue) -> dict[str, ir.Value]:
    return {
        **{f"weekday_{number}": paced.count(where=now & ((paced.day + 3) % 7 == number)) for number in range(7)},
        **{f"daypart_{number}": paced.count(where=now & (paced.hour // 6 == number)) for number in range(4)},
    }


def _gaps(paced: ir.Table, as_of: AsOf, everyone: Population, window: int | None) -> dict[str, ir.Value]:
    now = as_of.within(paced.at, window)
    earlier_inside = as_of.within(paced.previous_at, window)
    fresh = ~earlier_inside.fill_null(False) | (
        _period(paced.day, as_of, everyone) != _period(paced.previous_day, as_of, everyone)
    )
    return {
        "gaps": paced.gap.count(),
        "median_gap_days": discrete_quantile(paced.gap, 0.5),
        "upper_gap_days": discrete_quantile(paced.gap, 0.75),
        "longest_gap_days": paced.gap.max(),
        "last_gap_days": paced.gap.argmax(paced.day, where=paced.gap.notnull()),
        "active_periods": paced.count(where=now & fresh),
        "first_day_inside": paced.day.min(where=now),
    }


def _period(day: ir.IntegerValue, as_of: AsOf, everyone: Population) -> ir.IntegerValue:
    """How many whole periods a day lies back from the day before `as_of`."""
    back = ibis.greatest(ibis.literal(as_of.day - 1, "int32") - day, ibis.literal(0, "int32"))
    return cast(ir.IntegerValue, back // everyone.period)


def _prices(paced: ir.Table, now: ir.BooleanValue) -> dict[str, ir.Value]:
    reduced = paced.discount > 0
    return {
        "discount": total(paced.discount, now),
        "discounts_known": paced.discount.count(where=now),
        "discounted_orders": paced.count(where=now & reduced),
        "full_price_sales": total(paced.net, now & (paced.discount == 0)),
    }


def _basic_traits(sums: ir.Table, as_of: AsOf) -> dict[str, ir.Value]:
    return {
        "first_order_on": as_date(sums.first_day),
        "last_order_on": as_date(sums.last_day),
        "tenure_days": as_of.days_since(sums.first_day),
        "recency_days": as_of.days_since(sums.last_day),
        "sold_gross": sums.sales + sums.sold_back,
    }


def _span_traits(sums: ir.Table) -> dict[str, ir.Value]:
    return {"orders_change_90d": sums.orders_90d - sums.orders_before_90d}


def _habit_traits(sums: ir.Table) -> dict[str, ir.Value]:
    weekdays = [sums[f"weekday_{number}"] for number in range(7)]
    dayparts = [sums[f"daypart_{number}"] for number in range(4)]
    return {
        "weekend_share": share_of(weekdays[5] + weekdays[6], sums.orders),
        "favourite_weekday": _first_of_most(weekdays, [ibis.literal(number + 1) for number in range(7)]),
        "favourite_daypart": _first_of_most(dayparts, [ibis.literal(part) for part in DAYPARTS]),
    }


def _price_traits(sums: ir.Table) -> dict[str, ir.Value]:
    """Nothing for a customer none of whose orders in the window says what discount there was."""
    has_discount, share = sums.discounts_known > 0, ibis.null(SHARE)
    listed = (sums.sales + sums.discount).cast(SUM)
    return {
        "discount": has_discount.ifelse(sums.discount, ibis.null(SUM)),
        "discount_rate": has_discount.ifelse(share_of(sums.discount, listed), share),
        "discounted_order_share": has_discount.ifelse(share_of(sums.discounted_orders, sums.orders), share),
        "full_price_share": has_discount.ifelse(share_of(sums.full_price_sales, sums.sales), share),
    }


def share_of(part: ir.NumericValue, whole: ir.NumericValue) -> ir.DecimalValue:
    """`part ÷ whole` as a share of at least 0 and at most 1; empty where the whole is 0.

    Counts have 17 places, money 13, so that a sum of 24 digits can be divided.
    """
    if part.type().is_integer():
        return cast(ir.DecimalValue, quotient(part, whole, SHARE_PLACES).cast(SHARE))
    nought = ibis.literal(0).cast(part.type())
    inside = ibis.cases((part < nought, nought), (part > whole, whole), else_=part)
    return cast(ir.DecimalValue, quotient(cast(ir.NumericValue, inside), whole, MONEY_PLACES).cast(SHARE))


def _rhythm_traits(sums: ir.Table, as_of: AsOf, everyone: Population) -> dict[str, ir.Value]:
    return {
        "order_days": sums.gaps + 1,
        "mean_gap_days": divide(sums.last_day - sums.first_day, sums.gaps),
        "regularity": share_of(sums.active_periods.nullif(0), _period(sums.first_day_inside, as_of, everyone) + 1),
        **_rhythm(sums, everyone),
        **_silences(sums, as_of.days_since(sums.last_day), everyone),
    }


def _rhythm(sums: ir.Table, everyone: Population) -> dict[str, ir.Value]:
    if everyone.gap is None:
        return {"rhythm_days": ibis.null("decimal(18, 2)"), "next_order_expected_on": ibis.null("date")}
    usual, weight = gap_days(sums.gaps, sums.median_gap_days, everyone.gap), sums.gaps + PRIOR_GAPS
    ahead = divide(usual, weight, 0).cast("int32")
    return {
        "rhythm_days": divide(usual, weight),
        "next_order_expected_on": as_date(cast(ir.IntegerValue, sums.last_day + ahead)),
    }


def _silences(sums: ir.Table, recency: ir.IntegerValue, everyone: Population) -> dict[str, ir.Value]:
    if everyone.gap is None:
        return {"silence": ibis.null(SILENCE), "last_gap_silence": ibis.null(SILENCE)}
    usual = gap_days(sums.gaps, sums.median_gap_days, everyone.gap)
    return {
        "silence": silence(recency, sums.gaps, usual),
        "last_gap_silence": silence(sums.last_gap_days, sums.gaps, usual),
    }


def _first_of_most(counts: list[ir.Value], names: list[ir.Value]) -> ir.Value:
    """The name of the largest count, the first of equals; nothing where all are 0."""
    most = ibis.greatest(*counts)
    branches = [((most > 0) & (count == most), name) for count, name in zip(counts, names, strict=True)]
    return cast(ir.Value, ibis.cases(*branches))
