"""Loyalty score, 0–100: 40 regularity, 25 repeat, 15 tenure, 10 breadth, 10 advocacy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.score import FACTOR, Factor, grade_score, with_missing_notes
from custrata.analytics.sources import TableLike, canonical_feedback
from custrata.analytics.traits import joined_by_customer, profile_of
from custrata.analytics.traits.pace import share_of
from custrata.engine.functions import epoch_micros
from custrata.engine.guard import guarded
from custrata.schema.counting import FreeOrders

TIERS = ("loyal", "potential", "none")
WEIGHTS: dict[str, int] = {"regularity": 40, "repeat": 25, "tenure": 15, "breadth": 10, "advocacy": 10}
LINES = (Decimal(66), Decimal(33))
TENURE_CAP, BREADTH_CAP = 730, 5


def advocacy(feedback: ir.Table, as_of: AsOf) -> ir.Table:
    """`customer_id` and `advocacy` of customers who answered an NPS question, by the newest answer.

    9–10 is 1, 7–8 is 0.5, less is 0. Of answers at one instant the lowest counts. Source: Reichheld, The One Number
    You Need to Grow (2003).
    """
    at = epoch_micros(feedback.given_at)
    answers = feedback.mutate(at=at).filter(
        as_of.is_known(at), feedback.kind == "nps", feedback.score.notnull(), feedback.customer_id.notnull()
    )
    newest = answers.mutate(
        place=ibis.row_number().over(group_by=answers.customer_id, order_by=[answers.at.desc(), answers.score])
    )
    newest = newest.filter(newest.place == 0)
    worth = ibis.cases((newest.score >= 9, Decimal(1)), (newest.score >= 7, Decimal("0.5")), else_=Decimal(0))
    return newest.select("customer_id", advocacy=worth.cast(FACTOR))


def grade_loyalty(
    profile: ir.Table,
    *,
    weights: Mapping[str, int] = WEIGHTS,
    lines: tuple[Decimal, Decimal] = LINES,
    period: int | None = None,
) -> Grading:
    """`loyal`, `potential`, `none`. `profile` may have a column `advocacy` (0–1); the points of each factor are kept.

    Breadth counts only where the workspace knows categories at all, advocacy only for customers who answered.
    """
    factors = {
        "regularity": Factor("regularity", weights["regularity"]),
        "repeat": Factor("repeat_share", weights["repeat"]),
        "tenure": Factor("tenure_days", weights["tenure"], high=TENURE_CAP),
        "breadth": Factor("categories", weights["breadth"], high=BREADTH_CAP),
        "advocacy": Factor("advocacy", weights["advocacy"]),
    }
    wide = with_repeat_share(profile)
    graded = grade_score(wide, factors, TIERS, lines, has=wide.orders > 0)
    return with_missing_notes(graded, ("breadth", "advocacy"), period=period)


def with_repeat_share(profile: ir.Table) -> ir.Table:
    """The profile with `repeat_share`: 1 − 1 ÷ orders in the window; empty without an order."""
    return profile.mutate(repeat_share=share_of(profile.orders - 1, profile.orders))


@guarded
def loyalty(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    lines: TableLike | None = None,
    feedback: TableLike | None = None,
    window: int | None = 365,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Loyalty score and tier of every customer.

    Parameters: `orders`, `as_of`, `window`, `zone`, `columns`, `free_orders` as for `traits`; `lines` order lines with
    categories, for breadth; `feedback` with `customer_id`, `given_at`, `kind` (`nps`), `score`, for advocacy. Returns
    `customer_id`, `tier`, `value` (score) and the points of each factor.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a"] * 5 + ["b"], "order_id": list("123456"), "amount": [5] * 6,
    ...     "ordered_at": ["2025-01-01", "2025-01-08", "2025-01-15", "2025-01-22", "2025-01-29", "2025-01-02"],
    ... })
    >>> loyalty(orders, as_of="2025-01-31").order_by("customer_id").to_pandas()[["tier", "value"]].values.tolist()
    [['loyal', Decimal('75.770547945205')], ['none', Decimal('17.411529680365')]]
    """
    moment = AsOf.of(as_of, zone)
    profile = profile_of(
        orders,
        as_of=moment,
        lines=lines,
        window=window,
        zone=zone,
        columns=columns,
        free_orders=free_orders,
        families=frozenset({"rhythm"}),
    )
    if feedback is not None:
        profile = joined_by_customer(profile, advocacy(canonical_feedback(feedback, zone), moment))
    return grade_loyalty(profile).table()
