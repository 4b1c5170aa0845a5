"""The life of a tier: one transition over all customers, and the bare join of the two tables it starts from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import duckdb

from benchmarks.tasks import Task
from custrata.analytics.moments import AsOf
from custrata.engine import connect
from custrata.tiering.life import Life, LifeTier, Review, live

Job = Callable[[], dict[str, Any]]

NOW = AsOf(datetime(2026, 1, 1, tzinfo=UTC), "Asia/Shanghai")
LIFE = Life(
    (
        LifeTier("gold", 800, keep=600, valid_days=365, grace_days=30, drop_at_most=1),
        LifeTier("silver", 500, keep=400, valid_days=365, grace_days=30),
        LifeTier("bronze", 100, valid_days=90),
        LifeTier("basic", None),
    ),
    Review("member_anniversary"),  # the one with the most to reckon
)

# Tiers of this run and of the run before, each in its own order; one customer in thirty is new.
NOW_SQL = """
CREATE TEMP TABLE now AS
SELECT lpad(i::VARCHAR, 10, '0') AS customer_id, (19000 + i % 1000)::INT AS member_since,
    CASE WHEN i % 20 > 0 THEN (hash(i) % 100000 / 100)::DECIMAL(18, 2) END AS value
FROM range({customers}) AS all_of_them(i) ORDER BY hash(i)
"""
BEFORE_SQL = """
CREATE TEMP TABLE before AS
SELECT lpad(i::VARCHAR, 10, '0') AS customer_id, '2025-12-31'::TIMESTAMPTZ AS was_at,
    ['gold', 'silver', 'bronze', 'basic'][1 + (hash(i + 1) % 4)::INT] AS was_tier,
    ['kept', 'protected', 'grace', 'entered'][1 + (hash(i + 2) % 4)::INT] AS was_status,
    '2025-12-01'::TIMESTAMPTZ - to_days((i % 700)::INT) AS was_since,
    '2025-12-01'::TIMESTAMPTZ + to_days((i % 60)::INT) AS was_until
FROM range({customers}) AS all_of_them(i) WHERE i % 30 > 0 ORDER BY hash(i + 3)
"""


def one_transition(task: Task) -> Job:
    """The join of the two tables and the transition over it, materialized."""
    engine = connect()
    _fill(engine.connection.con, task)
    now, before = engine.connection.table("now"), engine.connection.table("before")

    def job() -> dict[str, Any]:
        both = now.left_join(before, "customer_id").drop("customer_id_right")
        transitions = engine.materialize(live(both, LIFE, NOW))
        return {"customers": int(transitions.count().execute())}

    return job


def bare_join(task: Task) -> Job:
    """The same join alone, materialized."""
    duck = duckdb.connect()
    _fill(duck, task)

    def job() -> dict[str, Any]:
        duck.execute("CREATE TEMP TABLE kept AS SELECT * FROM now LEFT JOIN before USING (customer_id)")
        (customers,) = duck.execute("SELECT count(*) FROM kept").fetchall()[0]
        return {"customers": customers}

    return job


def _fill(duck: duckdb.DuckDBPyConnection, task: Task) -> None:
    for sql in (NOW_SQL, BEFORE_SQL):
        duck.execute(sql.format(customers=task.customers))
