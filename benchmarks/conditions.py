"""Counts of twenty typical conditions over the published profile: ours, and the same in hand-written SQL.

Each count starts from the condition as JSON and ends with a number, as the live count of a page does. All of them run
once before the timing, so that both sides find the file cache warm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import duckdb
import ibis.expr.types as ir

from benchmarks.ours import DAY, OFFSET, ZONE
from benchmarks.tasks import Task
from custrata.criteria import Scope, parse
from custrata.engine import DuckEngine, Engine
from custrata.engine.functions import epoch_micros
from custrata.lake import Workspace
from custrata.wording.writer import Writer

Job = Callable[[], dict[str, Any]]
ROUNDS = 5
CACHED = "SET parquet_metadata_cache = true"  # as where pages are served

SILENT = {"scheme": "lifecycle", "tier": ["at_risk", "churned"]}
TOP = "(SELECT -quantile_disc(-spend, 0.3) FROM profile)"
BOTTOM = "(SELECT quantile_disc(average_order_value, 0.2) FROM profile)"
OFTEN = """customer_id IN (SELECT customer_id FROM orders
    WHERE status IN ('completed', 'refunded') AND epoch_us(ordered_at) >= {start} AND epoch_us(ordered_at) < {as_of}
    GROUP BY customer_id HAVING count(*) >= 2)"""

# What is asked, and how one would write it by hand.
CONDITIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"trait": "spend", "is": ">=", "value": "1000.00"}, "spend >= 1000.00"),
    ({"trait": "orders", "is": "between", "value": [3, 9]}, "orders BETWEEN 3 AND 9"),
    ({"trait": "recency_days", "is": ">", "value": 60}, "recency_days > 60"),
    ({"trait": "top_channel", "is": "=", "value": "app"}, "top_channel = 'app'"),
    ({"trait": "top_channel", "is": "not_in", "value": ["app", "web"]}, "top_channel NOT IN ('app', 'web')"),
    ({"trait": "top_store", "is": "starts_with", "value": "S01"}, "starts_with(top_store, 'S01')"),
    ({"trait": "favourite_daypart", "is": "contains", "value": "noon"}, "contains(favourite_daypart, 'noon')"),
    ({"trait": "last_order_on", "is": "within_last", "days": 30}, "last_order_on BETWEEN {day} - 30 AND {day}"),
    ({"trait": "next_order_expected_on", "is": "within_next", "days": 7},
     "next_order_expected_on BETWEEN {day} AND {day} + 7"),
    ({"trait": "first_order_on", "is": "before", "value": "2024-01-01"}, "first_order_on < DATE '2024-01-01'"),
    ({"trait": "discount_rate", "is": "unknown"}, "discount_rate IS NULL"),
    (SILENT, "lifecycle_tier IN ('at_risk', 'churned')"),
    ({"not": SILENT}, "NOT coalesce(lifecycle_tier IN ('at_risk', 'churned'), false)"),
    ({"all": [{"trait": "spend", "is": ">=", "value": "500.00"}, {"trait": "orders", "is": ">=", "value": 3}, SILENT]},
     "spend >= 500.00 AND orders >= 3 AND lifecycle_tier IN ('at_risk', 'churned')"),
    ({"any": [{"trait": "spend", "is": ">=", "value": "5000.00"}, {"scheme": "loyalty", "tier": "loyal"}]},
     "spend >= 5000.00 OR loyalty_tier = 'loyal'"),
    ({"all": [{"scheme": "value", "tier": ["high", "mid"]}, {"trait": "return_rate", "is": "<", "value": "0.1"},
              {"not": {"trait": "top_channel", "is": "=", "value": "store"}}]},
     "value_tier IN ('high', 'mid') AND return_rate < 0.1 AND NOT coalesce(top_channel = 'store', false)"),
    ({"all": []}, "true"),
    ({"trait": "spend", "is": "top", "share": "0.3"}, f"spend >= {TOP}"),
    ({"all": [SILENT, {"trait": "average_order_value", "is": "bottom", "share": "0.2"}]},
     f"lifecycle_tier IN ('at_risk', 'churned') AND average_order_value <= {BOTTOM}"),
    ({"facts": "orders", "count": True, "window": 90, "is": ">=", "value": 2}, OFTEN),
)  # fmt: skip


def ours(task: Task) -> Job:
    """Every condition through `parse` and `Scope.count`."""
    engine = DuckEngine()
    engine.raw.execute(CACHED)
    scope = _scope(task, engine)

    def count(number: int) -> int:
        (customers,) = scope.count([parse(CONDITIONS[number][0])])
        return customers

    return lambda: _timed(count)


def _scope(task: Task, engine: Engine) -> Scope:
    assert task.workspace is not None
    workspace = Workspace.open(task.workspace)
    run = workspace.runs.published()
    assert run is not None
    orders = workspace.lake.snapshot().read("orders", engine)
    counted = orders.filter(orders.status.isin(("completed", "refunded")))
    valued = counted.select(
        "customer_id", "channel", at=epoch_micros(counted.ordered_at), net=counted.amount - counted.refund
    )
    profile: ir.Table = engine.read_parquet([run.folder / "profile.parquet"])
    return Scope(profile, run.as_of, ZONE, {"orders": valued})


def by_hand(task: Task) -> Job:
    """The same counts in SQL on the same files."""
    assert task.workspace is not None
    run = Workspace.open(task.workspace).runs.published()
    assert run is not None
    duck = duckdb.connect()
    duck.execute(CACHED)
    duck.read_parquet(str(run.folder / "profile.parquet")).create_view("profile")
    duck.read_parquet([str(file) for file in task.files]).create_view("orders")
    micros = (run.as_of - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    day = f"DATE '{(run.as_of + timedelta(microseconds=OFFSET)).date()}'"
    facts = {"day": day, "as_of": str(micros), "start": str(micros - 90 * DAY)}

    def count(number: int) -> int:
        sql = CONDITIONS[number][1].format(**facts)
        (customers,) = duck.execute(f"SELECT count(*) FROM profile WHERE {sql}").fetchall()[0]
        return int(customers)

    return lambda: _timed(count)


def _timed(count: Callable[[int], int]) -> dict[str, Any]:
    """The median milliseconds of each count, the counts, and the 95th percentile of all."""
    counts = [count(number) for number in range(len(CONDITIONS))]
    taken: list[list[float]] = [[] for _ in CONDITIONS]
    for _ in range(ROUNDS):
        for number, times in enumerate(taken):
            started = perf_counter()
            count(number)
            times.append((perf_counter() - started) * 1000)
    everything = [milliseconds for times in taken for milliseconds in times]
    return {
        "told": [parse(condition).sentence(Writer("en", "CNY", ZONE)) for condition, _ in CONDITIONS],
        "found": counts,
        "milliseconds": [round(median(times), 1) for times in taken],
        "p95": round(quantiles(everything, n=20)[18], 1),
    }
