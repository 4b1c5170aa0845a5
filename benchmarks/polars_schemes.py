"""The nine schemes in polars, over a profile of one row per customer; ties share the better tier, as in ours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import polars as pl

AT_RISK, CHURNED = 3.01, 6.01
LABELS = (
    *("lost", "lost", "at_risk", "at_risk", "cant_lose"),
    *("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    *("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    *("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    *("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
)
BOUGHT = pl.col("orders") > 0
LOYALTY = pl.col("loyalty_value")


def graded(profile: pl.DataFrame) -> pl.DataFrame:
    """The profile with the columns of every scheme."""
    orders, again, discount = pl.col("orders"), pl.col("orders") >= 2, pl.col("discount")
    frequency = quantile_tiers(pl.when(BOUGHT).then(orders), ("high", "mid", "low"), (0.2, 0.5))
    order_value = pl.when(again).then(pl.col("spend") / orders)
    sensitive = pl.when(again, pl.col("discounted_orders") > 0).then(discount / (pl.col("sales") + discount))
    regular_gap = pl.when(pl.col("order_days") >= 3).then("median_gap_days")
    return (
        profile.lazy()
        .with_columns(lifecycle_tier=_lifecycle(), **_loyalty())
        .with_columns(combined_value=_combined(), **_rfm())
        .with_columns(
            frequency_tier=pl.when(again).then(frequency).otherwise(pl.lit("low")),
            value_tier=_abc(pl.col("spend")),
            loyalty_tier=_by_lines(LOYALTY, ("loyal", "potential", "none"), (66, 33)),
            rfm_label=_label(),
            combined_tier=_by_lines(pl.col("combined_value"), ("high", "mid", "general"), (70, 40)),
            high_ticket_tier=quantile_tiers(order_value, ("high", "standard"), (0.1,)),
            price_sensitivity_tier=quantile_tiers(sensitive, ("high", "mid", "low"), (1 / 3, 2 / 3)),
            usage_cycle_tier=quantile_tiers(-regular_gap, ("short", "mid", "long", "unknown"), (1 / 3, 2 / 3, 1.0)),
        )
        .with_columns(half_up(pl.col("loyalty_value", "combined_value"), 2))
        .collect()
    )


def ratio(part: pl.Expr, whole: pl.Expr, places: int) -> pl.Expr:
    """Part ÷ whole, rounded half up; nothing where the whole is 0."""
    return half_up(pl.when(whole != 0).then(part / whole), places)


def half_up(values: pl.Expr, places: int) -> pl.Expr:
    """The values rounded, halves away from nought where they are positive."""
    return values.round(places, mode="half_away_from_zero")


def quantile_tiers(values: pl.Expr, tiers: Sequence[str], shares: Sequence[float]) -> pl.Expr:
    """The first tiers hold the given cumulated shares from the largest value down; whoever has none is in the last."""
    return _by_lines(values, tiers, [_share_line(values, share) for share in shares])


def _share_line(values: pl.Expr, share: float) -> pl.Expr:
    """The value at the rank of a share or, where ties straddle it, the next better one if that is nearer."""
    target = values.count() * share
    rank = (target - 1e-9).ceil().clip(lower_bound=1).cast(pl.Int64)
    line = values.drop_nulls().sort(descending=True).get(rank - 1, null_on_oob=True)
    above, reached = (values > line).sum(), (values >= line).sum()
    near = (reached <= rank) | (above + reached < 2 * target - 1e-9)
    return pl.when(near).then(line).otherwise(values.filter(values > line).min())


def _by_lines(values: pl.Expr, tiers: Sequence[str], lines: Sequence[pl.Expr | float]) -> pl.Expr:
    """The first tier whose line the value reaches; the last tier for the others and where there is no value."""
    tiers_and_lines = list(zip(tiers, lines, strict=False))
    return reduce(
        lambda lower, step: pl.when(values >= step[1]).then(pl.lit(step[0])).otherwise(lower),
        reversed(tiers_and_lines),
        pl.lit(tiers[-1]),
    )


def _abc(spend: pl.Expr) -> pl.Expr:
    """From the best down the fewest customers who hold 80 %, then 95 % of positive spend."""
    ranked = spend.filter(spend > 0).sort(descending=True)
    enough = [ranked.cum_sum() * 100 >= ranked.sum() * percent for percent in (80, 95)]
    return _by_lines(spend, ("high", "mid", "low"), [ranked.filter(reached).first() for reached in enough])


def _loyalty() -> dict[str, pl.Expr]:
    """Breadth and advocacy are unknown from orders alone: their weight goes to the others."""
    factors = {
        "regularity": 50 * pl.col("regularity"),
        "repeat": 31.25 * (1 - 1 / pl.when(BOUGHT).then("orders")),
        "tenure": 18.75 * (pl.col("tenure_days").clip(upper_bound=730) / 730),
    }
    points = {name: pl.when(BOUGHT).then(factor) for name, factor in factors.items()}
    score = points["regularity"] + points["repeat"] + points["tenure"]
    parts = {f"loyalty_{name}": half_up(point, 2) for name, point in points.items()}
    return {"loyalty_value": half_up(score, 9), **parts}


def _combined() -> pl.Expr:
    """Loyalty, the rank of the spend among buyers, and a credit that returns reduce."""
    spend = pl.when(BOUGHT).then("spend")
    rank = spend.rank("max") / spend.count()
    credit = (100 - 40 * pl.col("return_rate").fill_null(0)).clip(lower_bound=0)
    return half_up(pl.when(BOUGHT).then(0.35 * LOYALTY + 45 * rank + 0.2 * credit), 9)


def _lifecycle() -> pl.Expr:
    """The stages by fixed lines: the first condition that holds decides."""
    orders, tenure, silence = pl.col("orders_all"), pl.col("tenure_days"), pl.col("silence")
    back = (pl.col("last_gap_silence") >= CHURNED) & (pl.col("recency_days") <= 90)
    return (
        pl.when(orders == 0).then(pl.lit("prospect"))
        .when(tenure <= 60, orders < 3).then(pl.lit("new"))
        .when(back).then(pl.lit("won_back"))
        .when(silence >= CHURNED).then(pl.lit("churned"))
        .when(silence >= AT_RISK).then(pl.lit("at_risk"))
        .when(orders >= 6, tenure >= 180).then(pl.lit("mature"))
        .otherwise(pl.lit("growing"))
    )  # fmt: skip


def _rfm() -> dict[str, pl.Expr]:
    """Eight groups by whether recency, frequency and money reach their means, and scores of 1 to 5."""
    days, orders, spend = (pl.when(BOUGHT).then(name) for name in ("recency_days", "orders", "spend"))
    good = (days <= days.mean(), orders >= orders.mean(), spend >= spend.mean())
    code = [pl.when(reached).then(pl.lit("1")).otherwise(pl.lit("0")) for reached in good]
    scores = {"r": 5 - _cuts_below(days), "f": 1 + _cuts_below(orders), "m": 1 + _cuts_below(spend)}
    return {"rfm_tier": pl.concat_str(code), **{f"rfm_{name}_score": score for name, score in scores.items()}}


def _cuts_below(values: pl.Expr) -> pl.Expr:
    """The number of discrete quintile cuts strictly below the value."""
    ranked = values.drop_nulls().sort()
    ranks = [(values.count() * number / 5).ceil().clip(lower_bound=1).cast(pl.Int64) for number in (1, 2, 3, 4)]
    below = [(values > ranked.get(rank - 1, null_on_oob=True)).cast(pl.Int8) for rank in ranks]
    return pl.sum_horizontal(below, ignore_nulls=False)


def _label() -> pl.Expr:
    """The name of the cell of the scores, which the lifecycle may correct."""
    r, f, m = (pl.col(f"rfm_{name}_score") for name in "rfm")
    cell = (r - 1) * 5 + (f + m + 1) // 2 - 1
    label = cell.replace_strict(list(range(len(LABELS))), list(LABELS), default=None, return_dtype=pl.String)
    stage = pl.col("lifecycle_tier")
    return (
        pl.when(stage == "new", label.is_in(["lost", "hibernating", "about_to_sleep"])).then(pl.lit("new"))
        .when(label == "lost", ~stage.is_in(["at_risk", "churned"])).then(pl.lit("low_recency"))
        .otherwise(label)
    )  # fmt: skip
