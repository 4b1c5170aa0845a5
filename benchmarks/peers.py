"""Peers in DuckDB: hand-written SQL on Parquet, its CSV reader; and how far the profile of a peer agrees with ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb

from benchmarks.tasks import Task

Job = Callable[[], dict[str, Any]]

OFFSET, HOUR = 8 * 3600 * 10**6, 3600 * 10**6
DAY = 24 * HOUR
# Name, from and up to so many days before.
WINDOWS = (("365d", 365, 0), ("30d", 30, 0), ("90d", 90, 0), ("before_90d", 180, 90), ("before_365d", 730, 365))

BARE = """
CREATE TEMP TABLE bare AS
SELECT customer_id, count(*) AS orders, sum(amount) AS amount, sum(discount) AS discount,
    min(ordered_at) AS first, max(ordered_at) AS last, max(amount) AS largest
FROM read_parquet($files) WHERE customer_id IS NOT NULL GROUP BY customer_id
"""

BARE_ALL = """
CREATE TEMP TABLE bare AS
WITH counted AS (
    SELECT customer_id, kind, amount, refund, discount, amount - refund AS net,
        epoch_us(ordered_at) AS moment, (epoch_us(ordered_at) + {offset}) // {day} AS day,
        (epoch_us(ordered_at) + {offset}) // {hour} % 24 AS hour
    FROM read_parquet($files)
    WHERE customer_id IS NOT NULL AND status IN ('completed', 'refunded') AND epoch_us(ordered_at) < {as_of}
), flagged AS (
    SELECT *, kind = 'sale' AND net > 0 AS sold, moment >= {year} AS inside FROM counted
)
SELECT customer_id, {columns} FROM flagged GROUP BY customer_id
"""


def copy(task: Task) -> Job:
    """The CSV to Parquet by DuckDB's reader, with inferred types."""

    def job() -> dict[str, Any]:
        _copied(task)
        return {}

    return job


def floor(task: Task) -> Job:
    """The least the main job has to do: the CSV to Parquet by DuckDB's reader, then every filtered sum over it."""

    def job() -> dict[str, Any]:
        file = _copied(task)
        with duckdb.connect() as duck:
            newest = duck.execute("SELECT epoch_us(max(ordered_at)) FROM read_parquet($file)", {"file": file})
            (micros,) = newest.fetchall()[0]
        return _grouped(_all_sums((micros // DAY + 1) * DAY, offset=0), (file,))  # the file has wall-clock times

    return job


def _copied(task: Task) -> str:
    file = str(task.folder / "orders.parquet")
    with duckdb.connect() as duck:
        duck.read_csv(str(task.csv)).write_parquet(file)
    return file


def bare(task: Task) -> Job:
    """One plain group-by of the lake's orders: six aggregates per customer."""
    return lambda: _grouped(BARE, task.files)


def bare_all(task: Task) -> Job:
    """One group-by with every filtered count and sum the traits of orders need; no gaps, no joins, no derived trait."""
    sql = _all_sums(task.as_of, OFFSET)
    return lambda: _grouped(sql, task.files)


def _all_sums(as_of: int, offset: int) -> str:
    columns = ", ".join(f"{value} AS {name}" for name, value in _aggregates(as_of))
    return BARE_ALL.format(offset=offset, day=DAY, hour=HOUR, as_of=as_of, year=as_of - 365 * DAY, columns=columns)


def _grouped(sql: str, files: Sequence[str]) -> dict[str, Any]:
    with duckdb.connect() as duck:
        duck.execute(sql, {"files": list(files)})
        (customers,) = duck.execute("SELECT count(*) FROM bare").fetchall()[0]
        columns = len(duck.table("bare").columns)
    return {"customers": customers, "aggregates": columns - 1}


def _aggregates(as_of: int) -> Iterator[tuple[str, str]]:
    spans = {
        name: f"moment >= {as_of - older * DAY} AND moment < {as_of - newer * DAY}" for name, older, newer in WINDOWS
    }
    sold, lost = "FILTER (sold AND {})", "FILTER (NOT sold AND {})"
    for name, span in {"all": "true", **spans}.items():
        yield f"orders_{name}", f"count(*) {sold.format(span)}"
        yield f"sales_{name}", f"sum(net) {sold.format(span)}"
        yield f"returned_{name}", f"sum(net) {lost.format(span)}"
    for number in range(7):
        yield f"weekday_{number}", f"count(*) {sold.format(f'inside AND (day + 3) % 7 = {number}')}"
    for number in range(4):
        yield f"daypart_{number}", f"count(*) {sold.format(f'inside AND hour // 6 = {number}')}"
    for name, value, condition in (
        ("first_day", "min(day)", "true"),
        ("last_day", "max(day)", "true"),
        ("first_day_inside", "min(day)", "inside"),
        ("largest_order", "max(net)", "true"),
        ("first_order_value", "arg_min(net, moment)", "true"),
        ("last_order_value", "arg_max(net, moment)", "true"),
        ("sold_gross", "sum(amount)", "inside"),
        ("sold_back", "sum(refund)", "inside"),
        ("given_back_in_part", "count(*)", "inside AND refund > 0"),
        ("discount", "sum(discount)", "inside"),
        ("discounts_known", "count(discount)", "inside"),
        ("discounted_orders", "count(*)", "inside AND discount > 0"),
        ("full_price_sales", "sum(net)", "inside AND discount = 0"),
    ):
        yield name, f"{value} {sold.format(condition)}"
    for name, value, condition in (
        ("unnamed_returns", "count(*)", "inside AND refund = 0 AND net < 0"),
        ("unnamed_value", "-sum(net)", "inside AND refund = 0 AND net < 0"),
        ("refunded_orders", "count(*)", "inside AND refund > 0 AND net <= 0"),
        ("refunded_gross", "sum(amount)", "inside AND refund > 0 AND net <= 0"),
        ("refunded_back", "sum(refund)", "inside AND refund > 0 AND net <= 0"),
        ("last_return_day", "max(day)", "net < 0"),
    ):
        yield name, f"{value} {lost.format(condition)}"


def agree(task: Task) -> Job:
    """For every scheme, the share of customers whom ours (`folder`) and a peer (`other`) put into the same tier."""

    def job() -> dict[str, Any]:
        (ours,) = task.folder.glob("workspace/derived/runs/*/profile.parquet")
        with duckdb.connect() as duck:
            mine, theirs = duck.read_parquet(str(ours)), duck.read_parquet(f"{task.other}/profile.parquet")
            tiers = [name for name in theirs.columns if name.endswith("_tier")]
            same = ", ".join(f"avg((mine.{name} IS NOT DISTINCT FROM theirs.{name})::INT) AS {name}" for name in tiers)
            duck.register("mine", mine)
            duck.register("theirs", theirs)
            shares = duck.execute(f"SELECT {same} FROM mine FULL JOIN theirs USING (customer_id)").fetchall()[0]
        return {"same": {name.removesuffix("_tier"): share for name, share in zip(tiers, shares, strict=True)}}

    return job
