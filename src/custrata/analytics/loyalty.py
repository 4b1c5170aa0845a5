"""Loyalty score, 0–100: 40 regularity, 25 repeat, 15 tenure, 10 breadth, 10 advocacy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.ladders import Ladder, Step
from custrata.analytics.moments import AsOf
from custrata.analytics.sources import TableLike, canonical_feedback
from custrata.analytics.traits import joined_by_customer, profile_of
from custrata.engine.functions import divide, epoch_micros, only_row

TIERS = ("loyal", "potential", "none")
WEIGHTS: dict[str, int] = {"regularity": 40, "repeat": 25, "tenure": 15, "breadth": 10, "advocacy": 10}
LINES = (Decimal(66), Decimal(33))
TENURE_CAP, BREADTH_CAP = 730, 5
FACTOR = "decimal(18, 6)"


def advocacy(feedback: ir.Table, as_of: AsOf) -> ir.Table:
    """`customer_id` and `advocacy` of customers who answered an NPS question, by the newest answer.

    9–10 is 1, 7–8 is 0.5, less is 0. Of answers at one instant the lowest counts. Source: Reichheld, The One Number
    You Need to Grow (2003).
    """
    at = epoch_micros(feedback.given_at)
    answers = feedback.mutate(at=at).filter(
        as_of.known(at), feedback.kind == "nps", feedback.score.notnull(), feedback.customer_id.notnull()
    )
    newest = answers.mutate(
        place=ibis.row_number().over(group_by=answers.customer_id, order_by=[answers.at.desc(), answers.score])
    )
    newest = newest.filter(newest.place == 0)
    worth = ibis.cases((newest.score >= 9, Decimal(1)), (newest.score >= 7, Decimal("0.5")), else_=Decimal(0))
    return newest.select("customer_id", advocacy=worth.cast(FACTOR))


def weighted_score(
    table: ir.Table, factors: Mapping[str, ir.Value], weights: Mapping[str, int]
) -> tuple[ir.Table, ir.DecimalValue, dict[str, ir.Value]]:
    """Σ weight · factor ÷ Σ weight × 100 over the factors a customer has (0–1 each), and each factor's points.

    A factor that is empty gives its weight to the others. Two places, rounded half up. Score and points stand in the
    table handed back, whose own columns start with an underscore.
    """
    zero = ibis.literal(0).cast(FACTOR)
    # A view keeps Ibis from writing a factor out wherever the score is used, which planned for seconds.
    held = table.mutate(**{f"_{name}": factor.cast(FACTOR) for name, factor in factors.items()}).view()
    have = [held[f"_{name}"].notnull().ifelse(weights[name], 0) for name in factors]
    parts = {
        f"_{name}_part": (held[f"_{name}"].fill_null(zero) * (100 * weights[name])).cast(FACTOR) for name in factors
    }
    every = list(parts.values())
    summed = held.mutate(
        _weight=sum(have[1:], have[0]).cast("int64"), _sum=sum(every[1:], every[0]).cast(FACTOR), **parts
    )
    summed = summed.view()
    scored = summed.mutate(_score=divide(summed["_sum"], summed["_weight"])).view()
    points = {
        name: scored[f"_{name}"]
        .notnull()
        .ifelse(divide(scored[f"_{name}_part"], scored["_weight"]), ibis.null("decimal(18, 2)"))
        for name in factors
    }
    return scored, cast(ir.DecimalValue, scored["_score"]), points


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
    has = profile.orders > 0
    nothing = ibis.null(FACTOR)
    known = "categories" in profile.columns and bool(
        only_row(profile.aggregate(any=(profile.categories > 0).any()))["any"]
    )
    factors: dict[str, ir.Value] = {
        "regularity": profile.regularity.cast(FACTOR),
        "repeat": divide(profile.orders - 1, profile.orders, 6),
        "tenure": divide(ibis.least(profile.tenure_days, TENURE_CAP), ibis.literal(TENURE_CAP), 6),
        "breadth": _breadth(profile) if known else nothing,
        "advocacy": profile.advocacy if "advocacy" in profile.columns else nothing,
    }
    held = {name: has.ifelse(factor, nothing) for name, factor in factors.items()}
    scored, score, points = weighted_score(profile, held, weights)
    ladder = Ladder((Step("loyal", lines[0]), Step("potential", lines[1])), "none")
    missing = [name for name, there in (("breadth", known), ("advocacy", "advocacy" in profile.columns)) if not there]
    return Grading(
        TIERS,
        scored,
        ladder.tier(score),
        score,
        points,
        ladder=ladder,
        facts={"weights": dict(weights), "missing": missing, "period": period},
        notes=tuple(f"without_{name}" for name in missing),
    )


def _breadth(profile: ir.Table) -> ir.Value:
    return divide(ibis.least(profile.categories, BREADTH_CAP), ibis.literal(BREADTH_CAP), 6)


def loyalty(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    lines: TableLike | None = None,
    feedback: TableLike | None = None,
    window: int | None = 365,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Loyalty score and tier of every customer.

    Parameters: `orders`, `as_of`, `window`, `zone`, `columns` as for `traits`; `lines` order lines with categories,
    for breadth; `feedback` with `customer_id`, `given_at`, `kind` (`nps`), `score`, for advocacy. Returns
    `customer_id`, `tier`, `value` (score) and the points of each factor.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["a"] * 5 + ["b"], "order_id": list("123456"), "amount": [5] * 6,
    ...     "ordered_at": ["2025-01-01", "2025-01-08", "2025-01-15", "2025-01-22", "2025-01-29", "2025-01-02"],
    ... })
    >>> loyalty(orders, as_of="2025-01-31").order_by("customer_id").to_pandas()[["tier", "value"]].values.tolist()
    [['loyal', Decimal('75.77')], ['none', Decimal('17.41')]]
    """
    moment = AsOf.of(as_of, zone)
    profile = profile_of(
        orders, as_of=moment, lines=lines, window=window, zone=zone, columns=columns, families=frozenset({"rhythm"})
    )
    if feedback is not None:
        profile = joined_by_customer(profile, advocacy(canonical_feedback(feedback, zone), moment))
    return grade_loyalty(profile).table()
