"""Orders that ended a long silence, measured by the rhythm that was known before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.rhythm import PRIOR_GAPS, SILENCE, gap_days, silence
from custrata.analytics.silence import STRATA
from custrata.analytics.traits.pace import Population
from custrata.engine.functions import discrete_quantile

COMEBACK_DAYS = 90
COMEBACKS = tuple(f"comeback_{start}" for start in STRATA)


def comebacks(
    paced: ir.Table,
    as_of: AsOf,
    everyone: Population,
    *,
    days: int = COMEBACK_DAYS,
    strata: Sequence[int] = STRATA,
) -> ir.Table:
    """The longest silences that orders of the last `days` days ended, from the table that `counted.paced` makes.

    Columns `customer_id`, and `comeback_<n>` for each of `strata`: of orders before which n order days were known, or
    more, up to the next stratum, the longest silence, in usual gaps by the rhythm known before it; empty where none
    was as long as one usual gap.
    """
    gaps = paced.filter(paced.gap.notnull()).select("customer_id", "day", "gap")
    if everyone.gap is None:
        return gaps.select("customer_id", **{f"comeback_{start}": ibis.null(SILENCE) for start in strata}).distinct()
    ended = _possible(gaps, as_of, everyone.gap, days)
    before = gaps.select(whose="customer_id", when="day", earlier="gap").view()
    walked = ended.left_join(before, (ended.customer_id == before.whose) & (before.when < ended.day))
    each = walked.group_by("customer_id", "day", "gap").aggregate(
        known=walked.earlier.count(), own=discrete_quantile(walked.earlier, 0.5)
    )
    each = each.mutate(order_days=each.known + 1, silence=silence(each.gap, each.known, _usual(each, everyone.gap)))
    each = each.filter(each.silence >= 1)
    return each.group_by("customer_id").aggregate(
        **{
            f"comeback_{start}": each.silence.max(where=_between(each.order_days, start, end))
            for start, end in zip(strata, [*strata[1:], None], strict=True)
        }
    )


def _possible(gaps: ir.Table, as_of: AsOf, common: int, days: int) -> ir.Table:
    """The recent gaps that may be as long as a rhythm: earlier gaps are at least a day, and fewer than all.

    Far fewer than all recent gaps, which would each be joined with all that came before.
    """
    many = gaps.group_by("customer_id").aggregate(fewer=gaps.count() - 1).view()
    recent = gaps.filter(gaps.day >= as_of.day - days)
    both = recent.inner_join(many, "customer_id")
    long = both.gap * (both.fewer + PRIOR_GAPS) >= both.fewer + PRIOR_GAPS * common
    return both.filter(long).select("customer_id", "day", "gap")


def _usual(each: ir.Table, common: int) -> ir.IntegerValue:
    return gap_days(each.known, each.own, common)


def _between(order_days: ir.Value, start: int, end: int | None) -> ir.BooleanValue:
    inside = order_days >= start
    return cast(ir.BooleanValue, inside if end is None else inside & (order_days < end))
