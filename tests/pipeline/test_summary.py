"""The summary of a run."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from tests.pipeline.conftest import AT, AddOrders, shop


@pytest.mark.parametrize("customers", [1, 7, 230])
def test_the_curve_of_spend_has_a_point_at_every_hundredth_of_the_customers(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders, customers: int
) -> None:
    add_orders(workspace, shop(customers))
    run = refresh(workspace, duck, at=AT).run
    spend = sorted(filter(None, run.read("profile", duck).spend.to_pyarrow().to_pylist()), reverse=True)
    places = sorted({1, *(-(-len(spend) * step // 100) for step in range(1, 101))})
    cumulated = list(accumulate(spend))
    expected = [(place, cumulated[place - 1]) for place in places]
    assert [(point["customers"], Decimal(point["spend"])) for point in run.record["pareto"]] == expected
