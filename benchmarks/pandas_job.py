"""The main job as a careful analyst writes it with pandas: read, check, clean, traits, nine schemes, Parquet.

It computes what `docs/methods` says, by other means: every step is one call over whole columns, never a loop over
rows nor a Python function per group; customers are numbered once, so that every group-by works on whole numbers; money
is whole cents, so that ties are ties. Where pandas offers a faster way, it is taken (the CSV reader of Arrow, filters
before group-bys). It has it easier than ours: a cell of the wrong type would stop it instead of going to quarantine,
its lifecycle lines are fixed instead of learned, it writes plain files, and it keeps no history.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pandas_schemes import graded, half_up
from benchmarks.tasks import Task

Job = Callable[[], dict[str, Any]]

DTYPES = {
    "order_id": "str",
    "customer_id": "str",
    "amount": "float64",
    "discount": "float64",
    "refund": "float64",
    "kind": "category",
    "status": "category",
    "returns_order_id": "str",
    "channel": "category",
    "store": "category",
}
NEEDED = ["order_id", "customer_id", "ordered_at", "amount", "kind", "status"]
KINDS, COUNTED = ("sale", "return"), ("completed", "refunded")
STATUSES = (*COUNTED, "cancelled", "pending")
MONEY = ("amount", "discount", "refund")
DAY, WINDOW = 86_400, 365
DAYPARTS = ("night", "morning", "afternoon", "evening")


@dataclass(frozen=True)
class Moment:
    """The day from whose start the customers are seen."""

    day: int

    def since(self, days: int) -> int:
        """The second at which a window of so many days begins."""
        return (self.day - days) * DAY


def main_job(task: Task) -> Job:
    """From the CSV to `orders.parquet` (cleaned), `rejected.csv`, `quality.json` and `profile.parquet`."""
    assert task.csv is not None
    return partial(_graded_file, task.csv, task.folder)


def _graded_file(csv: Path, folder: Path) -> dict[str, Any]:
    orders = cleaned(csv, folder)
    moment = Moment(int(orders["at"].max()) // DAY + 1)
    profile, customers = _traits(orders, moment)
    traits = profile.shape[1]
    profile = graded(profile)
    profile.insert(0, "customer_id", customers)
    profile.to_parquet(folder / "profile.parquet", index=False)
    schemes = [name for name in profile.columns if name.endswith("_tier")]
    sizes = {name: profile[name].value_counts().to_dict() for name in schemes}
    (folder / "run.json").write_text(json.dumps({"tiers": sizes}, default=int), "utf-8")
    return {"traits": traits, "schemes": len(schemes), "customers": len(profile)}


def cleaned(csv: Path, folder: Path) -> pd.DataFrame:
    """Read and check the file; keep the sound rows, write the others aside, and count what was found."""
    orders = pd.read_csv(csv, engine="pyarrow", dtype=DTYPES, parse_dates=["ordered_at"])
    negative = (orders[["discount", "refund"]] < 0).any(axis=1)
    wrong_sign = (orders["kind"] == "sale") != (orders["amount"] >= 0)
    problems = {
        "missing": orders[NEEDED].isna().any(axis=1),
        "unknown_word": ~orders["kind"].isin(KINDS) | ~orders["status"].isin(STATUSES),
        "negative": negative,
        "wrong_sign": wrong_sign,
        "too_much_refund": orders["refund"] > orders["amount"].abs(),
        "duplicate": orders["order_id"].duplicated(keep="last"),
    }
    bad = np.logical_or.reduce([problem.to_numpy() for problem in problems.values()])
    orders[bad].to_csv(folder / "rejected.csv", index=False)
    quality: dict[str, object] = {name: int(problem.sum()) for name, problem in problems.items()}
    quality |= {"rows": len(orders), "first": str(orders["ordered_at"].min()), "last": str(orders["ordered_at"].max())}
    (folder / "quality.json").write_text(json.dumps(quality), "utf-8")
    sound = orders[~bad]
    sound.to_parquet(folder / "orders.parquet", index=False)
    cents = {name: (sound[name].fillna(0) * 100).round().astype("int64") for name in MONEY}
    at = sound["ordered_at"].astype("datetime64[s]").astype("int64")
    counted: pd.DataFrame = sound.assign(**cents, at=at).drop(columns="ordered_at")
    return counted


def _traits(orders: pd.DataFrame, moment: Moment) -> tuple[pd.DataFrame, pd.Series]:
    """One row per customer, and their ids; in the order in which they first appear."""
    number, ids = pd.factorize(orders["customer_id"])
    orders = orders.assign(customer=number.astype("int32")).drop(columns="customer_id")
    sold, not_sold = _valued(orders)
    del orders
    inside = sold[sold["at"] >= moment.since(WINDOW)]
    rhythm = _rhythm(sold, inside, moment)
    parts = [
        _sums(sold, inside, moment),
        rhythm,
        _returned(not_sold, moment),
        _clock(inside),
        _top(inside, "channel"),
        _top(inside, "store"),
    ]
    profile = pd.concat(parts, axis=1).reindex(range(len(ids)))
    return _derived(profile, moment), pd.Series(ids)


def _valued(orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counted sales worth something, by customer and time, and what else counts: returns, orders wholly refunded.

    Returns that name a counted sale are taken off it and leave the table.
    """
    counted = orders[orders["status"].isin(COUNTED)]
    naming = counted[(counted["kind"] == "return") & counted["returns_order_id"].notna()]
    named_sale = (counted["kind"] == "sale") & counted["order_id"].isin(naming["returns_order_id"])
    sales = counted.loc[named_sale, "order_id"]
    named = naming[naming["returns_order_id"].isin(sales)]
    by_sale = -named.groupby("returns_order_id")["amount"].sum()
    back = counted["refund"].copy()
    back[named_sale] += sales.map(by_sale).astype("int64")
    counted = counted.assign(back=back, net=counted["amount"] - back, day=counted["at"] // DAY)
    counted = counted.drop(index=named.index, columns=["returns_order_id", "order_id", "refund", "status"])
    worth = (counted["kind"] == "sale") & (counted["net"] > 0)
    sold = counted[worth].drop(columns="kind").sort_values(["customer", "at", "net"], ignore_index=True)
    return sold, counted[~worth]


def _sums(sold: pd.DataFrame, inside: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Counts and sums by window, prices and first and last values."""
    full = inside[inside["discount"] == 0]
    reduced = inside[inside["discount"] > 0]
    part = inside[inside["back"] > 0]
    frames = [
        sold.groupby("customer").agg(
            orders_all=("net", "size"), sales_all=("net", "sum"), largest_order=("net", "max"),
            first_order_value=("net", "first"), last_order_value=("net", "last"),
            first_day=("day", "first"), last_day=("day", "last"),
        ),
        inside.groupby("customer").agg(
            orders=("net", "size"), sales=("net", "sum"), discount=("discount", "sum"),
            sold_gross=("amount", "sum"), sold_back=("back", "sum"), first_day_inside=("day", "first"),
        ),
        *(_window(sold, moment, older, newer, name) for older, newer, name in WINDOWS),
        full.groupby("customer").agg(full_price_sales=("net", "sum")),
        reduced.groupby("customer").agg(discounted_orders=("net", "size")),
        part.groupby("customer").agg(given_back_in_part=("net", "size")),
    ]  # fmt: skip
    return pd.concat(frames, axis=1)


WINDOWS = ((30, 0, "30d"), (90, 0, "90d"), (180, 90, "before_90d"), (730, 365, "before_365d"))


def _window(sold: pd.DataFrame, moment: Moment, older: int, newer: int, name: str) -> pd.DataFrame:
    within = sold[(sold["at"] >= moment.since(older)) & (sold["at"] < moment.since(newer))]
    sums = within.groupby("customer").agg(orders=("net", "size"), sales=("net", "sum"))
    return sums.add_suffix(f"_{name}")


def _rhythm(sold: pd.DataFrame, inside: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Gaps between order days, and the periods of the window with an order. Adds the population's median and period."""
    gap = sold.groupby("customer")["day"].diff()
    gap = gap.where(gap > 0)
    walked = pd.DataFrame({"customer": sold["customer"], "gap": gap})
    grouped = walked.groupby("customer")["gap"]
    rhythm = grouped.agg(gaps="count", longest_gap_days="max", last_gap_days="last")
    rhythm["median_gap_days"] = grouped.quantile(0.5, interpolation="lower")
    rhythm["upper_gap_days"] = grouped.quantile(0.75, interpolation="lower")
    usual = float(gap.quantile(0.5, interpolation="lower"))
    period = int(min(max(2 * usual, 7), 91))
    periods = pd.DataFrame({"customer": inside["customer"], "period": (moment.day - 1 - inside["day"]) // period})
    rhythm["active_periods"] = periods.drop_duplicates().groupby("customer").size()
    extended: pd.DataFrame = rhythm.assign(population_gap=usual, period=period)
    return extended


def _returned(not_sold: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Sums over returns that name no order, and over orders wholly given back."""
    spans = [("", not_sold["at"] >= moment.since(WINDOW)), ("_all", not_sold["at"] >= 0)]
    spans += [
        (f"_{name}", (not_sold["at"] >= moment.since(older)) & (not_sold["at"] < moment.since(newer)))
        for older, newer, name in WINDOWS
    ]
    parts = [not_sold[span].groupby("customer")["net"].sum().rename(f"returned{name}") for name, span in spans]
    now = not_sold[spans[0][1]]
    wholly = now[(now["back"] > 0) & (now["net"] <= 0)]
    unnamed = now[(now["back"] <= 0) & (now["net"] < 0)]
    last = not_sold[not_sold["net"] < 0].groupby("customer")["day"].max().rename("last_return_day")
    refunded = wholly.groupby("customer").agg(
        refunded_orders=("net", "size"), refunded_gross=("amount", "sum"), refunded_back=("back", "sum")
    )
    unnamed_sums = unnamed.groupby("customer").agg(unnamed_returns=("net", "size"), unnamed_value=("net", "sum"))
    return pd.concat([*parts, refunded, unnamed_sums, last], axis=1)


def _clock(inside: pd.DataFrame) -> pd.DataFrame:
    """Weekday and time of day: the most frequent of each, and the share of weekends."""
    weekday = (inside["day"] + 3) % 7 + 1
    daypart = inside["at"] % DAY // (DAY // 4)
    by_day = inside.groupby(["customer", weekday.rename("weekday")]).size().unstack(fill_value=0)
    by_part = inside.groupby(["customer", daypart.rename("part")]).size().unstack(fill_value=0)
    weekend = by_day.reindex(columns=[6, 7], fill_value=0).sum(axis=1)
    parts = by_part.idxmax(axis=1).map(dict(enumerate(DAYPARTS)))
    return pd.DataFrame({"weekend": weekend, "favourite_weekday": by_day.idxmax(axis=1), "favourite_daypart": parts})


def _top(inside: pd.DataFrame, place: str) -> pd.DataFrame:
    """How many channels or stores, the one of most orders and its share."""
    placed = inside[inside[place].notna()]
    counts = placed.groupby(["customer", place], observed=True).agg(orders=("net", "size"), sales=("net", "sum"))
    ranked = counts.reset_index().sort_values(
        ["customer", "orders", "sales", place], ascending=[True, False, False, True], ignore_index=True
    )
    best = ranked.drop_duplicates("customer").set_index("customer")
    every = ranked.groupby("customer").agg(many=("orders", "size"), orders=("orders", "sum"))
    share = (best["orders"] / every["orders"]).round(4)
    return pd.DataFrame({f"{place}s": every["many"], f"top_{place}": best[place], f"top_{place}_share": share})


COUNTS = (
    "orders", "orders_all", "orders_30d", "orders_90d", "orders_before_90d", "orders_before_365d", "sales", "sales_all",
    "sales_30d", "sales_90d", "sales_before_90d", "sales_before_365d", "discount", "sold_gross", "sold_back",
    "full_price_sales", "discounted_orders", "given_back_in_part", "gaps", "active_periods", "returned", "returned_all",
    "returned_30d", "returned_90d", "returned_before_90d", "returned_before_365d", "refunded_orders",
    "refunded_gross", "refunded_back", "unnamed_returns", "unnamed_value", "channels", "stores", "weekend",
)  # fmt: skip

SCRATCH = (
    "population_gap", "period", "first_day_inside", "weekend", "sold_gross", "sold_back", "unnamed_value",
    "full_price_sales", "refunded_gross", "refunded_back", "given_back_in_part", "unnamed_returns",
)  # fmt: skip


def _derived(sums: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """What follows from the sums, customer by customer."""
    sums = sums.assign(**sums[list(COUNTS)].fillna(0).astype("int64"))
    spans = ("", "_all", "_30d", "_90d", "_before_90d", "_before_365d")
    spend = pd.DataFrame({f"spend{span}": sums[f"sales{span}"] + sums[f"returned{span}"] for span in spans})
    usual, period = sums["population_gap"].max(), sums["period"].max()
    recency = moment.day - sums["last_day"]
    weight = sums["gaps"] + 5
    expected = (sums["gaps"] * sums["median_gap_days"].fillna(0) + 5 * usual).where(sums["orders_all"] > 0)
    given_back = sums["sold_back"] + sums["refunded_back"] - sums["unnamed_value"]
    value = sums["sold_gross"] + sums["refunded_gross"]
    first_period = (moment.day - 1 - sums["first_day_inside"]) // period
    derived = {
        "recency_days": recency,
        "tenure_days": moment.day - sums["first_day"],
        "order_days": (sums["gaps"] + 1).where(sums["orders_all"] > 0, 0),
        "orders_change_90d": sums["orders_90d"] - sums["orders_before_90d"],
        "spend_change_90d": spend["spend_90d"] - spend["spend_before_90d"],
        "spend_change_365d": spend["spend"] - spend["spend_before_365d"],
        "average_order_value": _ratio(spend["spend"], sums["orders"], 0),
        "average_order_value_all": _ratio(spend["spend_all"], sums["orders_all"], 0),
        "mean_gap_days": _ratio(sums["last_day"] - sums["first_day"], sums["gaps"], 2),
        "rhythm_days": _ratio(expected, weight, 2),
        "next_order_day": sums["last_day"] + (expected / weight).round(),
        "silence": _ratio(recency * weight, expected, 2),
        "last_gap_silence": _ratio(sums["last_gap_days"] * weight, expected, 2),
        "regularity": _ratio(sums["active_periods"], first_period + 1, 6),
        "weekend_share": _ratio(sums["weekend"], sums["orders"], 4),
        "discount_rate": _ratio(sums["discount"], sums["sales"] + sums["discount"], 4),
        "discounted_order_share": _ratio(sums["discounted_orders"], sums["orders"], 4),
        "full_price_share": _ratio(sums["full_price_sales"], sums["sales"], 4),
        "returns": sums["unnamed_returns"] + sums["refunded_orders"] + sums["given_back_in_part"],
        "returned_value": given_back,
        "return_rate": _ratio(given_back, value, 4).clip(upper=1),
    }
    scratch = [*SCRATCH, *(name for name in sums.columns if name.startswith(("sales_", "returned")))]
    return pd.concat([sums.drop(columns=scratch), spend, pd.DataFrame(derived)], axis=1)


def _ratio(part: pd.Series, whole: pd.Series, places: int) -> pd.Series:
    """Part ÷ whole, rounded half up; nothing where the whole is 0."""
    return half_up(part / whole.where(whole != 0), places)
