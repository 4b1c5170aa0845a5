"""The main job as a careful analyst writes it with polars: read, check, clean, traits, nine schemes, Parquet.

It computes the same traits and schemes as `pandas_job`, with lazy frames on the streaming engine, the default of
polars 2. The file is read once; sales are sorted once, so that gaps are differences of neighbouring rows; the sums of
one grain are one group-by with filtered aggregates; a scheme is an expression. Customers are a `Categorical`, so that
every group-by works on whole numbers; money is whole cents, so that ties are ties. Where polars offers a faster way, it
is taken (times parsed by a fixed format, light compression). What makes the job easier for pandas than for us makes it
easier here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.polars_schemes import graded, ratio
from benchmarks.tasks import Task

Job = Callable[[], dict[str, Any]]

SCHEMA = {
    "order_id": pl.String(),
    "customer_id": pl.Categorical(),
    "ordered_at": pl.String(),
    "amount": pl.Float64(),
    "discount": pl.Float64(),
    "refund": pl.Float64(),
    "kind": pl.Categorical(),
    "status": pl.Categorical(),
    "returns_order_id": pl.String(),
    "channel": pl.Categorical(),
    "store": pl.Categorical(),
}
NEEDED = ("order_id", "customer_id", "ordered_at", "amount", "kind", "status")
KINDS, COUNTED = ("sale", "return"), ("completed", "refunded")
STATUSES = (*COUNTED, "cancelled", "pending")
MONEY = ("amount", "discount", "refund")
DAY, WINDOW = 86_400, 365
WEEKDAYS, DAYPARTS = (1, 2, 3, 4, 5, 6, 7), ("night", "morning", "afternoon", "evening")
# Name, from and up to so many days before.
SPANS = (("", 365, 0), ("_30d", 30, 0), ("_90d", 90, 0), ("_before_90d", 180, 90), ("_before_365d", 730, 365))
SPAN_NAMES = ("_all", *(name for name, _, _ in SPANS))

AMOUNT, DISCOUNT, BACK, NET, AT = (pl.col(name) for name in ("amount", "discount", "back", "net", "at"))
CUSTOMER, ORDER_DAY, GAP = (pl.col(name) for name in ("customer_id", "day", "gap"))


@dataclass(frozen=True)
class Moment:
    """The day from whose start the customers are seen."""

    day: int

    def within(self, older: int, newer: int = 0) -> pl.Expr:
        """Whether an order lies from so many days before the day up to so many."""
        return ((self.day - older) * DAY <= AT) & ((self.day - newer) * DAY > AT)


def main_job(task: Task) -> Job:
    """From the CSV to `orders.parquet` (cleaned), `rejected.csv`, `quality.json` and `profile.parquet`."""
    assert task.csv is not None
    return partial(_graded_file, task.csv, task.folder)


def _graded_file(csv: Path, folder: Path) -> dict[str, Any]:
    orders = cleaned(csv, folder)
    moment = Moment(int(orders["at"].max()) // DAY + 1)  # type: ignore[arg-type]  # a column of whole numbers
    customers, sold, not_sold = pl.collect_all([orders.lazy().select("customer_id").unique(), *_valued(orders.lazy())])
    del orders
    traits = _traits(customers.lazy(), sold.lazy(), not_sold.lazy(), moment)
    profile = graded(traits).with_columns(CUSTOMER.cast(pl.String))
    profile.write_parquet(folder / "profile.parquet", compression="snappy")
    schemes = [name for name in profile.columns if name.endswith("_tier")]
    sizes = {name: dict(profile[name].value_counts().iter_rows()) for name in schemes}
    (folder / "run.json").write_text(json.dumps({"tiers": sizes}), "utf-8")
    return {"traits": traits.width - 1, "schemes": len(schemes), "customers": profile.height}


def cleaned(csv: Path, folder: Path) -> pl.DataFrame:
    """Read and check the file; keep the sound rows, write the others aside, and count what was found."""
    problems = _problems()
    at = pl.col("ordered_at").str.to_datetime("%Y-%m-%d %H:%M:%S")
    orders = (
        pl.scan_csv(csv, schema=SCHEMA)
        .with_columns(at)
        .with_columns(**{name: problem.fill_null(False) for name, problem in problems.items()})
        .collect()
    )
    quality = orders.select(
        *(pl.col(name).sum() for name in problems),
        rows=pl.len(),
        first=pl.col("ordered_at").min().cast(pl.String),
        last=pl.col("ordered_at").max().cast(pl.String),
    )
    (folder / "quality.json").write_text(json.dumps(quality.row(0, named=True)), "utf-8")
    bad = pl.any_horizontal(*problems)
    orders.filter(bad).drop(*problems).write_csv(folder / "rejected.csv")
    sound = orders.filter(~bad).drop(*problems)
    sound.write_parquet(folder / "orders.parquet", compression="snappy")
    cents = [(pl.col(name).fill_null(0) * 100).round().cast(pl.Int64) for name in MONEY]
    return sound.with_columns(cents, at=pl.col("ordered_at").dt.epoch("s")).drop("ordered_at")


def _problems() -> dict[str, pl.Expr]:
    """What may be wrong with a row, by name."""
    return {
        "missing": pl.any_horizontal(pl.col(name).is_null() for name in NEEDED),
        "unknown_word": ~pl.col("kind").is_in(KINDS) | ~pl.col("status").is_in(STATUSES),
        "negative": (DISCOUNT < 0) | (pl.col("refund") < 0),
        "wrong_sign": (pl.col("kind") == "sale") != (AMOUNT >= 0),
        "too_much_refund": pl.col("refund") > AMOUNT.abs(),
        "duplicate": ~pl.col("order_id").is_last_distinct(),
    }


def _valued(orders: pl.LazyFrame) -> list[pl.LazyFrame]:
    """The counted sales worth something, by customer and time, and what else counts: returns, orders wholly refunded.

    Returns that name a counted sale are taken off it and leave the table.
    """
    counted = orders.filter(pl.col("status").is_in(COUNTED))
    sales, returns = (counted.filter(pl.col("kind") == kind) for kind in KINDS)
    naming = returns.filter(pl.col("returns_order_id").is_not_null())
    named_back = naming.group_by("returns_order_id").agg(named_back=-AMOUNT.sum())
    sales = sales.join(named_back, left_on="order_id", right_on="returns_order_id", how="left")
    named_sales = sales.filter(pl.col("named_back").is_not_null()).select("order_id")
    unnamed = returns.join(named_sales, left_on="returns_order_id", right_on="order_id", how="anti")
    back = pl.col("refund") + pl.col("named_back").fill_null(0)
    sales, unnamed = (
        frame.with_columns(back=back, day=(AT // DAY).cast(pl.Int32))
        .with_columns(net=AMOUNT - BACK)
        .select("customer_id", "at", "day", "amount", "discount", "back", "net", "channel", "store")
        for frame in (sales, unnamed.with_columns(named_back=0))
    )
    sold = sales.filter(NET > 0).sort(CUSTOMER.to_physical(), "at", "net")
    gap = pl.when(CUSTOMER.shift() == CUSTOMER).then(ORDER_DAY - ORDER_DAY.shift())
    return [sold.with_columns(gap=pl.when(gap > 0).then(gap)), pl.concat([sales.filter(NET <= 0), unnamed])]


def _traits(customers: pl.LazyFrame, sold: pl.LazyFrame, not_sold: pl.LazyFrame, moment: Moment) -> pl.DataFrame:
    """One row per customer."""
    inside = sold.filter(moment.within(WINDOW))
    usual = sold.select(GAP.quantile(0.5, "lower")).collect().item()
    period = int(min(max(2 * usual, 7), 91))
    parts = [
        sold.group_by("customer_id").agg(*_sums(moment)),
        inside.group_by("customer_id").agg(*_sums_inside(moment, period)),
        sold.filter(GAP.is_not_null()).group_by("customer_id").agg(*_rhythm()),
        not_sold.group_by("customer_id").agg(*_returned(moment)),
        _top(inside, "channel"),
        _top(inside, "store"),
    ]
    profile = customers
    for part in parts:
        profile = profile.join(part, on="customer_id", how="left")
    return _derived(profile, moment, usual, period).collect()


def _sums(moment: Moment) -> Iterator[pl.Expr]:
    """Counts and sums of sales by window, and first and last values."""
    yield pl.len().alias("orders_all")
    yield NET.sum().alias("sales_all")
    for name, older, newer in SPANS:
        yield NET.filter(moment.within(older, newer)).len().alias(f"orders{name}")
        yield NET.filter(moment.within(older, newer)).sum().alias(f"sales{name}")
    yield NET.max().alias("largest_order")
    yield NET.first().alias("first_order_value")
    yield NET.last().alias("last_order_value")
    yield ORDER_DAY.first().alias("first_day")
    yield ORDER_DAY.last().alias("last_day")


def _sums_inside(moment: Moment, period: int) -> Iterator[pl.Expr]:
    """Prices, discounts, periods with an order, weekdays and times of day in the window of a year."""
    yield DISCOUNT.sum()
    yield AMOUNT.sum().alias("sold_gross")
    yield BACK.sum().alias("sold_back")
    yield ORDER_DAY.first().alias("first_day_inside")
    yield NET.filter(DISCOUNT == 0).sum().alias("full_price_sales")
    yield (DISCOUNT > 0).sum().alias("discounted_orders")
    yield (BACK > 0).sum().alias("given_back_in_part")
    yield ((moment.day - 1 - ORDER_DAY) // period).n_unique().alias("active_periods")
    for weekday in WEEKDAYS:
        yield ((ORDER_DAY + 3) % 7).eq(weekday - 1).sum().alias(f"weekday_{weekday}")
    for number, part in enumerate(DAYPARTS):
        yield (AT % DAY // (DAY // 4)).eq(number).sum().alias(f"daypart_{part}")


def _rhythm() -> Iterator[pl.Expr]:
    """Gaps between order days."""
    yield GAP.len().alias("gaps")
    yield GAP.max().alias("longest_gap_days")
    yield GAP.last().alias("last_gap_days")
    yield GAP.quantile(0.5, "lower").alias("median_gap_days")
    yield GAP.quantile(0.75, "lower").alias("upper_gap_days")


def _returned(moment: Moment) -> Iterator[pl.Expr]:
    """Sums over returns that name no order, and over orders wholly given back."""
    yield NET.sum().alias("returned_all")
    for name, older, newer in SPANS:
        yield NET.filter(moment.within(older, newer)).sum().alias(f"returned{name}")
    wholly = moment.within(WINDOW) & (BACK > 0) & (NET <= 0)
    unnamed = moment.within(WINDOW) & (BACK <= 0) & (NET < 0)
    yield wholly.sum().alias("refunded_orders")
    yield AMOUNT.filter(wholly).sum().alias("refunded_gross")
    yield BACK.filter(wholly).sum().alias("refunded_back")
    yield unnamed.sum().alias("unnamed_returns")
    yield NET.filter(unnamed).sum().alias("unnamed_value")
    yield ORDER_DAY.filter(NET < 0).max().alias("last_return_day")


def _top(inside: pl.LazyFrame, place: str) -> pl.LazyFrame:
    """How many channels or stores, the one of most orders and its share."""
    counts = (
        inside.filter(pl.col(place).is_not_null())
        .group_by("customer_id", place)
        .agg(place_orders=pl.len(), place_sales=NET.sum())
        .with_columns(pl.col(place).cast(pl.String))
        .sort("place_orders", "place_sales", place, descending=[True, True, False])
    )
    best = counts.group_by("customer_id").agg(
        pl.len().alias(f"{place}s"),
        pl.col(place).first().alias(f"top_{place}"),
        (pl.col("place_orders").first() / pl.col("place_orders").sum()).round(4).alias(f"top_{place}_share"),
    )
    return best


def _derived(sums: pl.LazyFrame, moment: Moment, usual: float, period: int) -> pl.LazyFrame:
    """What follows from the sums, customer by customer."""
    spend = {f"spend{name}": pl.col(f"sales{name}") + pl.col(f"returned{name}") for name in SPAN_NAMES}
    return (
        sums.with_columns(pl.col(*COUNTS).fill_null(0).cast(pl.Int64))
        .with_columns(
            **spend,
            weekend=pl.col("weekday_6") + pl.col("weekday_7"),
            recency_days=moment.day - pl.col("last_day"),
            weight=pl.col("gaps") + 5,
            expected=pl.when(pl.col("orders_all") > 0).then(
                pl.col("gaps") * pl.col("median_gap_days").fill_null(0) + 5 * usual
            ),
            returned_value=pl.col("sold_back") + pl.col("refunded_back") - pl.col("unnamed_value"),
        )
        .with_columns(*_of_time(moment, period), *_of_money())
        .drop(SCRATCH)
    )


def _of_time(moment: Moment, period: int) -> Iterator[pl.Expr]:
    """Age, rhythm, silence and habits."""
    last_day, expected, weight = pl.col("last_day"), pl.col("expected"), pl.col("weight")
    yield (moment.day - pl.col("first_day")).alias("tenure_days")
    yield pl.when(pl.col("orders_all") > 0).then(pl.col("gaps") + 1).otherwise(0).alias("order_days")
    yield ratio(last_day - pl.col("first_day"), pl.col("gaps"), 2).alias("mean_gap_days")
    yield ratio(expected, weight, 2).alias("rhythm_days")
    yield (last_day + (expected / weight).round()).alias("next_order_day")
    yield ratio(pl.col("recency_days") * weight, expected, 2).alias("silence")
    yield ratio(pl.col("last_gap_days") * weight, expected, 2).alias("last_gap_silence")
    first_period = (moment.day - 1 - pl.col("first_day_inside")) // period
    yield ratio(pl.col("active_periods"), first_period + 1, 6).alias("regularity")
    yield ratio(pl.col("weekend"), pl.col("orders"), 4).alias("weekend_share")
    yield _most_frequent("weekday", WEEKDAYS).alias("favourite_weekday")
    yield _most_frequent("daypart", DAYPARTS).alias("favourite_daypart")


def _most_frequent(name: str, values: tuple[int | str, ...]) -> pl.Expr:
    """The value with the most orders, of equals the first; nothing without orders."""
    most = pl.max_horizontal(f"{name}_{value}" for value in values)
    of_most = [pl.when(pl.col(f"{name}_{value}") == most).then(pl.lit(value)) for value in values]
    return pl.when(pl.col("orders") > 0).then(pl.coalesce(of_most))


def _of_money() -> Iterator[pl.Expr]:
    """Changes, averages, discounts and returns."""
    sales, orders, discount = pl.col("sales"), pl.col("orders"), pl.col("discount")
    yield (pl.col("orders_90d") - pl.col("orders_before_90d")).alias("orders_change_90d")
    yield (pl.col("spend_90d") - pl.col("spend_before_90d")).alias("spend_change_90d")
    yield (pl.col("spend") - pl.col("spend_before_365d")).alias("spend_change_365d")
    yield ratio(pl.col("spend"), orders, 0).alias("average_order_value")
    yield ratio(pl.col("spend_all"), pl.col("orders_all"), 0).alias("average_order_value_all")
    yield ratio(discount, sales + discount, 4).alias("discount_rate")
    yield ratio(pl.col("discounted_orders"), orders, 4).alias("discounted_order_share")
    yield ratio(pl.col("full_price_sales"), sales, 4).alias("full_price_share")
    returns = pl.col("unnamed_returns") + pl.col("refunded_orders") + pl.col("given_back_in_part")
    yield returns.alias("returns")
    gross = pl.col("sold_gross") + pl.col("refunded_gross")
    yield ratio(pl.col("returned_value"), gross, 4).clip(upper_bound=1).alias("return_rate")


SUMS = tuple(f"{what}{span}" for what in ("orders", "sales", "returned") for span in SPAN_NAMES)
COUNTS = (
    *SUMS, "discount", "sold_gross", "sold_back", "full_price_sales", "discounted_orders", "given_back_in_part", "gaps",
    "active_periods", "refunded_orders", "refunded_gross", "refunded_back", "unnamed_returns", "unnamed_value",
    "channels", "stores", *(f"weekday_{weekday}" for weekday in WEEKDAYS),
)  # fmt: skip
SCRATCH = (
    *(name for name in SUMS if name.startswith(("sales_", "returned"))), "first_day_inside", "weekend", "weight",
    "expected", "sold_gross", "sold_back", "unnamed_value", "full_price_sales", "refunded_gross", "refunded_back",
    "given_back_in_part", "unnamed_returns", *(f"weekday_{weekday}" for weekday in WEEKDAYS),
    *(f"daypart_{part}" for part in DAYPARTS),
)  # fmt: skip
