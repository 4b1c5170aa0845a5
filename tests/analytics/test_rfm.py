"""RFM on both engines: the worked example of the method page, ties, boundaries, methods."""

from __future__ import annotations

from decimal import Decimal

import pytest

import custrata as cs
from custrata.analytics.rfm import LABEL_GRID, BadRfmMethod, LinesMissing
from custrata.engine import Engine
from tests.analytics.conftest import MakeOrders, by_customer, orders_table

AS_OF = "2025-01-31"
# Five customers: A 1 order 10.00, B and C 2 orders 20.00, D 4 orders 80.00, E 5 orders 100.00.
EXAMPLE = [
    ("A", "2025-01-30", 10),
    *[("B", "2025-01-21", 10)] * 2,
    *[("C", "2025-01-11", 10)] * 2,
    *[("D", "2025-01-01", 20)] * 4,
    *[("E", "2024-12-22", 20)] * 5,
]


def test_scores_the_worked_example(make_orders: MakeOrders) -> None:
    found = cs.rfm(make_orders(*EXAMPLE), as_of=AS_OF, window=None)
    assert by_customer(found, "r_score", "f_score", "m_score") == {
        "A": (5, 1, 1), "B": (4, 2, 2), "C": (3, 2, 2), "D": (2, 4, 4), "E": (1, 5, 5),
    }  # fmt: skip


def test_groups_by_the_mean_of_the_values(make_orders: MakeOrders) -> None:
    found = cs.rfm(make_orders(*EXAMPLE), as_of=AS_OF, window=None)
    # Means: 20.2 days, 2.8 orders, 46.00.
    assert by_customer(found, "tier") == {"A": "100", "B": "100", "C": "100", "D": "011", "E": "011"}


def test_labels_by_recency_and_the_mean_of_the_other_scores(make_orders: MakeOrders) -> None:
    found = cs.rfm(make_orders(*EXAMPLE), as_of=AS_OF, window=None)
    assert by_customer(found, "label") == {
        "A": "new", "B": "potential_loyalist", "C": "about_to_sleep", "D": "at_risk", "E": "cant_lose",
    }  # fmt: skip


def test_all_equal_customers_score_the_same(make_orders: MakeOrders) -> None:
    found = cs.rfm(make_orders(*[(name, "2025-01-01", 5) for name in "abc"]), as_of=AS_OF)
    assert by_customer(found, "r_score", "f_score", "m_score", "tier") == dict.fromkeys("abc", (1, 1, 1, "111"))


def test_a_customer_without_a_counted_order_is_in_the_last_group(make_orders: MakeOrders) -> None:
    found = cs.rfm(make_orders(("a", "2025-01-01", -5, {"kind": "return"})), as_of=AS_OF)
    assert by_customer(found, "tier", "r_score", "label") == {"a": ("000", None, None)}


def test_nests_frequency_in_recency_and_money_in_both(make_orders: MakeOrders) -> None:
    rows = [("a", "2025-01-30", 1), ("b", "2025-01-30", 2), ("c", "2025-01-02", 1), ("d", "2025-01-02", 2)]
    found = cs.rfm(make_orders(*rows), as_of=AS_OF, method="nested", bins=2)
    assert by_customer(found, "r_score", "f_score", "m_score") == {
        "a": (2, 1, 1), "b": (2, 1, 2), "c": (1, 1, 1), "d": (1, 1, 2),
    }  # fmt: skip


@pytest.mark.parametrize(("amount", "score"), [("99.99", 1), ("100.00", 2), ("100.01", 2)])
def test_a_value_at_a_fixed_line_is_beyond_it(make_orders: MakeOrders, amount: str, score: int) -> None:
    lines = {"r": [30], "f": [2], "m": [Decimal("100.00")]}
    found = cs.rfm(make_orders(("a", "2025-01-01", amount)), as_of=AS_OF, method="fixed", lines=lines)
    assert by_customer(found, "r_score", "f_score", "m_score") == {"a": (2, 1, score)}


def test_log_bins_have_equal_widths_of_the_logarithm(make_orders: MakeOrders) -> None:
    rows = [("a", "2025-01-30", 0.5), ("b", "2025-01-30", 9), ("c", "2025-01-30", 99)]
    found = cs.rfm(make_orders(*rows), as_of=AS_OF, method="log", bins=2)
    assert by_customer(found, "m_score") == {"a": 1, "b": 1, "c": 2}


def test_an_empty_table_gives_an_empty_result(engine: Engine) -> None:
    assert cs.rfm(engine.from_arrow(orders_table([])), as_of=AS_OF).to_pyarrow().num_rows == 0


def test_refuses_an_unknown_method(make_orders: MakeOrders) -> None:
    with pytest.raises(BadRfmMethod, match="quantile, nested, fixed and log"):
        cs.rfm(make_orders(*EXAMPLE), as_of=AS_OF, method="guess")  # type: ignore[arg-type]  # on purpose


def test_refuses_fixed_lines_that_lack_one(make_orders: MakeOrders) -> None:
    with pytest.raises(LinesMissing):
        cs.rfm(make_orders(*EXAMPLE), as_of=AS_OF, method="fixed", lines={"r": [1]})


def test_the_grid_names_every_cell() -> None:
    assert [len(row) for row in LABEL_GRID.values()] == [5] * 5
    assert len({label for row in LABEL_GRID.values() for label in row}) == 11
