"""The nine schemes in pandas, over a profile of one row per customer; ties share the better tier, as in ours."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

Texts = npt.NDArray[np.object_]

AT_RISK, CHURNED = 3.01, 6.01
LABELS = (
    ("lost", "lost", "at_risk", "at_risk", "cant_lose"),
    ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    ("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    ("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
)


def graded(profile: pd.DataFrame) -> pd.DataFrame:
    """The profile with the columns of every scheme."""
    orders = profile["orders"]
    bought, again = orders > 0, orders >= 2
    score, parts = _loyalty(profile, bought)
    combined = _combined(profile, bought, score)
    stages = _lifecycle(profile)
    frequency = quantile_tiers(orders.where(bought), ("high", "mid", "low"), (0.2, 0.5))
    discount_share = profile["discount"] / (profile["sales"] + profile["discount"])
    sensitive = discount_share.where(again & (profile["discounted_orders"] > 0))
    schemes: dict[str, object] = {
        "frequency_tier": np.where(again, frequency, "low").astype(object),
        "value_tier": _abc(profile["spend"]),
        "loyalty_value": half_up(score, 2),
        "loyalty_tier": _by_lines(score, ("loyal", "potential", "none"), (66, 33)),
        **parts,
        "lifecycle_tier": stages,
        **_rfm(profile, bought, stages),
        "combined_value": half_up(combined, 2),
        "combined_tier": _by_lines(combined, ("high", "mid", "general"), (70, 40)),
        "high_ticket_tier": quantile_tiers((profile["spend"] / orders).where(again), ("high", "standard"), (0.1,)),
        "price_sensitivity_tier": quantile_tiers(sensitive, ("high", "mid", "low"), (1 / 3, 2 / 3)),
        "usage_cycle_tier": quantile_tiers(
            -profile["median_gap_days"].where(profile["order_days"] >= 3),
            ("short", "mid", "long", "unknown"),
            (1 / 3, 2 / 3, 1.0),
        ),
    }
    return pd.concat([profile, pd.DataFrame(schemes, index=profile.index)], axis=1)


def quantile_tiers(values: pd.Series, tiers: Sequence[str], shares: Sequence[float]) -> Texts:
    """The first tiers hold the given cumulated shares from the largest value down; whoever has none is in the last."""
    ranked = np.sort(values.dropna().to_numpy())[::-1]
    return _by_lines(values, tiers, [_share_line(ranked, share) for share in shares])


def _share_line(ranked: npt.NDArray[np.float64], share: float) -> float:
    """The value at the rank of a share or, where ties straddle it, the next better one if that is nearer."""
    if not len(ranked):
        return np.inf
    target = share * len(ranked)
    rank = max(1, ceil(target - 1e-9))
    line = ranked[rank - 1]
    above, reached = int((ranked > line).sum()), int((ranked >= line).sum())
    if reached <= rank or above + reached < 2 * target - 1e-9:
        return float(line)
    return float(ranked[above - 1]) if above else np.inf


def _by_lines(values: pd.Series, tiers: Sequence[str], lines: Sequence[float]) -> Texts:
    chosen: Texts = np.select([values >= line for line in lines], list(tiers[:-1]), tiers[-1]).astype(object)
    return chosen


def _abc(spend: pd.Series) -> Texts:
    """From the best down the fewest customers who hold 80 %, then 95 % of positive spend."""
    frequencies = spend[spend > 0].value_counts().sort_index(ascending=False)
    cumulated = (frequencies * frequencies.index).cumsum()
    lines = [frequencies.index[(cumulated * 100 >= cumulated.iloc[-1] * percent).to_numpy()][0] for percent in (80, 95)]
    return _by_lines(spend, ("high", "mid", "low"), lines)


def half_up(values: pd.Series, places: int) -> pd.Series:
    """The values rounded, halves away from nought where they are positive."""
    rounded: pd.Series = np.floor(values * 10**places + 0.5) / 10**places
    return rounded


def _loyalty(profile: pd.DataFrame, bought: pd.Series) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Breadth and advocacy are unknown from orders alone: their weight goes to the others."""
    factors = {
        "regularity": 40 * profile["regularity"],
        "repeat": 25 * (1 - 1 / profile["orders"].where(bought)),
        "tenure": 15 * (profile["tenure_days"].clip(upper=730) / 730),
    }
    points = {name: (factor / 80 * 100).where(bought) for name, factor in factors.items()}
    score = points["regularity"] + points["repeat"] + points["tenure"]
    return half_up(score, 9), {f"loyalty_{name}": half_up(point, 2) for name, point in points.items()}


def _combined(profile: pd.DataFrame, bought: pd.Series, loyalty: pd.Series) -> pd.Series:
    spend = profile["spend"].where(bought).rank(method="max", pct=True)
    credit = (100 - 40 * profile["return_rate"].fillna(0)).clip(lower=0)
    return half_up((35 * loyalty / 100 + 45 * spend + 20 * credit / 100).where(bought), 9)


def _lifecycle(profile: pd.DataFrame) -> Texts:
    """The stages by fixed lines: the first condition that holds decides."""
    never = profile["orders_all"] == 0
    new = (profile["tenure_days"] <= 60) & (profile["orders_all"] < 3)
    back = (profile["last_gap_silence"] >= CHURNED) & (profile["recency_days"] <= 90)
    mature = (profile["orders_all"] >= 6) & (profile["tenure_days"] >= 180)
    silence = profile["silence"]
    conditions = [never, new, back, silence >= CHURNED, silence >= AT_RISK, mature]
    stages = ["prospect", "new", "won_back", "churned", "at_risk", "mature"]
    chosen: Texts = np.select(conditions, stages, "growing").astype(object)
    return chosen


def _rfm(profile: pd.DataFrame, bought: pd.Series, stages: Texts) -> dict[str, object]:
    """Eight groups by whether recency, frequency and money reach their means, scores of 1 to 5, and a label by both."""
    days, orders, spend = (profile[name].where(bought) for name in ("recency_days", "orders", "spend"))
    good = (days <= days.mean(), orders >= orders.mean(), spend >= spend.mean())
    code = [np.where(reached, "1", "0").astype(object) for reached in good]
    r, f, m = 5 - _cuts_below(days), 1 + _cuts_below(orders), 1 + _cuts_below(spend)
    row, column = (np.nan_to_num(score, nan=1).astype(int) - 1 for score in (r, (f + m + 1) // 2))
    label = np.array(LABELS, dtype=object)[row, column]
    label[(stages == "new") & np.isin(label, ("lost", "hibernating", "about_to_sleep"))] = "new"
    label[(label == "lost") & ~np.isin(stages, ("at_risk", "churned"))] = "low_recency"
    scores = {"rfm_r_score": r, "rfm_f_score": f, "rfm_m_score": m}
    return {"rfm_tier": code[0] + code[1] + code[2], "rfm_label": np.where(bought, label, None), **scores}


def _cuts_below(values: pd.Series) -> pd.Series:
    """The number of discrete quintile cuts strictly below the value."""
    ranked = np.sort(values.dropna().to_numpy())
    cuts = [ranked[max(1, ceil(number * len(ranked) / 5)) - 1] for number in (1, 2, 3, 4)]
    below = pd.Series(sum((values > cut).astype("int8") for cut in cuts), index=values.index)
    return below.where(values.notna())
